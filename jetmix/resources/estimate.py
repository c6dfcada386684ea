"""LUT and latency of a tagger without any synthesis tool, from its DA graph.

The model is one number: post-route LUT are proportional to the cost that da4ml gives to the graph
(about one LUT per bit of an adder). The ratio and its spread come from ``calibration.toml``.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from jetmix.firmware import da_graph, dais
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.parts import Part
from jetmix.firmware.project import Flow
from jetmix.resources import registers
from jetmix.resources.origins import PIPELINE_MODEL
from jetmix.resources.report import Interval, ResourceReport
from jetmix.support.arrays import Float64
from jetmix.support.packaged import packaged

COVERAGE = 0.90
# An adder and the way to the next one take about this long in the published designs, which put 5
# adders into a stage at 5 ns (arXiv 2507.04535); a stage holds at least two.
NS_PER_ADDER = 1.0
MIN_ADDERS_PER_STAGE = 2
NOTE = (
    "LUT from the da4ml cost, 90% prediction interval from published post-route designs; "
    "latency from a delay model of {adders} adders per stage"
)
NO_DSP = "distributed arithmetic needs no DSPs"
DSP_UNKNOWN = "DSPs unknown: the model multiplies two variables"


@cache
def calibration() -> tuple[Float64, Float64]:
    """Return da4ml cost and post-route LUT of the calibration designs, each (design,)."""
    text = packaged("resources/calibration.toml").read_text(encoding="utf-8")
    designs = tomllib.loads(text)["design"]
    cost = np.array([design["da4ml_cost"] for design in designs])
    return cost, np.array([design["lut"] for design in designs], dtype=np.float64)


def lut_from_cost(cost: float) -> Interval:
    """Predict post-route LUT from a da4ml cost.

    ``log(LUT / cost)`` is taken as normal with unknown mean and variance; the interval is the
    prediction interval of Student's t for a design that the fit has not seen.

    Args:
        cost: da4ml cost of the whole graph, not negative.

    Returns:
        Value and 90% prediction interval in LUT.

    Raises:
        ValueError: if the cost is negative or not finite.
    """
    if not np.isfinite(cost) or cost < 0:
        raise ValueError(f"the cost must be a number that is not negative, got {cost}")
    return _predict(cost, *calibration())


def _predict(cost: float, costs: Float64, luts: Float64) -> Interval:
    from scipy.stats import t

    log_ratio = np.log(luts / costs)
    n = len(log_ratio)
    spread = float(log_ratio.std(ddof=1)) * np.sqrt(1 + 1 / n)
    half = float(t.ppf((1 + COVERAGE) / 2, n - 1)) * spread
    centre = float(log_ratio.mean())
    low, value, high = (cost * float(np.exp(centre + d)) for d in (-half, 0.0, half))
    return Interval(value=round(value, 1), low=round(low, 1), high=round(high, 1))


def leave_one_out() -> list[tuple[float, Interval]]:
    """Return (true LUT, prediction without that design) for every calibration design."""
    costs, luts = calibration()
    rest = [np.arange(len(costs)) != i for i in range(len(costs))]
    return [
        (float(luts[i]), _predict(float(costs[i]), costs[keep], luts[keep]))
        for i, keep in enumerate(rest)
    ]


def adders_per_stage(clock_period_ns: float) -> int:
    """Return how many adders fit between two registers at a clock period in ns."""
    return max(MIN_ADDERS_PER_STAGE, int(clock_period_ns / NS_PER_ADDER))


def estimate(
    graph: DaGraph,
    *,
    part: Part,
    clock_period_ns: float,
    flows: Sequence[Flow] = ("hls4ml",),
) -> ResourceReport:
    """Return the estimated resources and latency of a DA graph.

    FF and the achieved clock are those of the Verilog, and the clock is stated only where published
    designs show it (:mod:`jetmix.resources.registers`).
    """
    lut = lut_from_cost(float(graph.cost))
    adders = adders_per_stage(clock_period_ns)
    cycles, bits = da_graph.pipeline_registers(graph, adders_per_stage=adders)
    multiplies = dais.uses_multipliers(graph)
    notes = [NOTE.format(adders=adders), DSP_UNKNOWN if multiplies else NO_DSP]
    report = ResourceReport(
        origin="estimate",
        part=part.full_name,
        lut=round(lut.value),
        lut_low=round(lut.low),
        lut_high=round(lut.high),
        dsp=None if multiplies else 0,
        latency_cycles=cycles,
        latency_from=PIPELINE_MODEL,
        ii_cycles=1,
        clock_target_ns=clock_period_ns,
    )
    if "rtl" not in flows:
        why = registers.why_unknown()
        notes.append(f"FF: not estimated. {why}")
        return replace(report, ff_unknown=why, note="; ".join(notes))
    ff, source = registers.ff_of(adders=adders, cost=float(graph.cost), bits=bits)
    report = replace(report, note="; ".join([*notes, source]))
    return _with_clock(_with_ff(report, ff), part, adders)


def _with_ff(report: ResourceReport, ff: Interval) -> ResourceReport:
    value, low, high = (round(end) for end in (ff.value, ff.low, ff.high))
    return replace(report, ff=value, ff_low=low, ff_high=high)


def _with_clock(report: ResourceReport, part: Part, adders: int) -> ResourceReport:
    """Add the clock of Verilog, where published designs are like this one."""
    cycles, target = report.latency_cycles or 0, report.clock_target_ns or 0.0
    if not registers.knows_clock(adders=adders, part=part, target_ns=target, cycles=cycles):
        return report
    clock = registers.clock_from_cycles(cycles)
    return replace(
        report,
        clock_achieved_ns=clock.value,
        clock_achieved_low_ns=clock.low,
        clock_achieved_high_ns=clock.high,
    )
