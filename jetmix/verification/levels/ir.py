"""The level 'ir': the adder graph itself, in integers."""

import time
from pathlib import Path

import numpy as np

from jetmix.firmware.engines.registry import name_of
from jetmix.firmware.folding.machine import Machine
from jetmix.firmware.verilog import read_ports
from jetmix.support.arrays import Reals
from jetmix.verification.bench import Bench, Outputs
from jetmix.verification.divergence import folded, layers
from jetmix.verification.emulator.clocked import ClockedEmulator
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.simulators.rtl import unpack
from jetmix.verification.simulators.traffic import RESET, START, signals, traffic
from jetmix.verification.simulators.waveform import answers, write_csv


def require_tools() -> None:
    """Do nothing: without g++ the graph is run by da4ml's interpreter, with the same bits."""


def run(bench: Bench) -> Outputs:
    """Run the graph of the folder in the emulator, or the folded machine.

    A machine runs beat by beat, or where a waveform is wanted clock by clock.
    """
    machine = Machine.read(bench.folder)
    if machine is not None and bench.waveform is not None:
        return _clock_by_clock(machine, bench, bench.waveform)
    if machine is not None:
        return Outputs.of(machine, bench.vectors)
    return Outputs.of(Emulator.load(bench.folder).flat, bench.vectors)


def _clock_by_clock(machine: Machine, bench: Bench, path: Path) -> Outputs:
    """Send the vectors as the level 'rtl' does, and write what the ports carry."""
    ports, start = read_ports(bench.projects["rtl"].path), time.monotonic()
    made = traffic(len(bench.vectors.x), fold=ports.fold, latency=ports.latency_cycles)
    control, inputs = signals(bench.vectors.x, made, ports)
    emulator = ClockedEmulator(machine, ports.input or "beats")
    values = unpack(inputs, np.array(ports.inputs, dtype=np.int64))
    seen = emulator.run(values, control & START > 0, control & RESET > 0)
    write_csv(path, control, inputs, seen, ports)
    found = answers(made, seen, ports)
    return Outputs(
        values=found.values,
        lsb=machine.lsb,
        seconds=round(time.monotonic() - start, 3),
        latency_cycles=found.latency_cycles,
        ii_cycles=found.ii_cycles,
        latency_expected_cycles=ports.latency_cycles,
    )


def trace(bench: Bench, x: Reals) -> str:
    """Return the layers between which the graph, or folded machine, first differs from Keras."""
    if bench.machine is not None:
        return folded.first_difference(bench, x)
    found = layers.graph_inputs(
        bench.model, x, delay_constraint=bench.delay_constraint, by=name_of(bench.graph)
    )
    return layers.first_difference(
        bench.model, layers.keras_inputs(bench.model, x, bench.precision), found
    )
