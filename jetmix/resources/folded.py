"""What a folded tagger takes: its pipelines as any graph, and what lies between them.

Between the pipelines lie registers, the multiplexers of corner turns, shift registers and adders.
FF and shift registers are counted; the LUT per bit of turns, and of all particles at once that are
sent beat by beat, are measured ones, in ``folded.toml``.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from math import ceil, log2, prod

import numpy as np

from jetmix.firmware.folding.machine import Folding, Link, Machine
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.parts import Part
from jetmix.firmware.project import Given
from jetmix.resources.estimate import estimate
from jetmix.resources.report import ResourceReport
from jetmix.support.packaged import packaged

# longest shift register in one LUT, and the shortest one that is none but registers
SHIFT, SHORTEST_SHIFT = 32, 3
NOTE = "{lut} LUT and {ff} FF of these lie between the pipelines, by cells as Yosys makes them"


@dataclass(frozen=True)
class Cells:
    """LUT and FF of what lies between pipelines."""

    lut: float = 0.0
    ff: float = 0.0

    def __add__(self, other: "Cells") -> "Cells":
        """Return both together."""
        return Cells(self.lut + other.lut, self.ff + other.ff)


def estimate_folded(
    machine: Machine, *, part: Part, clock_period_ns: float, given: Given = "beats"
) -> ResourceReport:
    """Return the estimated resources and latency of a folded machine.

    Args:
        machine: the machine.
        part: the FPGA.
        clock_period_ns: target clock period in ns.
        given: how a jet comes in.
    """
    folding = machine.folding
    graphs = dict(zip((s.name for s in folding.sections), machine.graphs, strict=True))
    parts = {
        name: estimate(graph, part=part, clock_period_ns=clock_period_ns, flows=("rtl",))
        for name, graph in graphs.items()
    }
    between = between_sections(machine, given)
    reports = list(parts.values())

    def total(name: str, more: float) -> int:
        return round(sum(getattr(report, name) or 0 for report in reports) + more)

    note = NOTE.format(lut=round(between.lut), ff=round(between.ff))
    return ResourceReport(
        origin="estimate",
        part=part.full_name,
        lut=total("lut", between.lut),
        lut_low=total("lut_low", between.lut),
        lut_high=total("lut_high", between.lut),
        ff=total("ff", between.ff),
        ff_low=total("ff_low", between.ff),
        ff_high=total("ff_high", between.ff),
        dsp=None if any(report.dsp is None for report in reports) else 0,
        latency_cycles=folding.latency_cycles,
        latency_from=reports[0].latency_from,
        ii_cycles=folding.fold,
        clock_target_ns=clock_period_ns,
        note=f"{reports[-1].note}; {note}",
        lut_by_section={name: report.lut or 0.0 for name, report in parts.items()},
    )


@cache
def _measured() -> dict[str, dict[str, float]]:
    text = packaged("resources/folded.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def lut_per_bit(name: str, fold: int) -> float:
    """Return the LUT per bit of a beat of ``turn`` or ``send``, of the next fold measured."""
    known = {int(factor): lut for factor, lut in _measured()[name].items()}
    return known[min((n for n in known if n >= fold), default=max(known))]


def between_sections(machine: Machine, given: Given = "beats") -> Cells:
    """Return the cells between the pipelines of a machine, and of its control."""
    folding = machine.folding
    graphs = dict(zip((s.name for s in folding.sections), machine.graphs, strict=True))
    counter = ceil(log2(folding.fold))
    found = Cells(lut=2 + counter, ff=folding.sections[-1].ends + counter)
    if given == "parallel":
        elements = prod(folding.input_shape) // folding.fold
        bits = int(
            np.asarray(machine.graphs[0].inp_kifs)[:, :elements].sum(axis=0).clip(min=0).sum()
        )
        sent = lut_per_bit("send", folding.fold)
        found += Cells(lut=sent * bits, ff=(folding.fold - 1) * bits + counter)
    for link in folding.links:
        found += _link(folding, link, graphs[link.source])
    return found


def _link(folding: Folding, link: Link, graph: DaGraph) -> Cells:
    """Return the cells on the way of a value."""
    source, fold = folding.section(link.source), folding.fold
    count = prod(folding.beat_shape(link, source.domain))
    kifs = np.asarray(graph.out_kifs)[:, link.source_first : link.source_first + count]
    widths = kifs.sum(axis=0).clip(min=0)
    bits = int(widths.sum())
    waits = _shift(bits * (fold if link.kind == "collect" else 1), link.waits)
    if link.kind == "turn":
        bits = count * link.bits
        return waits + Cells(lut=lut_per_bit("turn", fold) * bits, ff=(fold - 1) * bits + fold)
    if link.kind == "collect":
        return waits + Cells(ff=(fold - 1) * bits)
    if link.kind == "sum":
        total = bits + ceil(log2(fold)) * int((widths > 0).sum())
        return waits + Cells(lut=_measured()["sum"]["each"] * total, ff=total)
    return waits + Cells(ff=bits if link.kind == "hold" else 0)


def _shift(bits: int, clocks: int) -> Cells:
    """Return a shift register."""
    if clocks < SHORTEST_SHIFT:
        return Cells(ff=bits * clocks)
    whole, rest = divmod(clocks, SHIFT)
    # one clock more than a shift register holds takes a register, more take another one
    return Cells(lut=bits * (whole + (rest > 1)), ff=bits * (rest == 1))
