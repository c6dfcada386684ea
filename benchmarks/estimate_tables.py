"""Tables of docs/estimates.md on registers and clock."""

import contextlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from jetmix.synthesis import pipelined
from jetmix.synthesis.resource_report import Interval

Outcomes = list[tuple[float, Interval]]
# adders between registers that the page tells the register bits of
CUTS = (2, 5)


@dataclass(frozen=True, kw_only=True)
class Registers:
    """Register bits and stages of da4ml's pipeline at each cut, and the FF estimated at two."""

    bits: dict[int, int]
    stages: dict[int, int]
    ff: float


def registers_of(graph: Any) -> Registers:
    """Cut a graph as its Verilog is."""
    from da4ml.trace.pipeline import to_pipeline

    with contextlib.redirect_stdout(io.StringIO()):
        cut = {adders: to_pipeline(graph, adders) for adders in CUTS}
    return Registers(
        bits={adders: int(pipeline.reg_bits) for adders, pipeline in cut.items()},
        stages={adders: len(pipeline[0]) for adders, pipeline in cut.items()},
        ff=pipelined.ff_from_cost(float(graph.cost)).value,
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table, its first column left and the others right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def outcome_table(names: list[str], outcomes: Outcomes, *, of: str, spec: str) -> str:
    """Return one row a design: published, and predicted from the others."""
    rows = []
    for name, (true, seen) in zip(names, outcomes, strict=True):
        span = f"{seen.low:{spec}} to {seen.high:{spec}}"
        error = f"{100 * (seen.value / true - 1):+.1f}%"
        inside = "yes" if seen.low <= true <= seen.high else "no"
        rows.append([name, f"{true:{spec}}", f"{seen.value:{spec}}", span, error, inside])
    head = ["Design", f"Published {of}", f"Predicted {of}", "90% interval", "Error", "Inside"]
    return table([head[0] + f" ({of})", *head[1:]], rows)


def register_table(references: list[tuple[str, Registers]]) -> str:
    """Return one row a published model file."""
    rows = [
        [
            title,
            f"{one.stages[2]}",
            f"{one.bits[2]:,}",
            f"{one.ff:,.0f}",
            f"{one.ff / one.bits[2]:.2f}",
            f"{one.stages[5]}",
            f"{one.bits[5]:,}",
        ]
        for title, one in references
    ]
    two, five = "two adders", "five adders"
    head = ["Registers of", f"Stages, {two}", f"Register bits, {two}", "Estimated FF", "FF / bits"]
    return table([*head, f"Stages, {five}", f"Register bits, {five}"], rows)


def statistics(outcomes: Outcomes) -> tuple[str, str, int]:
    """Return mean and largest error in per cent, and how many lie inside their interval."""
    errors = np.array([abs(seen.value / true - 1) for true, seen in outcomes])
    inside = sum(seen.low <= true <= seen.high for true, seen in outcomes)
    return f"{100 * errors.mean():.1f}%", f"{100 * errors.max():.1f}%", inside


def values(calibration: dict[str, Any], references: list[tuple[str, Registers]]) -> dict[str, str]:
    """Return what the page says of registers and clock."""
    ff, clock = pipelined.ff_leave_one_out(), pipelined.clock_leave_one_out()
    cost, flip_flops = pipelined.registers()
    cycles, period, _ = pipelined.clocks()
    whole = pipelined.ff_from_cost(1e6)
    ends = [pipelined.clock_from_cycles(int(n)) for n in (cycles.min(), cycles.max())]
    ff_error, ff_worst, ff_inside = statistics(ff)
    clock_error, clock_worst, clock_inside = statistics(clock)
    names = [design["name"] for design in calibration["design"] if "ff" in design]
    filled = {
        "FF_N": len(ff),
        "FF_PER_COST": f"{whole.value / 1e6:.3f}",
        "FF_LOW": f"{100 * (whole.low / whole.value - 1):+.1f}%",
        "FF_HIGH": f"{100 * (whole.high / whole.value - 1):+.1f}%",
        "FF_MIN": f"{(flip_flops / cost).min():.3f}",
        "FF_MAX": f"{(flip_flops / cost).max():.3f}",
        "FF_ERROR": ff_error,
        "FF_WORST": ff_worst,
        "FF_INSIDE": ff_inside,
        "FF_TABLE": outcome_table(names, ff, of="FF", spec=",.0f"),
        "CLOCK_N": len(clock),
        "CLOCK_MIN": f"{period.min():.2f}",
        "CLOCK_MAX": f"{period.max():.2f}",
        "CYCLES_MIN": int(cycles.min()),
        "CYCLES_MAX": int(cycles.max()),
        "CLOCK_FIRST": f"{ends[0].value:.2f}",
        "CLOCK_LAST": f"{ends[1].value:.2f}",
        "CLOCK_ERROR": clock_error,
        "CLOCK_WORST": clock_worst,
        "CLOCK_INSIDE": clock_inside,
        "CLOCK_TABLE": outcome_table(
            [design["name"] for design in calibration["clock"]], clock, of="ns", spec=".2f"
        ),
        "REGISTERS": register_table(references),
    }
    return {name: str(value) for name, value in filled.items()}
