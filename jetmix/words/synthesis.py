"""A synthesis and its budget as people read them."""

from typing import TYPE_CHECKING

from jetmix.firmware.placement import PLACEMENT_FILE
from jetmix.firmware.project import DA4ML
from jetmix.resources.layers import LAYERS_FILE, largest
from jetmix.resources.utilisation import beyond_one_slr
from jetmix.synthesis.budget import BUDGET_FILE, CLOCKS_NS, BudgetOutcome
from jetmix.synthesis.options import SynthOptions
from jetmix.synthesis.timing import measured
from jetmix.words.numbers import count
from jetmix.words.resources import resource_lines
from jetmix.words.verification import level_line, proof_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jetmix.firmware.folding.machine import Folding
    from jetmix.firmware.project import FirmwareProject
    from jetmix.resources.layers import LayerCost
    from jetmix.synthesis.flow import Synthesis


def synthesis_lines(done: "Synthesis") -> list[str]:
    """Return all that a synthesis found."""
    lines = [] if done.fresh else [up_to_date(done.options)]
    if done.options.trust:
        lines.append(f"Trusted modules of the model: {', '.join(sorted(done.options.trust))}")
    lines += [level_line(result) for result in done.verification]
    lines += proof_lines(done.proofs)
    seen = measured(done.verification)
    for report in done.resources:
        lines += resource_lines(report, done.options.device, seen)
    lines += placement_lines(done)
    if done.machine is not None:
        lines += fold_lines(done.machine.folding, done.costs or ())
    elif done.costs:
        lines.append(f"Layers: {largest(done.costs)} of the LUT [{LAYERS_FILE}]")
    if done.judged is not None:
        lines += budget_lines(done.judged)
    return lines + [
        f"Project: {project.path}{_remark(project)}" for project in done.projects.values()
    ]


def fold_lines(folding: "Folding", costs: "Sequence[LayerCost]") -> list[str]:
    """Return which layers fold over what, what each saves, and which do not fold."""
    lines = []
    for domain in ("particles", "channels"):
        saved = [
            f"{cost.layer} {count(round(cost.lut))} to {count(round(cost.folded_lut or 0))}"
            for cost in costs
            if cost.folds_over == domain
        ]
        if saved:
            lines.append(
                f"Folded by {folding.fold} over {domain}: {', '.join(saved)} LUT [{LAYERS_FILE}]"
            )
    whole = [cost for cost in costs if cost.folds_over is None]
    if whole:
        lut = count(round(sum(cost.lut for cost in whole)))
        names = ", ".join(cost.layer for cost in whole)
        lines.append(f"Once per jet: {names}, {lut} LUT [{LAYERS_FILE}]")
    return lines


def placement_lines(done: "Synthesis") -> list[str]:
    """Return where the tagger is placed, or why it is not, where that was asked for."""
    slr, device = done.options.placement.slr, done.options.device
    if slr is None:
        return []
    estimated = [report for report in done.resources if report.origin == "estimate"]
    too_much = [text for report in estimated if (text := beyond_one_slr(report, device))]
    if too_much:
        return [f"Placement: none, since up to {too_much[0]} of {device.name} [estimate]"]
    return [f"Placement: SLR {slr} of {device.name} [{PLACEMENT_FILE}]"]


def _remark(project: "FirmwareProject") -> str:
    if project.way == "graph":
        return f" ({hls_way(project)})"
    return "" if project.engine == DA4ML else f" (by the engine {project.engine})"


def hls_way(project: "FirmwareProject | None") -> str | None:
    """Return how a Vitis HLS project was made, None where there is none or it is not recorded."""
    if project is None:
        return None
    if project.way == "graph":
        return f"the whole graph as one function, not layer by layer through hls4ml: {project.why}"
    return "layer by layer through hls4ml" if project.way else None


def up_to_date(options: SynthOptions) -> str:
    """Return what happened where the very same synthesis was there already."""
    tools = options.run_vendor or options.run_yosys
    return "Up to date: same model, same options. " + (
        "Only the synthesis tools were run." if tools else "Nothing was done."
    )


def budget_lines(outcome: BudgetOutcome) -> list[str]:
    """Return whether a budget is met, what was tried for it, and what may help."""
    limits = {
        "latency_ns": f"{outcome.max_latency_ns or 0:g} ns",
        "lut": f"{count(outcome.max_lut)} LUT",
    }
    units = {"latency_ns": "ns", "lut": "LUT"}
    lines = [
        f"Budget of {limits[name]}: "
        + (f"exceeded by {miss:,g} {units[name]}" if miss else "met")
        + f" [{judged.origin}]"
        for judged in outcome.judged
        for name, miss in judged.missed_by.items()
    ]
    if len(outcome.folds) > 1:
        folds = ", ".join(f"{ii} takes {lut:,.0f} LUT" for ii, lut in outcome.folds.items())
        lines.append(f"II tried, the last one is taken: {folds} [estimate, {BUDGET_FILE}]")
    if len(outcome.tried) > 1:
        graphs = ", ".join(f"{count(g.lut)} LUT at {g.latency_ns:g} ns" for g in outcome.tried)
        lines.append(f"Adder-tree depths tried: {graphs} [{BUDGET_FILE}]")
    return lines if outcome.met else [*lines, _advice(outcome)]


def _advice(outcome: BudgetOutcome) -> str:
    """Name the clock that would meet the latency budget by the estimate, if one does."""
    late = any(judged.missed_by.get("latency_ns") for judged in outcome.judged)
    latency_at, limit = outcome.latency_ns_at_clock_ns, outcome.max_latency_ns
    if not late or not latency_at or limit is None:
        return "Try a smaller tagger."
    best = min(latency_at, key=lambda clock: latency_at[clock])
    if latency_at[best] <= limit:
        return f"--clock-ns {best} would take {latency_at[best]:g} ns [estimate]"
    low, high = min(CLOCKS_NS), max(CLOCKS_NS)
    return (
        f"No clock period from {low} to {high} ns meets the latency budget. Try a smaller tagger."
    )
