"""The level 'rtl': the Verilog, clock by clock in Verilator."""

import time

from jetmix.firmware import da_graph
from jetmix.firmware.engines.registry import name_of
from jetmix.support import tools
from jetmix.support.arrays import Reals
from jetmix.verification.bench import TRACED, Bench, Outputs
from jetmix.verification.divergence import beats, pipeline
from jetmix.verification.simulators import folded, rtl, verilator
from jetmix.verification.simulators.folded import FoldedSim
from jetmix.verification.simulators.rtl import RtlSim
from jetmix.verification.vectors import VectorSet

FOLDER = "rtl-sim"


def require_tools() -> None:
    """Look for Verilator and for what compiles its C++."""
    tools.require("g++")
    tools.require("make")
    verilator.find_verilator()


def run(bench: Bench) -> Outputs:
    """Compile the Verilog and feed it one vector per clock, or as folded Verilog takes them."""
    if bench.machine is not None:
        return in_beats(folded.build(bench.projects["rtl"], bench.folder / FOLDER), bench)
    simulation = rtl.build(bench.projects["rtl"], bench.folder / FOLDER)
    return clocked(simulation, bench.vectors, bench.reference)


def trace(bench: Bench, x: Reals) -> str:
    """Return the first pipeline stage whose registers differ, and its layers.

    Of folded Verilog it is the first pipeline whose inputs or outputs do, with beat and bit.
    """
    if bench.machine is not None:
        return beats.first_difference(
            bench.machine, bench.projects["rtl"], x, bench.folder / TRACED
        )
    return pipeline.first_difference(
        bench.projects["rtl"], bench.graph, layers_of(bench), x, bench.folder / TRACED
    )


def in_beats(simulation: FoldedSim, bench: Bench) -> Outputs:
    """Return the outputs of folded Verilog for jets on end, with gaps and with resets."""
    start = time.monotonic()
    found = simulation.run(bench.vectors.x)
    return Outputs(
        values=found.values,
        lsb=simulation.lsb,
        seconds=round(time.monotonic() - start, 3),
        latency_cycles=found.latency_cycles,
        ii_cycles=found.ii_cycles,
        latency_expected_cycles=simulation.ports.latency_cycles,
    )


def layers_of(bench: Bench) -> list[str]:
    """Return the layer of every operation of the graph."""
    traces = da_graph.trace_layers(
        bench.model, delay_constraint=bench.delay_constraint, by=name_of(bench.graph)
    )
    return da_graph.layer_of_operations(traces, bench.graph)


def clocked(simulation: RtlSim, vectors: VectorSet, reference: Reals) -> Outputs:
    """Return the outputs of a simulation that takes one vector per clock (II = 1).

    The latency is the shift at which most outputs agree with the reference.
    """
    start = time.monotonic()
    clocks = simulation.run(vectors.x)
    seconds = round(time.monotonic() - start, 3)
    latency = rtl.align(clocks, reference, expected=simulation.latency_cycles)
    return Outputs(
        values=rtl.results(clocks, latency, len(reference)),
        lsb=simulation.lsb,
        seconds=seconds,
        latency_cycles=latency,
        ii_cycles=1,
        latency_expected_cycles=simulation.latency_cycles,
    )
