"""Energy correlators of jets and their ratios, many jets at a time.

With z the pT fraction of a constituent and theta the distance of two of them in rapidity and
azimuth:

    e2(b) = sum over pairs of z z theta^b
    e3(b) = sum over triples of z z z (theta theta theta)^b
    1e3(b), 2e3(b): as e3, but with only the smallest, the two smallest of the three angles

    C1 = e2    C2 = e3/e2^2    D2(b) = e3/e2^3    D2(a, b) = e3(a)/e2(b)^(3a/b)
    M2 = 1e3/e2    N2 = 2e3/e2^2

Larkoski, Salam, Thaler 1305.0007 (C); Larkoski, Moult, Neill 1409.6298 (D);
Moult, Necib, Thaler 1609.07483 (M, N).
"""

from collections.abc import Iterator

import numpy as np

from jetmix.data.simulation.features import polar, wrapped
from jetmix.support.arrays import Float64, Ints

N_RATIOS = 13
_BATCH = 32  # jets of similar size side by side, few enough for the processor's cache
_SPEED_OF_LIGHT = 1 - 1e-12


def correlator_ratios(flat: Float64, sizes: Ints) -> Float64:
    """Return C1(0, 1, 2), C2(1, 2), D2(1, 2), D2(1; 1, 2), M2(1, 2), N2(1, 2) of jets.

    A jet of too few constituents for a correlator has 0 there.

    Args:
        flat: (constituent, 4) with px, py, pz, e in GeV of all jets, one after the other.
        sizes: constituents of each jet.

    Returns:
        (jet, 13).
    """
    ratios = np.zeros((len(sizes), N_RATIOS))
    starts = np.cumsum(sizes) - sizes
    by_size = np.argsort(sizes, kind="stable")
    for first in range(0, len(by_size), _BATCH):
        chosen = by_size[first : first + _BATCH]
        momenta = _side_by_side(flat, starts[chosen], sizes[chosen])
        ratios[chosen] = _ratios(*_shares(momenta))[: len(chosen)]
    return ratios


def _side_by_side(flat: Float64, starts: Ints, sizes: Ints) -> Float64:
    """Return the momenta as (particle, jet of the batch, 4), zeros for padding.

    Jets come last but one and batches are always as wide, so that each sum over particles adds
    one after the other: neither padding nor the other jets change a jet's rounding.
    """
    place = np.arange(sizes.max())[:, None]
    there = place < sizes
    padded = np.zeros((len(place), _BATCH, 4))
    padded[:, : len(sizes)][there] = flat[(starts + place)[there]]
    return padded


def _shares(momenta: Float64) -> tuple[Float64, Float64]:
    """Return pT fractions (particle, jet) and distances (particle, particle, jet)."""
    pt, _, phi = polar(momenta)
    e, pz = momenta[..., 3], momenta[..., 2]
    slope = np.divide(pz, e, out=np.zeros_like(e), where=e > 0)
    rapidity = np.arctanh(np.clip(slope, -_SPEED_OF_LIGHT, _SPEED_OF_LIGHT))
    theta = np.hypot(rapidity[:, None] - rapidity, wrapped(phi[:, None] - phi))
    total = np.add.reduce(pt, axis=0)
    return np.divide(pt, total, out=np.zeros_like(pt), where=total > 0), theta


def _ratios(z: Float64, theta: Float64) -> Float64:
    i, j = np.triu_indices(len(z), 1)
    pairs, weight = theta[i, j], z[i] * z[j]
    e2 = {b: np.add.reduce(weight * pairs**b, axis=0) for b in (0, 1, 2)}
    e3, one, two = _triples(z, theta, pairs, weight)
    c2 = [_over(e3[b - 1], e2[b] ** 2) for b in (1, 2)]
    d2 = [_over(e3[b - 1], e2[b] ** 3) for b in (1, 2)]
    d2_a1 = [_over(e3[0], e2[b] ** (3 / b)) for b in (1, 2)]
    m2 = [_over(one[b - 1], e2[b]) for b in (1, 2)]
    n2 = [_over(two[b - 1], e2[b] ** 2) for b in (1, 2)]
    return np.stack([e2[0], e2[1], e2[2], *c2, *d2, *d2_a1, *m2, *n2], axis=1)


def _over(numerator: Float64, denominator: Float64) -> Float64:
    out = np.zeros_like(numerator)
    return np.divide(numerator, denominator, out=out, where=denominator > 0)


def _triples(z: Float64, theta: Float64, pairs: Float64, weight: Float64) -> Float64:
    """Return e3, 1e3 and 2e3 for the powers 1 and 2 of the angles: (correlator, power, jet)."""
    sums = np.zeros((3, 2, z.shape[1]))
    term = np.empty_like(pairs)
    for i, rest, values in _angles(theta, pairs):
        for total, value in zip(sums, values, strict=True):
            product = np.multiply(weight[rest], value, out=term[rest])
            total[0] += z[i] * np.add.reduce(product, axis=0)
            product *= value
            total[1] += z[i] * np.add.reduce(product, axis=0)
    return sums


def _angles(
    theta: Float64, pairs: Float64
) -> Iterator[tuple[int, slice, tuple[Float64, Float64, Float64]]]:
    """Yield for each i the pairs j < k beyond it, and of the triples' angles some products.

    Yields:
        i; the slice of the pairs; the product of all three angles, the least angle, and the
        product of the two least, each (pair, jet) and overwritten in the next step.
    """
    n = len(theta)
    j, k = np.triu_indices(n, 1)
    # with memory of their own, four large arrays a step would be asked for and given back
    buffers = np.empty((4, *pairs.shape))
    first = 0
    for i in range(n - 2):
        first += n - 1 - i
        rest = slice(first, None)
        third, (a, b, least, most) = pairs[rest], buffers[:, rest]
        np.take(theta[i], j[rest], axis=0, out=a, mode="clip")
        np.take(theta[i], k[rest], axis=0, out=b, mode="clip")
        np.minimum(a, b, out=least)
        np.maximum(a, b, out=most)
        np.maximum(least, np.minimum(most, third, out=a), out=a)  # the one in the middle
        np.minimum(least, third, out=least)
        np.maximum(most, third, out=most)
        two_least = np.multiply(least, a, out=a)
        yield i, rest, (np.multiply(two_least, most, out=b), least, two_least)
