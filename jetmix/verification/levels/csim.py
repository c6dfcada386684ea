"""The level 'csim': the C++ of the HLS project, compiled with g++."""

from jetmix.support import tools
from jetmix.support.arrays import Reals
from jetmix.verification.bench import TRACED, Bench, Outputs
from jetmix.verification.divergence import layers, whole
from jetmix.verification.levels.rtl import layers_of
from jetmix.verification.simulators import csim

FOLDER = "csim"


def require_tools() -> None:
    """Look for the compiler."""
    tools.require("g++")


def run(bench: Bench) -> Outputs:
    """Compile the C++ and run it."""
    return Outputs.of(csim.build(bench.projects["hls4ml"], bench.folder / FOLDER), bench.vectors)


def trace(bench: Bench, x: Reals) -> str:
    """Return where the C++ first differs: from Keras, or as a whole graph from that graph."""
    project, folder = bench.projects["hls4ml"], bench.folder / TRACED
    if project.way == "graph":
        return whole.first_difference(project, bench.graph, layers_of(bench), x, folder)
    found = layers.csim_inputs(bench.model, project, x, folder)
    return layers.first_difference(
        bench.model, layers.keras_inputs(bench.model, x, bench.precision), found
    )
