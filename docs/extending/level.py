"""Template of a level: the adder graph in da4ml's own interpreter."""

from jetmix.support.arrays import Floats
from jetmix.verification.bench import Bench, Outputs
from jetmix.verification.divergence import layers
from jetmix.verification.emulator.emulator import Emulator


def require_tools() -> None:
    """Look for the programs that the level needs: none here, else ``support.tools.require``."""


def run(bench: Bench) -> Outputs:
    """Return the outputs for all vectors; what is built is kept in a folder of the synthesis."""
    interpreter = Emulator(graph=bench.graph, input_shape=bench.vectors.x.shape[1:])
    return Outputs.of(interpreter, bench.vectors)


def trace(bench: Bench, x: Floats) -> str:
    """Return the layers between which one vector, (1, *input shape), first differs from Keras."""
    found = layers.graph_inputs(bench.model, x, delay_constraint=bench.delay_constraint)
    return layers.first_difference(bench.model, layers.keras_inputs(bench.model, x), found)
