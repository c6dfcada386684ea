"""A sweep in figures: combinations of values over their seeds, and axes value by value."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jetmix.sweeps.records import RunRecord, SweepRecord
from jetmix.sweeps.sweep_file import Values


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Mean of a figure over runs; ``error`` is their standard deviation, None for a single run."""

    mean: float
    error: float | None


@dataclass(frozen=True, kw_only=True)
class Combination:
    """Runs that differ in nothing but the seed, or share one value of an axis.

    Attributes:
        values: what they share.
        runs: those that are done.
        n_runs: all of them.
        accuracy: over the runs that are done, as are the others; None if no run is.
        ebops: effective bit operations.
        lut: look-up tables, from the estimate.
        latency_ns: latency in ns.
        best: the highest accuracy.
    """

    values: Values
    runs: tuple[RunRecord, ...]
    n_runs: int
    accuracy: Spread | None
    ebops: Spread | None
    lut: Spread | None
    latency_ns: Spread | None
    best: float | None


def combinations(sweep: SweepRecord) -> tuple[Combination, ...]:
    """Return the combinations of values, each over its seeds, in the order of the sweep."""
    groups: dict[str, list[RunRecord]] = {}
    for run in sweep.runs:
        groups.setdefault(json.dumps(dict(run.values), sort_keys=True), []).append(run)
    return tuple(_combination(runs[0].values, runs) for runs in groups.values())


def along(sweep: SweepRecord, key: str) -> tuple[Combination, ...]:
    """Return what the runs with each value of an axis come to; absent values are left out."""
    groups: dict[str, list[RunRecord]] = {}
    for run in sweep.runs:
        if key in run.values:
            groups.setdefault(json.dumps(run.values[key]), []).append(run)
    return tuple(_combination({key: runs[0].values[key]}, runs) for runs in groups.values())


def _combination(values: Values, runs: Sequence[RunRecord]) -> Combination:
    done = tuple(run for run in runs if run.status == "done")
    made = [run.firmware for run in done if run.firmware is not None]
    accuracies = [run.accuracy for run in done]
    return Combination(
        values=values,
        runs=done,
        n_runs=len(runs),
        accuracy=_spread(accuracies),
        ebops=_spread(run.ebops for run in done),
        lut=_spread(one.lut for one in made),
        latency_ns=_spread(one.latency_ns for one in made),
        best=max((value for value in accuracies if value is not None), default=None),
    )


def _spread(values: Iterable[Any]) -> Spread | None:
    known = [float(value) for value in values if value is not None]
    if not known:
        return None
    error = statistics.stdev(known) if len(known) > 1 else None
    return Spread(mean=statistics.fmean(known), error=error)
