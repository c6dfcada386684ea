"""Weights that give every class the same spectrum, so that a tagger cannot learn the spectra."""

from collections.abc import Sequence

import numpy as np

from jetmix.errors import DataError
from jetmix.recipes.data_section import FLAT
from jetmix.support.arrays import Float64, Floats, Ints

# bins of one column, and of each of several
N_BINS, N_BINS_EACH = 30, 12
# jets beyond these quantiles count into the outer bins
_OUTER = (0.005, 0.995)


def reweighted(
    values: Float64, y: Ints, class_names: Sequence[str], *, to: str, where: object
) -> tuple[Floats, list[str]]:
    """Return the weight of each jet, and the warnings.

    Within each bin the jets of a class share what the wanted spectrum has there, so that the
    weighted spectra of all classes are the same. All weights have the mean 1. The bins of "flat"
    are of equal width, those of a class hold equally many of its jets.

    Args:
        values: jet columns (jet, column), one or two.
        y: class of each jet.
        class_names: in the order of ``y``.
        to: "flat", or the name of a class.
        where: the file, for errors.

    Raises:
        DataError: if there is no such class, or a column does not vary.
    """
    if to != FLAT and to not in class_names:
        raise DataError(
            f"the recipe's reweight_to names no class {to!r}",
            where=where,
            mend=f"choose from {FLAT} {' '.join(class_names)}",
        )
    n_bins = N_BINS if values.shape[1] == 1 else N_BINS_EACH
    flat = to == FLAT
    chosen = slice(None) if flat else y == list(class_names).index(to)
    edges = [_edges(column, column[chosen], n_bins, where, flat=flat) for column in values.T]
    cells, shape = _cells(values, edges)
    n_cells = int(np.prod(shape))
    counts = np.zeros((len(class_names), n_cells))
    np.add.at(counts, (y, cells), 1)
    wanted = np.ones(n_cells) if to == FLAT else counts[list(class_names).index(to)]
    # flat where there are jets at all: two columns leave corners empty
    wanted = wanted * (counts.sum(axis=0) > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_jet = np.where(counts > 0, wanted / counts, 0)
    per_jet *= 1 / (per_jet * counts).sum(axis=1, keepdims=True)
    weights = per_jet[y, cells]
    return np.asarray(weights / weights.mean(), np.float32), _warnings(counts, wanted, class_names)


def n_effective(weights: Floats) -> float:
    """Return the effective number of jets, (sum of weights)^2 / sum of squares (Kish, 1965)."""
    wide = weights.astype(np.float64)
    return float(wide.sum() ** 2 / (wide**2).sum())


def _edges(column: Float64, chosen: Float64, n_bins: int, where: object, *, flat: bool) -> Float64:
    """Return the inner edges of the bins of a column."""
    low, high = np.quantile(column, _OUTER)
    if not low < high:
        raise DataError(
            "a column of the recipe's reweight does not vary",
            where=where,
            mend="name a jet column that holds a spectrum, such as pt",
        )
    if flat:
        return np.linspace(low, high, n_bins + 1)[1:-1]
    return np.unique(np.quantile(chosen, np.linspace(0, 1, n_bins + 1)[1:-1]))


def _cells(values: Float64, edges: Sequence[Float64]) -> tuple[Ints, tuple[int, ...]]:
    """Return the bin of each jet over all columns, and the bins of each column."""
    places = [
        np.searchsorted(bounds, column, side="right")
        for bounds, column in zip(edges, values.T, strict=True)
    ]
    shape = tuple(len(bounds) + 1 for bounds in edges)
    return np.asarray(np.ravel_multi_index(tuple(places), shape), np.int64), shape


def _warnings(counts: Float64, wanted: Float64, class_names: Sequence[str]) -> list[str]:
    found = []
    for name, row in zip(class_names, counts, strict=True):
        empty = int(((row == 0) & (wanted > 0)).sum())
        if empty:
            found.append(
                f"class {name} has no jets in {empty} of {int((wanted > 0).sum())} bins of the "
                "spectrum, which no weight can fill"
            )
    return found
