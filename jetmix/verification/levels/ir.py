"""The level 'ir': the adder graph itself, in integers."""

from jetmix.firmware.engines.registry import name_of
from jetmix.support.arrays import Reals
from jetmix.verification.bench import Bench, Outputs
from jetmix.verification.divergence import layers
from jetmix.verification.emulator.emulator import Emulator


def require_tools() -> None:
    """Do nothing: without g++ the graph is run by da4ml's interpreter, with the same bits."""


def run(bench: Bench) -> Outputs:
    """Run the graph of the folder in the emulator."""
    return Outputs.of(Emulator.load(bench.folder).flat, bench.vectors)


def trace(bench: Bench, x: Reals) -> str:
    """Return the layers between which the graph first differs from Keras."""
    found = layers.graph_inputs(
        bench.model, x, delay_constraint=bench.delay_constraint, by=name_of(bench.graph)
    )
    return layers.first_difference(
        bench.model, layers.keras_inputs(bench.model, x, bench.precision), found
    )
