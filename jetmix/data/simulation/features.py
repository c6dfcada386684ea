"""The sixteen particle features of the public data set, from the constituents' momenta."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.data.schema import PARTICLE_FEATURES

Array = NDArray[np.float64]
SECOND_PRONG_DISTANCE = 0.1
_TINY = 1e-300
_ON_AXIS = 1e-9


def particle_features(momenta: Array) -> NDArray[np.float32]:
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
    etarot, phirot = rotated(pt, eta, phi, present)
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


def rotated(pt: Array, eta: Array, phi: Array, present: NDArray[Any]) -> tuple[Array, Array]:
    """Return etarot, phirot (jet, particle): the jet turned into a standard orientation.

    The origin is the hardest constituent. The hardest one farther than 0.1 from it is turned
    onto the negative phi axis, and the jet is mirrored so that the half with etarot > 0 carries
    more pT. Two-prong jets then have their second prong near (0, -0.17).
    """
    eta0, phi0 = eta - eta[:, :1], wrapped(phi - phi[:, :1])
    far = present & (np.hypot(eta0, phi0) > SECOND_PRONG_DISTANCE)
    second = np.argmax(far, axis=1)  # the hardest comes first; none far: the origin itself
    row = np.arange(len(second))
    angle = np.arctan2(phi0[row, second], eta0[row, second]) + np.pi / 2
    angle = np.where(far[row, second], angle, 0.0)[:, None]
    etarot = eta0 * np.cos(angle) + phi0 * np.sin(angle)
    phirot = phi0 * np.cos(angle) - eta0 * np.sin(angle)
    # rounding puts the second prong, which is on the axis, on either side: it has no say
    side = np.sign(etarot) * (np.abs(etarot) > _ON_AXIS)
    balance = over_particles(side * pt * present)[:, None]
    return np.where(balance < 0, -etarot, etarot), phirot


def over_particles(values: Array) -> Array:
    """Return the sums over the particles of (jet, particle), one particle after the other.

    In this order padding changes nothing, not even the rounding.
    """
    return np.asarray(np.add.reduce(np.ascontiguousarray(values.T), axis=0))


def polar(momenta: Array) -> tuple[Array, Array, Array]:
    """Return pt in GeV, eta and phi of four-momenta (..., 4); zeros where there is no momentum."""
    px, py, pz = np.moveaxis(momenta[..., :3], -1, 0)
    pt = np.hypot(px, py)
    return pt, np.arcsinh(pz / np.maximum(pt, _TINY)), np.arctan2(py, px)


def mass(momenta: Array) -> Array:
    """Return the invariant mass in GeV of four-momenta (..., 4), 0 for rounding below zero."""
    px, py, pz, e = np.moveaxis(momenta, -1, 0)
    return np.asarray(np.sqrt(np.maximum(e**2 - px**2 - py**2 - pz**2, 0.0)))


def wrapped(phi: Array) -> Array:
    """Return angles moved into [-pi, pi)."""
    return np.asarray((phi + np.pi) % (2 * np.pi) - np.pi)
