"""LUT and latency of a tagger without any synthesis tool, from its DA graph."""

from collections.abc import Sequence
from dataclasses import replace

from jetmix.firmware import da_graph, dais
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.parts import Part
from jetmix.firmware.project import DA4ML, Flow
from jetmix.resources import registers
from jetmix.resources.lut import Costs, lut_of, per_adder_cost, table_designs
from jetmix.resources.origins import PIPELINE_MODEL
from jetmix.resources.report import Interval, ResourceReport

# An adder and the way to the next one take about this long in the published designs, which put 5
# adders into a stage at 5 ns (arXiv 2507.04535); a stage holds at least two.
NS_PER_ADDER = 1.0
MIN_ADDERS_PER_STAGE = 2
NOTE = (
    "LUT from the {engine} cost, 90% prediction interval from published post-route designs{more}; "
    "latency from a delay model of {adders} adders per stage"
)
CONVERTED = " of da4ml and from LUT of Yosys for the same models by both engines"
WITH_TABLES = "; lookup tables are {share:.0%} of the cost, their LUT from {n} published taggers"
NO_DSP = "distributed arithmetic needs no DSPs"
DSP_UNKNOWN = "DSPs unknown: the model multiplies two variables"


def adders_per_stage(clock_period_ns: float) -> int:
    """Return how many adders fit between two registers at a clock period in ns."""
    return max(MIN_ADDERS_PER_STAGE, int(clock_period_ns / NS_PER_ADDER))


def estimate(
    graph: DaGraph,
    *,
    part: Part,
    clock_period_ns: float,
    flows: Sequence[Flow] = ("hls4ml",),
    slr_registers: int = 0,
) -> ResourceReport:
    """Return the estimated resources and latency of a DA graph.

    FF and the achieved clock are those of the Verilog, and the clock is stated only where published
    designs show it (:mod:`jetmix.resources.registers`). ``slr_registers`` are those for crossings
    of SLRs at each end of the Verilog.
    """
    costs = Costs.of(graph)
    lut = lut_of(costs)
    adders = adders_per_stage(clock_period_ns)
    cycles, bits = da_graph.pipeline_registers(graph, adders_per_stage=adders)
    multiplies = dais.uses_multipliers(graph)
    notes = [_note(costs, adders), DSP_UNKNOWN if multiplies else NO_DSP]
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
    ff, source = registers.ff_of(adders=adders, cost=_as_da4ml(costs), bits=bits)
    report = replace(report, note="; ".join([*notes, source]))
    return _with_crossings(_with_clock(_with_ff(report, ff), part, adders), graph, slr_registers)


def _note(costs: Costs, adders: int) -> str:
    more = "" if costs.engine == DA4ML else CONVERTED
    if costs.tables:
        designs = len(table_designs(costs.engine))
        more += WITH_TABLES.format(share=costs.tables / costs.whole, n=designs)
    return NOTE.format(engine=costs.engine, more=more, adders=adders)


def _as_da4ml(costs: Costs) -> float:
    """Return the cost that da4ml would give, which FF are calibrated for."""
    return costs.whole * per_adder_cost(costs.engine).value / per_adder_cost(DA4ML).value


def _with_ff(report: ResourceReport, ff: Interval) -> ResourceReport:
    value, low, high = (round(end) for end in (ff.value, ff.low, ff.high))
    return replace(report, ff=value, ff_low=low, ff_high=high)


def _with_crossings(report: ResourceReport, graph: DaGraph, registers: int) -> ResourceReport:
    """Add registers for crossings of SLRs at both ends of the Verilog, which are counted exactly.

    Args:
        report: the estimate without them.
        graph: the graph, for the bits of its ports.
        registers: how many lie at each end.
    """
    if not registers or report.ff is None:
        return report
    kifs = (graph.inp_kifs, graph.out_kifs)
    more = registers * sum(int(kif.sum(axis=0).clip(min=0).sum()) for kif in kifs)
    return replace(
        report,
        ff=report.ff + more,
        ff_low=(report.ff_low or 0) + more,
        ff_high=(report.ff_high or 0) + more,
        latency_cycles=(report.latency_cycles or 0) + 2 * registers,
        note=f"{report.note}; {more} FF in {registers} registers for SLR crossings at each end",
    )


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
