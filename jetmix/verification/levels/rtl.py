"""The level 'rtl': the Verilog, clock by clock in Verilator."""

import time

from jetmix.firmware import da_graph
from jetmix.firmware.engines.registry import name_of
from jetmix.support import tools
from jetmix.support.arrays import Reals
from jetmix.verification.bench import TRACED, Bench, Outputs
from jetmix.verification.divergence import pipeline
from jetmix.verification.simulators import rtl, verilator
from jetmix.verification.simulators.rtl import RtlSim
from jetmix.verification.vectors import VectorSet

FOLDER = "rtl-sim"


def require_tools() -> None:
    """Look for Verilator and for what compiles its C++."""
    tools.require("g++")
    tools.require("make")
    verilator.find_verilator()


def run(bench: Bench) -> Outputs:
    """Compile the Verilog and feed it one vector per clock."""
    simulation = rtl.build(bench.projects["rtl"], bench.folder / FOLDER)
    return clocked(simulation, bench.vectors, bench.reference)


def trace(bench: Bench, x: Reals) -> str:
    """Return the first pipeline stage whose registers differ, and its layers."""
    return pipeline.first_difference(
        bench.projects["rtl"], bench.graph, layers_of(bench), x, bench.folder / TRACED
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
