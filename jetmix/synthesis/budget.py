"""Budgets for LUT and latency: which graph of the same tagger comes nearest, and by how much.

The tagger itself is never changed, so every graph that is tried has the same bits. What can be
changed is how deep the engine may build its adder trees, in Verilog and in the kernels of hls4ml
alike: deeper ones share more additions. The clock is the user's; another one is only named where it
is nearer to the budget.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jetmix.firmware import da_graph
from jetmix.firmware.graph import DELAY_CONSTRAINT, DaGraph, Traces
from jetmix.firmware.project import DA4ML, EngineName
from jetmix.resources.report import ResourceReport
from jetmix.support import records
from jetmix.synthesis.options import Budget
from jetmix.synthesis.timing import measured, timing_of
from jetmix.verification.result import VerificationResult

BUDGET_FILE = "budget.json"
# the usual one first, then the shallowest trees and those of any depth
CONSTRAINTS = (DELAY_CONSTRAINT, 0, -1)
# clock periods in ns to state the latency at; below, the published designs miss their clock
CLOCKS_NS = (3, 4, 5, 6, 7, 8, 9, 10)

EstimateOf = Callable[..., ResourceReport]


@dataclass(frozen=True, kw_only=True)
class Lowered:
    """A graph that was tried, and what it is estimated to take."""

    traces: Traces
    graph: DaGraph
    report: ResourceReport
    delay_constraint: int

    @cached_property
    def owners(self) -> list[str]:
        """The layer of every operation; slow to find, and asked for by proofs and costs."""
        return da_graph.layer_of_operations(self.traces, self.graph)


@dataclass(frozen=True, kw_only=True)
class TriedGraph:
    """A graph that was tried.

    Attributes:
        delay_constraint: how much deeper than the shallowest its adder trees may be; -1 for any
            depth.
        lut: its estimated LUT.
        latency_ns: its estimated latency.
    """

    delay_constraint: int
    lut: float | None
    latency_ns: float | None


@dataclass(frozen=True, kw_only=True)
class BudgetSearch:
    """Content of ``budget.json``: the graphs that were tried for a budget.

    Attributes:
        tried: their estimates.
        taken: delay constraint of the one that was lowered.
        latency_ns_at_clock_ns: estimated latency in ns at other clock periods in ns.
        folds: estimated LUT by the II, where the II was chosen for the budget.
    """

    tried: tuple[TriedGraph, ...] = ()
    taken: int | None = None
    latency_ns_at_clock_ns: dict[str, float] = field(default_factory=dict)
    folds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """By how much a source of figures exceeds each limit that it has a figure for, 0 if met.

    ``origin`` is an origin of resources, or the level that measured the latency.
    """

    origin: str
    missed_by: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class BudgetOutcome(Budget, BudgetSearch):
    """A budget, the search for it, and its outcome.

    It is ``met`` if the most trusted figure for each limit is within it.
    """

    judged: tuple[Judged, ...]
    met: bool


def misses(limits: Budget, **found: float | None) -> dict[str, float]:
    """Return by how much figures exceed each limit, 0 if met; what is unknown is left out."""
    bounds = {"latency_ns": limits.max_latency_ns, "lut": limits.max_lut}
    return {
        name: round(max(0.0, value - bound), 3)
        for name, bound in bounds.items()
        if bound is not None and (value := found.get(name)) is not None
    }


def lower(
    model: Any, estimate_of: EstimateOf, limits: Budget, *, by: EngineName = DA4ML
) -> tuple[Lowered, list[Lowered]]:
    """Return the graph of a tagger that meets the budget or comes nearest, and all that were tried.

    The usual graph is taken if it meets the budget, or if there is none; else the one with the
    smallest sum of relative misses, and of equals the one with the fewest LUT.

    Raises:
        LoweringError: if the engine cannot trace a layer.
    """
    tried: list[Lowered] = []
    for constraint in CONSTRAINTS:
        traces = da_graph.trace_layers(model, delay_constraint=constraint, by=by)
        graph = da_graph.graph_of(traces)
        report = estimate_of(graph)
        tried.append(
            Lowered(traces=traces, graph=graph, report=report, delay_constraint=constraint)
        )
        if not _missed(report, limits):
            return tried[-1], tried
    return min(tried, key=lambda one: (_missed(one.report, limits), one.report.lut)), tried


def _missed(report: ResourceReport, limits: Budget) -> float:
    bounds = {"latency_ns": limits.max_latency_ns, "lut": limits.max_lut}
    missed = misses(limits, latency_ns=report.latency_ns, lut=report.lut)
    return sum(miss / (bounds[name] or 1.0) for name, miss in missed.items())


def clocks(chosen: Lowered, estimate_of: EstimateOf) -> dict[str, float]:
    """Return the estimated latency in ns of a graph at other clock periods in ns."""
    reports = {period: estimate_of(chosen.graph, float(period)) for period in CLOCKS_NS}
    return {f"{p:g}": r.latency_ns for p, r in reports.items() if r.latency_ns is not None}


def write_search(
    folder: Path,
    chosen: Lowered,
    tried: Sequence[Lowered],
    latency_at: dict[str, float],
    folds: dict[str, float],
) -> None:
    """Write ``budget.json``: what was tried, what was taken, and what clocks do to it."""
    graphs = tuple(
        TriedGraph(
            delay_constraint=one.delay_constraint,
            lut=one.report.lut,
            latency_ns=one.report.latency_ns,
        )
        for one in tried
    )
    search = BudgetSearch(
        tried=graphs,
        taken=chosen.delay_constraint,
        latency_ns_at_clock_ns=latency_at,
        folds=folds,
    )
    records.write(folder / BUDGET_FILE, search)


def read_search(folder: Path) -> BudgetSearch | None:
    """Return the content of a synthesis' ``budget.json``, None where no budget was given.

    Raises:
        ReportReadError: if the file was damaged or edited.
    """
    path = folder / BUDGET_FILE
    return records.read(BudgetSearch, path) if path.exists() else None


def judge(
    limits: Budget,
    reports: Sequence[ResourceReport],
    results: Sequence[VerificationResult] = (),
    search: BudgetSearch | None = None,
) -> BudgetOutcome:
    """Hold a budget against all figures that there are, a measured latency before a modelled one.

    Args:
        limits: the budget.
        reports: resources by origin.
        results: levels of the ladder, of which those with a clock measured the latency.
        search: graphs that were tried for the budget.
    """
    seen = measured(results)
    missed: dict[str, dict[str, float]] = {}
    trusted: dict[str, float] = {}
    # a more trusted origin comes later and has the last word
    for report in sorted(reports, key=lambda report: report.made_by.trust):
        timing = timing_of(report, seen)
        for name, source, value in (
            ("latency_ns", timing.source, timing.ns),
            ("lut", report.origin, report.lut),
        ):
            found = misses(limits, **{name: value})
            if found:
                missed.setdefault(source, {}).update(found)
                trusted.update(found)
    search = search or BudgetSearch()
    return BudgetOutcome(
        max_latency_ns=limits.max_latency_ns,
        max_lut=limits.max_lut,
        tried=search.tried,
        taken=search.taken,
        latency_ns_at_clock_ns=search.latency_ns_at_clock_ns,
        folds=search.folds,
        judged=tuple(Judged(origin=name, missed_by=by) for name, by in missed.items()),
        met=not any(trusted.values()),
    )
