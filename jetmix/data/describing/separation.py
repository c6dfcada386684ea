"""How well one or two jet-level quantities alone tell the classes apart."""

from collections.abc import Sequence

import numpy as np

from jetmix.support.arrays import Float64, Ints

SINGLE_BINS = 100
JOINT_BINS = (40, 10)

# of the public set (Zenodo 3602260), by the same kind of count
PUBLIC_ACCURACY = {"mass": 0.677, "mass and multiplicity": 0.736}


def bayes_accuracy(y: Ints, quantities: Sequence[Float64], bins: Sequence[int]) -> float | None:
    """Return the accuracy of the best guess of the class from binned quantities.

    Each quantity is cut into bins of equal content. One half of the jets votes for the class of
    each bin, the other half is judged, and the other way round, so that no jet judges itself.

    Args:
        y: class index of each jet.
        quantities: values of each jet, one array a quantity.
        bins: number of bins of each quantity.

    Returns:
        a share from 0 to 1; None where a value is not finite or there are too few jets.
    """
    n_cells = int(np.prod(bins))
    if len(y) < 2 * n_cells or not all(np.isfinite(values).all() for values in quantities):
        return None
    cell = np.zeros(len(y), np.int64)
    for values, n in zip(quantities, bins, strict=True):
        edges = np.quantile(values, np.arange(1, n) / n)
        cell = cell * n + np.digitize(values, edges)
    order = np.random.default_rng(0).permutation(len(y))
    halves = np.array_split(order, 2)
    right = sum(_right(cell, y, a, b, n_cells) for a, b in (halves, halves[::-1]))
    return right / len(y)


def _right(
    cell: Ints,
    y: Ints,
    voters: Ints,
    judged: Ints,
    n_cells: int,
) -> int:
    votes = np.zeros((n_cells, int(y.max()) + 1), np.int64)
    np.add.at(votes, (cell[voters], y[voters]), 1)
    return int((votes.argmax(axis=1)[cell[judged]] == y[judged]).sum())


def mass_peak(mass_gev: Float64, window_gev: tuple[float, float]) -> float | None:
    """Return where the mass distribution peaks inside a window, in GeV; None without jets there.

    The median of the jets in the narrowest interval that holds half of those in the window.
    """
    inside = np.sort(mass_gev[(mass_gev > window_gev[0]) & (mass_gev < window_gev[1])])
    if len(inside) < 2:
        return None
    half = len(inside) // 2
    widths = inside[half:] - inside[: len(inside) - half]
    start = int(np.argmin(widths))
    return float(np.median(inside[start : start + half + 1]))
