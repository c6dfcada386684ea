"""Tables of docs/estimates.md on registers and clock."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.resources import registers
from jetmix.resources.report import Interval

Outcomes = list[tuple[float, Interval]]
# adders between registers whose register bits the page states
CUTS = (2, 5)
CUTS_FILE = Path(__file__).with_name("open_registers.json")
# post-route FF of the MLP of 76.86% at five adders (arXiv 2507.04535, table 10)
MLP_FF = 3113


@dataclass(frozen=True, kw_only=True)
class Registers:
    """Register bits, stages and estimated FF of da4ml's pipeline at each cut."""

    bits: dict[int, int]
    stages: dict[int, int]
    ff: dict[int, Interval]


def registers_of(graph: Any) -> Registers:
    """Cut a graph as its Verilog is."""
    from jetmix.firmware import da_graph

    cut = {n: da_graph.pipeline_registers(graph, adders_per_stage=n) for n in CUTS}
    seen = {
        n: registers.ff_of(adders=n, cost=float(graph.cost), bits=bits)[0]
        for n, (_, bits) in cut.items()
    }
    return Registers(
        bits={n: bits for n, (_, bits) in cut.items()},
        stages={n: stages for n, (stages, _) in cut.items()},
        ff={n: interval for n, interval in seen.items() if interval is not None},
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table, its first column left and the others right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def outcome_table(names: list[str], outcomes: Outcomes, *, of: str, spec: str) -> str:
    """Return one row per design: published, and predicted from the others."""
    rows = []
    for name, (true, seen) in zip(names, outcomes, strict=True):
        span = f"{seen.low:{spec}} to {seen.high:{spec}}"
        error = f"{100 * (seen.value / true - 1):+.1f}%"
        inside = "yes" if seen.low <= true <= seen.high else "no"
        rows.append([name, f"{true:{spec}}", f"{seen.value:{spec}}", span, error, inside])
    head = ["Design", f"Published {of}", f"Predicted {of}", "90% interval", "Error", "Inside"]
    return table([head[0] + f" ({of})", *head[1:]], rows)


def register_table(references: list[tuple[str, Registers]]) -> str:
    """Return one row per published model file."""
    rows = []
    for title, one in references:
        for adders in CUTS:
            seen, bits = one.ff[adders], one.bits[adders]
            span = f"{seen.low:,.0f} to {seen.high:,.0f}"
            cells = [adders, one.stages[adders], f"{bits:,}", f"{seen.value:,.0f}", span]
            rows.append([title, *map(str, cells), f"{seen.value / bits:.2f}"])
    head = ["Registers of", "Adders a stage", "Stages", "Register bits", "Estimated FF"]
    return table([*head, "90% interval", "FF / bits"], rows)


def yosys_table(titles: dict[str, str]) -> tuple[str, int, int]:
    """Return Yosys' FF at several cuts, how many there are, and how many lie in the interval."""
    rows, inside = [], 0
    for one in json.loads(CUTS_FILE.read_text(encoding="utf-8")):
        seen = registers.ff_from_bits(one["bits"])
        within = seen.low <= one["ff"] <= seen.high
        inside += within
        span = f"{seen.low:,.0f} to {seen.high:,.0f}"
        cells = [str(one["adders"]), f"{one['bits']:,}", f"{one['ff']:,}"]
        share = f"{one['ff'] / one['bits']:.2f}"
        rows.append([titles[one["model"]], *cells, share, span, "yes" if within else "no"])
    head = ["Yosys at other cuts", "Adders a stage", "Register bits", "Yosys FF", "FF / bits"]
    return table([*head, "90% interval", "Inside"], rows), len(rows), inside


def hls_errors() -> tuple[str, str]:
    """Return the errors of FF in proportion to LUT for HLS, and its interval as a factor."""
    from scipy.stats import t

    ratios = np.array([ff / lut for lut, ff in zip(*registers.hls_designs(), strict=True)])
    others = [np.delete(ratios, i) for i in range(len(ratios))]
    errors = [np.exp(np.log(o).mean()) / r - 1 for o, r in zip(others, ratios, strict=True)]
    spread = np.log(ratios).std(ddof=1) * np.sqrt(1 + 1 / len(ratios))
    factor = np.exp(t.ppf((1 + registers.COVERAGE) / 2, len(ratios) - 1) * spread)
    return " and ".join(f"{100 * error:+.0f}%" for error in errors), f"{factor:.0f}"


def statistics(outcomes: Outcomes) -> tuple[str, str, int]:
    """Return mean and largest error in per cent, and how many lie inside their interval."""
    errors = np.array([abs(seen.value / true - 1) for true, seen in outcomes])
    inside = sum(seen.low <= true <= seen.high for true, seen in outcomes)
    return f"{100 * errors.mean():.1f}%", f"{100 * errors.max():.1f}%", inside


def cut_values(titles: dict[str, str], mlp: Registers) -> dict[str, str]:
    """Return what the page says of FF at other cuts, and of HLS."""
    whole, seen = registers.ff_from_bits(10**6), mlp.ff[5]
    yosys, count, inside = yosys_table(titles)
    errors, factor = hls_errors()
    shares = registers.bits_per_cost()
    filled = {
        "CUT_PER_BIT": f"{whole.value / 1e6:.2f}",
        "CUT_LOW": f"{100 * (whole.low / whole.value - 1):+.0f}%",
        "CUT_HIGH": f"{100 * (whole.high / whole.value - 1):+.0f}%",
        "SHARE_MIN": f"{shares.min():.2f}",
        "SHARE_MAX": f"{shares.max():.2f}",
        "MLP_FF": f"{MLP_FF:,}",
        "MLP_SEEN": f"{seen.value:,.0f}",
        "MLP_SPAN": f"{seen.low:,.0f} to {seen.high:,.0f}",
        "MLP_ERROR": f"{100 * (seen.value / MLP_FF - 1):+.1f}%",
        "YOSYS_CUTS": yosys,
        "YOSYS_N": count,
        "YOSYS_INSIDE": inside,
        "HLS_ERRORS": errors,
        "HLS_FACTOR": factor,
    }
    return {name: str(value) for name, value in filled.items()}


def values(calibration: dict[str, Any], references: list[tuple[str, Registers]]) -> dict[str, str]:
    """Return what the page says of registers and clock."""
    ff, clock = registers.ff_leave_one_out(), registers.clock_leave_one_out()
    cost, flip_flops = registers.ff_designs()
    cycles, period, _ = registers.clocks()
    whole = registers.ff_from_cost(1e6)
    ends = [registers.clock_from_cycles(int(n)) for n in (cycles.min(), cycles.max())]
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
