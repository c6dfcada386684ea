"""The sixteen jet-level features of the classic tagger: mMDT grooming, energy correlators.

Named as in the public sets. With z the pT fraction of a constituent and theta the distance of
two of them in rapidity and azimuth, over the constituents that the groomer leaves:

    e2(b) = sum over pairs of z z theta^b
    e3(b) = sum over triples of z z z (theta theta theta)^b
    1e3(b), 2e3(b): as e3, but with only the smallest, the two smallest of the three angles

    C1 = e2    C2 = e3/e2^2    D2(b) = e3/e2^3    D2(a, b) = e3(a)/e2(b)^(3a/b)
    M2 = 1e3/e2    N2 = 2e3/e2^2

Larkoski, Salam, Thaler 1305.0007 (C); Larkoski, Moult, Neill 1409.6298 (D);
Moult, Necib, Thaler 1609.07483 (M, N); Dasgupta, Fregoso, Marzani, Salam 1307.0007 (mMDT).
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.data.features import Array, mass, over_particles, polar, wrapped
from jetmix.data.schema import HIGH_LEVEL_FEATURES

MMDT_Z_CUT = 0.1
_PAIR, _TRIPLE = 2, 3


def high_level_features(momenta: Array, radius: float) -> NDArray[np.float32]:
    """Return the features in the order of ``HIGH_LEVEL_FEATURES``, without their prefix.

    ``zlogz`` and ``multiplicity`` are those of the whole jet, all others those of the groomed
    one. A groomed jet of too few constituents for a correlator has 0 there.

    Args:
        momenta: (jet, particle, 4) in GeV, zeros for padding.
        radius: radius of the jets, the scale of the groomer.

    Returns:
        float32 (jet, 16).
    """
    table: dict[str, Any] = dict.fromkeys(HIGH_LEVEL_FEATURES)
    present = momenta[..., 3] > 0
    pt = np.hypot(momenta[..., 0], momenta[..., 1])
    z = pt / over_particles(pt)[:, None]
    table["zlogz"] = over_particles(z * np.log(np.where(present, z, 1)))
    table["multiplicity"] = present.sum(axis=1)
    groomed, sizes = groom(momenta[present], present.sum(axis=1), radius)
    pieces = np.split(groomed, np.cumsum(sizes)[:-1])
    table["mass_mmdt"] = np.array([mass(piece.sum(axis=0)) for piece in pieces])
    ratios = np.array([_ratios(piece) for piece in pieces])
    names = [name for name in HIGH_LEVEL_FEATURES if table[name] is None]
    table |= dict(zip(names, ratios.T, strict=True))
    return np.stack([table[name] for name in HIGH_LEVEL_FEATURES], axis=1).astype(np.float32)


def groom(flat: Array, sizes: NDArray[np.int64], radius: float) -> tuple[Array, Any]:
    """Return what the modified mass-drop tagger leaves of each jet.

    Cambridge/Aachen declustering by FastJet; the softer branch is dropped until it carries
    more than a tenth of the pT (soft drop with beta = 0, z_cut = 0.1).

    Args:
        flat: (constituent, 4) of all jets, one after the other.
        sizes: constituents of each jet.
        radius: radius of the jets.

    Returns:
        the same two for the groomed jets.
    """
    import awkward as ak
    import fastjet

    columns = {name: flat[:, i].copy() for i, name in enumerate(("px", "py", "pz", "E"))}
    jets = ak.unflatten(ak.zip(columns, with_name="Momentum4D"), sizes)
    # a radius beyond every distance keeps all constituents in one jet
    definition = fastjet.JetDefinition(fastjet.cambridge_algorithm, 100.0)
    left = fastjet.ClusterSequence(jets, definition).exclusive_jets_softdrop_grooming(
        njets=1, beta=0.0, symmetry_cut=MMDT_Z_CUT, R0=radius
    )["constituents"]
    parts = [ak.to_numpy(ak.flatten(left[name])) for name in ("px", "py", "pz", "E")]
    return np.stack(parts, axis=1), ak.to_numpy(ak.num(left["px"]))


def _ratios(momenta: Array) -> list[float]:
    """Return C1(0, 1, 2), C2(1, 2), D2(1, 2), D2(1; 1, 2), M2(1, 2), N2(1, 2) of a groomed jet."""
    if len(momenta) < _PAIR:
        return [0.0] * 13
    z, theta = _shares(momenta)
    weight = z[:, None] * z[None, :]
    e2 = {b: float(np.sum(np.triu(weight * theta**b, 1))) for b in (0, 1, 2)}
    e3, one, two = _triples(z, theta)
    c2 = [_over(e3[b], e2[b] ** 2) for b in (1, 2)]
    d2 = [_over(e3[b], e2[b] ** 3) for b in (1, 2)]
    d2_a1 = [_over(e3[1], e2[b] ** (3 / b)) for b in (1, 2)]
    m2 = [_over(one[b], e2[b]) for b in (1, 2)]
    n2 = [_over(two[b], e2[b] ** 2) for b in (1, 2)]
    return [e2[0], e2[1], e2[2], *c2, *d2, *d2_a1, *m2, *n2]


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else 0.0


def _shares(momenta: Array) -> tuple[Array, Array]:
    """Return the pT fractions and the distances in rapidity and azimuth of constituents."""
    pt, _, phi = polar(momenta)
    e, pz = momenta[:, 3], momenta[:, 2]
    rapidity = np.arctanh(np.clip(pz / e, -1 + 1e-12, 1 - 1e-12))
    theta = np.hypot(rapidity[:, None] - rapidity, wrapped(phi[:, None] - phi))
    return pt / pt.sum(), theta


def _triples(z: Array, theta: Array) -> tuple[dict[int, float], ...]:
    """Return e3, 1e3 and 2e3 for the powers 1 and 2 of the angles."""
    if len(z) < _TRIPLE:
        nothing = {1: 0.0, 2: 0.0}
        return nothing, nothing, nothing
    i, j, k = _triple_indices(len(z))
    weight = z[i] * z[j] * z[k]
    a, b, c = theta[i, j], theta[i, k], theta[j, k]
    least, most = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    product = a * b * c
    two_least = np.divide(product, most, out=np.zeros_like(product), where=most > 0)
    # np.sum, not a dot product: threads of BLAS would fight with the other worker processes
    return tuple(
        {power: float(np.sum(weight * angle**power)) for power in (1, 2)}
        for angle in (product, least, two_least)
    )


@lru_cache(maxsize=128)
def _triple_indices(n: int) -> tuple[NDArray[np.intp], ...]:
    """Return i < j < k of all triples of ``n``."""
    i, j = np.triu_indices(n, 1)
    counts = n - 1 - j
    first, second = np.repeat(i, counts), np.repeat(j, counts)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    third = np.arange(len(first)) - starts + second + 1
    return first, second, third
