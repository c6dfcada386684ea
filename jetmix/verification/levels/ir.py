"""The level 'ir': the adder graph itself, in integers."""

from jetmix.firmware.engines.registry import name_of
from jetmix.firmware.folding.machine import Machine
from jetmix.support.arrays import Reals
from jetmix.verification.bench import Bench, Outputs
from jetmix.verification.divergence import folded, layers
from jetmix.verification.emulator.emulator import Emulator


def require_tools() -> None:
    """Do nothing: without g++ the graph is run by da4ml's interpreter, with the same bits."""


def run(bench: Bench) -> Outputs:
    """Run the graph of the folder in the emulator, or the folded machine beat by beat."""
    machine = Machine.read(bench.folder)
    if machine is not None:
        return Outputs.of(machine, bench.vectors)
    return Outputs.of(Emulator.load(bench.folder).flat, bench.vectors)


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
