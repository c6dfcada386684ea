"""Small files of the public schema, filled with seeded random jets."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from jetmix.data.schema import LABEL_COLUMNS, PARTICLE_FEATURES, PARTICLE_PREFIX

JET_COLUMNS = ("j_pt", "j_mass", "j_multiplicity", *LABEL_COLUMNS, "j_undef")


def random_jets(n_jets: int = 200, n_constituents: int = 24, seed: int = 7):
    """Return (constituents, jets): sorted by pT, some padding, all classes in turn."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_jets, n_constituents, len(PARTICLE_FEATURES))).astype(np.float32)
    pt = -np.sort(-rng.exponential(40, (n_jets, n_constituents)), axis=1) + 0.5
    x[:, :, PARTICLE_FEATURES.index("pt")] = pt
    multiplicity = rng.integers(8, n_constituents + 1, n_jets)
    x[np.arange(n_constituents) >= multiplicity[:, None]] = 0
    jets = np.zeros((n_jets, len(JET_COLUMNS)), np.float32)
    jets[:, 0] = x[:, :, PARTICLE_FEATURES.index("pt")].sum(axis=1)
    jets[:, 1] = rng.normal(85, 5, n_jets)
    jets[:, 2] = multiplicity
    jets[np.arange(n_jets), 3 + np.arange(n_jets) % len(LABEL_COLUMNS)] = 1
    return x, jets


def write_jets(path: Path, x, jets, particle_names=None, jet_names=JET_COLUMNS) -> Path:
    """Write arrays as a file of the public schema."""
    particle_names = particle_names or [PARTICLE_PREFIX + n for n in PARTICLE_FEATURES]
    with h5py.File(path, "w") as handle:
        handle["jetConstituentList"] = x
        handle["jets"] = jets
        handle["particleFeatureNames"] = np.array(particle_names, "S")
        handle["jetFeatureNames"] = np.array(jet_names, "S")
    return path


@pytest.fixture
def jet_file(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of random files; ``change(x, jets)`` may spoil the arrays first."""

    def write(name: str = "jets.h5", change=None, **sizes) -> Path:
        x, jets = random_jets(**sizes)
        if change is not None:
            change(x, jets)
        return write_jets(tmp_path / name, x, jets)

    return write
