"""Budgets for LUT and latency: which graph of the same tagger comes nearest, and by how much.

The tagger itself is never changed, so every graph that is tried has the same bits. What can be
changed is how deep da4ml may build its adder trees, in Verilog and in the kernels of hls4ml alike:
deeper ones share more additions. The clock is the user's, and only told where another one is nearer
to the budget.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jetmix.firmware import da_graph
from jetmix.firmware.da_graph import DELAY_CONSTRAINT, DaGraph, Traces
from jetmix.resources.report import ResourceReport
from jetmix.support.files import JSON, read_json, write_json

BUDGET_FILE = "budget.json"
# the usual one first, then the shallowest trees and those of any depth
CONSTRAINTS = (DELAY_CONSTRAINT, 0, -1)
# clock periods in ns to tell the latency at; below, the published designs miss their clock
CLOCKS_NS = (3, 4, 5, 6, 7, 8, 9, 10)

EstimateOf = Callable[..., ResourceReport]
NOT_SEARCHED: JSON = {"tried": [], "taken": None, "latency_ns_at_clock_ns": {}}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Upper limits; None is none."""

    max_latency_ns: float | None = None
    max_lut: int | None = None

    def misses(self, report: ResourceReport) -> dict[str, float]:
        """Return by how much a report exceeds each limit, 0 if met; what is unknown is left out."""
        limits = {"latency_ns": self.max_latency_ns, "lut": self.max_lut}
        return {
            name: round(max(0.0, found - limit), 3)
            for name, limit in limits.items()
            if limit is not None and (found := getattr(report, name)) is not None
        }


@dataclass(frozen=True, kw_only=True)
class Lowered:
    """A graph that was tried, and what it is estimated to take."""

    traces: Traces
    graph: DaGraph
    report: ResourceReport
    delay_constraint: int


def lower(
    model: Any, estimate_of: EstimateOf, budget: Budget | None
) -> tuple[Lowered, list[Lowered]]:
    """Return the graph of a tagger that meets the budget or comes nearest, and all that were tried.

    The usual graph is taken if it meets the budget, or if there is none; else the one with the
    smallest sum of relative misses, and of equals the one with the fewest LUT.

    Raises:
        LoweringError: if da4ml cannot trace a layer.
    """
    limits = budget or Budget()
    tried: list[Lowered] = []
    for constraint in CONSTRAINTS:
        traces = da_graph.trace_layers(model, delay_constraint=constraint)
        graph = da_graph.graph_of(traces)
        tried.append(
            Lowered(
                traces=traces, graph=graph, report=estimate_of(graph), delay_constraint=constraint
            )
        )
        if not _missed(tried[-1].report, limits):
            return tried[-1], tried
    return min(tried, key=lambda one: (_missed(one.report, limits), one.report.lut)), tried


def _missed(report: ResourceReport, budget: Budget) -> float:
    limits = {"latency_ns": budget.max_latency_ns, "lut": budget.max_lut}
    return sum(miss / (limits[name] or 1.0) for name, miss in budget.misses(report).items())


def clocks(chosen: Lowered, estimate_of: EstimateOf) -> dict[str, float]:
    """Return the estimated latency in ns of a graph at other clock periods in ns."""
    reports = {period: estimate_of(chosen.graph, float(period)) for period in CLOCKS_NS}
    return {f"{p:g}": r.latency_ns for p, r in reports.items() if r.latency_ns is not None}


def write(
    folder: Path, chosen: Lowered, tried: list[Lowered], latency_at: dict[str, float]
) -> None:
    """Write ``budget.json``: which graphs were tried, which was taken, and what clocks do to it."""
    graphs = [
        {
            "delay_constraint": one.delay_constraint,
            "lut": one.report.lut,
            "latency_ns": one.report.latency_ns,
        }
        for one in tried
    ]
    content = {
        "tried": graphs,
        "taken": chosen.delay_constraint,
        "latency_ns_at_clock_ns": latency_at,
    }
    write_json(folder / BUDGET_FILE, content)


def taken(folder: Path) -> int:
    """Return the delay constraint of the graph that a synthesis took."""
    path = folder / BUDGET_FILE
    return int(read_json(path)["taken"]) if path.exists() else DELAY_CONSTRAINT


def judge(folder: Path, budget: Budget, reports: Sequence[ResourceReport]) -> JSON:
    """Return what each origin says of the budget, and the graphs that were tried for it."""
    path = folder / BUDGET_FILE
    misses = [(report.origin, budget.misses(report)) for report in reports]
    judged = [{"origin": origin, "missed_by": missed} for origin, missed in misses if missed]
    return {
        **asdict(budget),
        **(read_json(path) if path.exists() else NOT_SEARCHED),
        "judged": judged,
        "met": not any(miss for _, missed in misses for miss in missed.values()),
    }


def lines(outcome: JSON) -> list[str]:
    """Return the outcome for people."""
    told = []
    for one in outcome["judged"]:
        for name, miss in one["missed_by"].items():
            limit = f"{outcome[f'max_{name}']:g} {'LUT' if name == 'lut' else 'ns'}"
            said = f"missed by {miss:g}" if miss else "met"
            told.append(f"Budget of {limit}: {said} [{one['origin']}]")
    if len(outcome["tried"]) > 1:
        graphs = ", ".join(
            f"{one['lut']:g} LUT in {one['latency_ns']:g} ns" for one in outcome["tried"]
        )
        told.append(f"Graphs tried for the budget: {graphs} [{BUDGET_FILE}]")
    if not outcome["met"]:
        told.append(_advice(outcome))
    return told


def _advice(outcome: JSON) -> str:
    """Say which clock would meet the limit of latency by the estimate, if one does."""
    limit, latency_at = outcome["max_latency_ns"], outcome["latency_ns_at_clock_ns"]
    late = any(one["missed_by"].get("latency_ns") for one in outcome["judged"])
    fits = [clock for clock in latency_at if limit is not None and latency_at[clock] <= limit]
    if late and fits:
        best = min(fits, key=lambda clock: latency_at[clock])
        return f"--clock-ns {best} would take {latency_at[best]:g} ns [estimate]"
    clock = ", no clock from 3 to 10 ns does" if late and latency_at else ""
    return f"A smaller tagger may meet the budget{clock}."
