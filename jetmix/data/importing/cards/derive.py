"""Features that are made from the four-momenta of constituents and of their jet.

Names and definitions are those of the public jet data (Zenodo 3602260): ``erel`` and ``ptrel`` are
fractions of the jet's, ``etarel`` and ``phirel`` differences to its axis, ``deltaR`` the distance
from it. Logarithms are natural.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jetmix.data.importing.cards.readers.common import needed
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Float64, Ints

# coordinate of a card: coordinate of the library vector
_COORDINATES = {"px": "px", "py": "py", "pz": "pz", "e": "E",
                "pt": "pt", "eta": "eta", "phi": "phi", "mass": "mass"}  # fmt: skip
_OWN: dict[str, Callable[[Any], AnyArray]] = {
    "px": lambda p: p.px,
    "py": lambda p: p.py,
    "pz": lambda p: p.pz,
    "e": lambda p: p.E,
    "pt": lambda p: p.pt,
    "eta": lambda p: p.eta,
    "phi": lambda p: p.phi,
    "mass": lambda p: p.mass,
    "costheta": lambda p: p.costheta,
    "logpt": lambda p: np.log(p.pt),
    "loge": lambda p: np.log(p.E),
}
_RELATIVE: dict[str, Callable[[Any, Any], AnyArray]] = {
    "erel": lambda p, jet: p.E / jet.E,
    "ptrel": lambda p, jet: p.pt / jet.pt,
    "etarel": lambda p, jet: p.eta - jet.eta,
    "phirel": lambda p, jet: p.deltaphi(jet),
    "deltaR": lambda p, jet: p.deltaR(jet),
    "logptrel": lambda p, jet: np.log(p.pt / jet.pt),
    "logerel": lambda p, jet: np.log(p.E / jet.E),
}
# charge of the particles that a detector sees, by PDG number; of an antiparticle it is the opposite
_CHARGES = {11: -1, 13: -1, 15: -1, 211: 1, 321: 1, 2212: 1, 24: 1, 411: 1, 431: 1, 521: 1,
            3112: -1, 3222: 1, 3312: -1, 3334: -1}  # fmt: skip
_NEUTRAL = frozenset((0, 1, 12, 14, 16, 22, 111, 130, 310, 311, 2112, 3122, 3212, 3322, 421, 511))


def four_momenta(coordinates: Mapping[str, Float64]) -> Any:
    """Return vectors of the library ``vector``; massless where neither energy nor mass is given."""
    vector = needed("vector")
    parts = {_COORDINATES[name]: values for name, values in coordinates.items()}
    if "e" not in coordinates and "mass" not in coordinates:
        parts["mass"] = np.zeros_like(next(iter(parts.values())))
    return vector.array(parts)


def summed(momenta: Any, counts: Ints) -> Any:
    """Return the four-momentum of each jet: the sum of those of its constituents."""
    jet = np.repeat(np.arange(len(counts)), counts)
    parts = {
        name: np.bincount(jet, weights=part, minlength=len(counts)).astype(np.float64)
        for name, part in (
            ("px", momenta.px), ("py", momenta.py), ("pz", momenta.pz), ("e", momenta.E),
        )
    }  # fmt: skip
    return four_momenta(parts)


def repeated(momenta: Any, counts: Ints) -> Any:
    """Return each jet's four-momentum once per constituent."""
    parts = {"px": momenta.px, "py": momenta.py, "pz": momenta.pz, "e": momenta.E}
    return four_momenta({name: np.repeat(part, counts) for name, part in parts.items()})


def constituent_feature(name: str, momenta: Any, axis: Any) -> Float64:
    """Return one feature (constituent,); ``axis`` is the jet of each constituent.

    A logarithm of zero gives infinity, which is refused later with its row.
    """
    with np.errstate(all="ignore"):
        if name in _OWN:
            return np.asarray(_OWN[name](momenta), np.float64)
        return np.asarray(_RELATIVE[name](momenta, axis), np.float64)


def jet_feature(name: str, momenta: Any, counts: Ints) -> Float64:
    """Return one column (jet,) from the jets' four-momenta."""
    if name == "multiplicity":
        return counts.astype(np.float64)
    with np.errstate(all="ignore"):
        return np.asarray(_OWN[name](momenta), np.float64)


def charge(numbers: Float64, where: str) -> Float64:
    """Return the electric charge of particles by their PDG numbers.

    Raises:
        DataError: for a number whose charge is not known.
    """
    kinds, place = np.unique(numbers, return_inverse=True)
    found = np.zeros(len(kinds))
    for index, kind in enumerate(kinds):
        size = abs(kind)
        if size not in _CHARGES and size not in _NEUTRAL:
            raise DataError(
                f"the charge of particle {kind:g} is not known",
                where=where,
                mend="give the charge as a formula of [constituents.features] instead",
            )
        found[index] = np.sign(kind) * _CHARGES.get(int(size), 0)
    return found[place].reshape(numbers.shape)
