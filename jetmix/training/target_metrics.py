"""How well regression heads predict their targets: bias and resolution, overall and in bins.

Where a target is positive for all jets, the ratio predicted / true is judged, else the difference
predicted - true. The bias is its median, less 1 for a ratio; the resolution is half of the width
between its 16% and 84% quantiles, which for a Gaussian is one standard deviation.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from jetmix.support.arrays import Float64, Floats, Ints
from jetmix.support.files import JSON
from jetmix.support.records import NOT_EMPTY, NOT_NEGATIVE, POSITIVE, Check, checked

N_BINS = 8
MIN_JETS_PER_BIN = 50
LOW, HIGH = 0.16, 0.84
# standard errors of the median and of half the 16-84% width of n Gaussian values, in sigma/sqrt(n)
MEDIAN_ERROR, WIDTH_ERROR = math.sqrt(math.pi / 2), 0.964


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Bias and resolution; their errors are those of a Gaussian core.

    Attributes:
        n_jets: number of jets.
        bias: median of predicted / true less 1, or of predicted - true.
        bias_error: its standard error.
        resolution: half of the width between the 16% and 84% quantiles.
        resolution_error: its standard error.
    """

    n_jets: int
    bias: float
    bias_error: float
    resolution: float
    resolution_error: float

    CHECKS: ClassVar[dict[str, Check]] = {
        "n_jets": POSITIVE,
        **checked(NOT_NEGATIVE, "bias_error", "resolution", "resolution_error"),
    }


@dataclass(frozen=True, kw_only=True)
class Bin(Accuracy):
    """The jets between two values of the quantity that is binned in; the last bin has both.

    Attributes:
        n_jets: number of jets.
        bias: median of predicted / true less 1, or of predicted - true.
        bias_error: its standard error.
        resolution: half of the width between the 16% and 84% quantiles.
        resolution_error: its standard error.
        low: lower edge, in the unit of the data.
        high: upper edge.
    """

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class TargetMetrics:
    """How well one target is predicted.

    Attributes:
        name: the target.
        relative: whether bias and resolution are of predicted / true; else they have its unit.
        overall: on all jets.
        binned_in: "pt", or the target itself where the jets have no such column.
        bins: of about as many jets each, by rising values.
    """

    name: str
    relative: bool
    overall: Accuracy
    binned_in: str
    bins: tuple[Bin, ...]

    CHECKS: ClassVar[dict[str, Check]] = checked(NOT_EMPTY, "name", "binned_in")

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        edges = [edge for part in self.bins for edge in (part.low, part.high)]
        if edges != sorted(edges):
            yield "bins", "bins by rising values"
        if self.bins and sum(part.n_jets for part in self.bins) != self.overall.n_jets:
            yield "bins", f"bins of {self.overall.n_jets} jets in all"


def target_metrics(
    predicted: Floats, true: Floats, names: Sequence[str], pt: Floats | None
) -> tuple[TargetMetrics, ...]:
    """Measure regression heads.

    Args:
        predicted: (jet, target), in the unit of the data.
        true: the same of the file.
        names: of the targets.
        pt: (jet,) transverse momentum to bin in; None to bin in the target itself.
    """
    return tuple(
        _target(
            name,
            predicted[:, column].astype(np.float64),
            true[:, column].astype(np.float64),
            None if pt is None else pt.astype(np.float64),
        )
        for column, name in enumerate(names)
    )


def deviation(predicted: Float64, true: Float64) -> Float64:
    """Return predicted / true - 1 if all true values are positive, else predicted - true."""
    return predicted / true - 1 if is_relative(true) else predicted - true


def is_relative(true: Float64) -> bool:
    """Tell whether predictions are judged by their ratio to the true values."""
    return bool((true > 0).all())


def _target(name: str, predicted: Float64, true: Float64, pt: Float64 | None) -> TargetMetrics:
    off, along = deviation(predicted, true), true if pt is None else pt
    edges, places = binned(along)
    return TargetMetrics(
        name=name,
        relative=is_relative(true),
        overall=Accuracy(**_measured(off)),
        binned_in=name if pt is None else "pt",
        bins=tuple(
            Bin(low=low, high=high, **_measured(off[places == place]))
            for place, (low, high) in enumerate(pairwise(edges))
        ),
    )


def binned(values: Float64) -> tuple[list[float], Ints]:
    """Return the edges of bins of about as many jets each, and the bin of each jet."""
    count = max(min(N_BINS, len(values) // MIN_JETS_PER_BIN), 1)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, count + 1)))
    if len(edges) == 1:
        edges = np.repeat(edges, 2)
    places = np.searchsorted(edges[1:-1], values, side="right")
    filled = np.unique(places)
    # an edge whose bin is empty, as ties may leave it, is no edge
    kept = [float(edges[place]) for place in filled] + [float(edges[-1])]
    return kept, np.searchsorted(filled, places)


def _measured(off: Float64) -> JSON:
    low, middle, high = np.quantile(off, (LOW, 0.5, HIGH))
    resolution, root = float(high - low) / 2, math.sqrt(len(off))
    return {
        "n_jets": len(off),
        "bias": float(middle),
        "bias_error": MEDIAN_ERROR * resolution / root,
        "resolution": resolution,
        "resolution_error": WIDTH_ERROR * resolution / root,
    }
