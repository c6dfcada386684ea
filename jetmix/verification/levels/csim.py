"""The level 'csim': the C++ of the HLS project, compiled with g++."""

from jetmix.support import tools
from jetmix.support.arrays import Floats
from jetmix.verification.bench import TRACED, Bench, Outputs
from jetmix.verification.divergence import layers
from jetmix.verification.simulators import csim

FOLDER = "csim"


def require_tools() -> None:
    """Look for the compiler."""
    tools.require("g++")


def run(bench: Bench) -> Outputs:
    """Compile the C++ and run it."""
    return Outputs.of(csim.build(bench.projects["hls4ml"], bench.folder / FOLDER), bench.vectors)


def trace(bench: Bench, x: Floats) -> str:
    """Return the layers between which the C++ first differs from Keras."""
    found = layers.csim_inputs(bench.model, bench.projects["hls4ml"], x, bench.folder / TRACED)
    return layers.first_difference(bench.model, layers.keras_inputs(bench.model, x), found)
