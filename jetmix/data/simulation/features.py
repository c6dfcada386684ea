"""The sixteen particle features of the public data set, from the constituents' momenta."""

import numpy as np

from jetmix.data.schema import PARTICLE_FEATURES
from jetmix.support.arrays import AnyArray, Float64, Floats

SECOND_PRONG_DISTANCE = 0.1
_TINY = 1e-300


def particle_features(momenta: Float64) -> Floats:
    """Return the features of padded jets in the order of ``PARTICLE_FEATURES``.

    ``erel`` and ``ptrel`` are fractions of the jet, ``etarel`` and ``phirel`` distances from its
    axis, where the jet is the sum of all constituents given here. ``etarot`` and ``phirot`` are
    described at :func:`rotated`; ``costheta`` is the cosine of the polar angle, and
    ``costhetarel`` is tanh(etarot), as found in the public files (Zenodo 3602260).

    Args:
        momenta: (jet, particle, 4) with px, py, pz, e in GeV, sorted by falling pT, zeros for
            padding.

    Returns:
        float32 (jet, particle, 16); padding stays zero.
    """
    px, py, pz, e = np.moveaxis(momenta, -1, 0)
    present = e > 0
    pt, eta, phi = polar(momenta)
    axis = momenta.sum(axis=1, keepdims=True)
    jet_pt, jet_eta, jet_phi = polar(axis)
    etarel, phirel = eta - jet_eta, wrapped(phi - jet_phi)
    etarot, phirot = rotated(eta, phi, present)
    table = {
        "px": px, "py": py, "pz": pz, "e": e, "erel": e / axis[..., 3],
        "pt": pt, "ptrel": pt / jet_pt, "eta": eta, "etarel": etarel, "etarot": etarot,
        "phi": phi, "phirel": phirel, "phirot": phirot, "deltaR": np.hypot(etarel, phirel),
        "costheta": np.tanh(eta), "costhetarel": np.tanh(etarot),
    }  # fmt: skip
    out = np.empty((*present.shape, len(PARTICLE_FEATURES)), np.float32)
    for column, name in enumerate(PARTICLE_FEATURES):
        np.multiply(table[name], present, out=out[..., column], casting="same_kind")
    return out


def rotated(eta: Float64, phi: Float64, present: AnyArray) -> tuple[Float64, Float64]:
    """Return etarot, phirot (jet, particle): the jet turned into a standard orientation.

    The origin is the hardest constituent. In the frame in which it flies along x, the directions
    (cos phi, sin phi, sinh eta) are rotated about x until the hardest constituent farther than
    0.1 from it lies on the negative phi axis (arXiv 1704.02124). etarot changes its sign if that
    constituent had the smaller eta. This reproduces the public jets at hand to 3e-7. A jet without
    a constituent beyond 0.1 is not rotated, and mirrored by its second hardest constituent: the
    least that makes a jet and its mirror image in eta equal.
    """
    eta0, phi0 = eta - eta[:, :1], wrapped(phi - phi[:, :1])
    far = present & (np.hypot(eta0, phi0) > SECOND_PRONG_DISTANCE)
    second = np.arange(len(far)), np.argmax(far, axis=1)  # the hardest comes first
    x, y, z = np.cos(phi0), np.sin(phi0), np.sinh(eta0)
    angle = np.where(far[second], np.pi - np.arctan2(z[second], y[second]), 0.0)[:, None]
    y, z = y * np.cos(angle) - z * np.sin(angle), y * np.sin(angle) + z * np.cos(angle)
    beside = np.where(far[second], second[1], min(1, far.shape[1] - 1))
    side = np.take_along_axis(eta0, beside[:, None], axis=1)
    etarot = np.arcsinh(z / np.hypot(x, y))
    return np.where(side < 0, -etarot, etarot), np.arctan2(y, x)


def over_particles(values: Float64) -> Float64:
    """Return the sums over the particles of (jet, particle), one particle after the other.

    In this order padding changes nothing, not even the rounding.
    """
    return np.asarray(np.add.reduce(np.ascontiguousarray(values.T), axis=0))


def polar(momenta: Float64) -> tuple[Float64, Float64, Float64]:
    """Return pt in GeV, eta and phi of four-momenta (..., 4); zeros where there is no momentum."""
    px, py, pz = np.moveaxis(momenta[..., :3], -1, 0)
    pt = np.hypot(px, py)
    return pt, np.arcsinh(pz / np.maximum(pt, _TINY)), np.arctan2(py, px)


def mass(momenta: Float64) -> Float64:
    """Return the invariant mass in GeV of four-momenta (..., 4), 0 for rounding below zero."""
    px, py, pz, e = np.moveaxis(momenta, -1, 0)
    return np.asarray(np.sqrt(np.maximum(e**2 - px**2 - py**2 - pz**2, 0.0)))


def wrapped(phi: Float64) -> Float64:
    """Return angles moved into [-pi, pi)."""
    return np.asarray((phi + np.pi) % (2 * np.pi) - np.pi)
