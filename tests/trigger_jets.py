"""A made file of jets as a trigger has them: angles of the detector, and the axis of the jet."""

import numpy as np

from jetmix.data.container import Content, container_writer

N_PARTICLES = 8
CLASSES = ("narrow", "wide", "pair")
PHI_UNIT = 2 * np.pi / 1440
FEATURES = ("pt", "eta", "phi")


def turned(angle):
    """Return angles in -pi ... pi."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


def content(n, seed):
    """Return the arrays of a file: jets lie all round the detector, so some cross pi."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % len(CLASSES)
    count = rng.integers(2, N_PARTICLES + 1, n)
    there = np.arange(N_PARTICLES) < count[:, None]
    pt = -np.sort(-rng.exponential(20, (n, N_PARTICLES)) * there, axis=1)
    width = np.where(labels == 0, 0.05, 0.15)[:, None]
    rel = rng.normal(0, width, (2, n, N_PARTICLES))
    side = np.where(np.arange(N_PARTICLES) % 2, 0.2, -0.2)
    rel += np.where(labels == 2, 1.0, 0.0)[:, None] * side * rng.choice([-1, 1], (2, n, 1))
    axis = np.stack([rng.uniform(-2.4, 2.4, n), rng.uniform(-np.pi, np.pi, n)])
    eta, phi = axis[0][:, None] + rel[0], turned(axis[1][:, None] + rel[1])
    constituents = np.stack([pt, eta, phi], axis=2) * (pt > 0)[..., None]
    return {
        "constituents": constituents.astype(np.float32),
        "jets": np.stack([pt.sum(axis=1), *axis], axis=1).astype(np.float32),
        "labels": labels,
    }


def write_trigger_jets(path, n=3000, seed=0):
    """Write the file."""
    held = Content(
        constituents=FEATURES, n_constituents=N_PARTICLES, jets=FEATURES, classes=CLASSES
    )
    about = {"origin": "simulated", "data_set": "made", "sorted_by": "pt"}
    with container_writer(path, held, attributes=about) as writer:
        writer.append(**content(n, seed))
    return path
