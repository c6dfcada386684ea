"""Which of two ways a tagger takes into its Vitis HLS project, and why.

hls4ml lowers it layer by layer where every layer is of a kind that hls4ml is known to carry
exactly. Any other tagger goes as a whole: its graph becomes one combinational function.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jetmix.errors import LoweringError
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.hls import write_project
from jetmix.firmware.hls_whole import write_whole
from jetmix.firmware.parts import Part
from jetmix.firmware.project import FirmwareProject
from jetmix.models.prepare import shown
from jetmix.models.signature import Signature
from jetmix.support.arrays import Floats

# Kinds of layers that hls4ml carries exactly, and where that was seen: bit for bit in the C
# simulation, on random vectors inside and beyond the ranges. A kind is added with its evidence.
EXACT_IN_HLS4ML: Mapping[str, str] = MappingProxyType(
    {
        "InputLayer": "every tagger",
        "Reshape": "every Mixer",
        "Flatten": "every MLP of jetmix",
        "QDense": "hlf-mlp and the cernbox MLP of published models",
        "QEinsumDense": "mlp, deepsets, gnn and mixer of jetmix",
        "QEinsumDenseBatchnorm": "published Mixers, GNNs and MLPs",
        "QAdd": "published Mixers and GNNs",
        "QSum": "published GNNs, with the mends of hls4ml_patches",
    }
)
EXACT_ROUNDING = ("RND", "TRN")
EXACT_OVERFLOW = ("WRAP",)
EXACT_ACTIVATIONS = ("linear", "relu")


def write_hls(
    model: Any,
    graph: DaGraph,
    ports: Signature,
    destination: Path,
    *,
    part: Part,
    clock_period_ns: float,
    test_bench: tuple[Floats, Floats],
    delay_constraint: int,
    names: Mapping[str, str],
) -> FirmwareProject:
    """Write the Vitis HLS project of a tagger, by hls4ml or, where that is not exact, of its graph.

    Args:
        model: the prepared Keras model.
        graph: its graph, of any engine.
        ports: its inputs and outputs.
        destination: folder that does not exist yet.
        part: the FPGA.
        clock_period_ns: target clock period in ns.
        test_bench: input vectors (vector, ...) and the Keras outputs for them (vector, output).
        delay_constraint: how many adders deeper than the shallowest an adder tree of hls4ml may be.
        names: the user's own name of each layer that was renamed.

    Raises:
        LoweringError: if the graph has no form in C++, or hls4ml's files are not as expected.
    """
    why = not_for_hls4ml(model, ports)
    if not why:
        try:
            project = write_project(
                model,
                destination,
                part=part,
                clock_period_ns=clock_period_ns,
                inputs=test_bench[0],
                outputs=test_bench[1],
                delay_constraint=delay_constraint,
            )
            return replace(project, way="hls4ml")
        except LoweringError as error:
            why = f"{error.where}: {error.what}" if error.where else error.what
    project = write_whole(
        graph,
        ports,
        destination,
        part=part,
        clock_period_ns=clock_period_ns,
        test_bench=test_bench,
    )
    return replace(project, way="graph", why=shown(why, names))


def not_for_hls4ml(model: Any, ports: Signature) -> str:
    """Return why a prepared model does not go through hls4ml, nothing if it does."""
    if len(ports.inputs) > 1 or len(ports.outputs) > 1:
        return f"{len(ports.inputs)} inputs and {len(ports.outputs)} outputs"
    return next(
        (f"layer {layer.name}: {why}" for layer in model.layers for why in _doubts(layer)), ""
    )


def _doubts(layer: Any) -> Iterator[str]:
    kind = type(layer).__name__
    if kind not in EXACT_IN_HLS4ML:
        yield f"{kind} is not known to be exact in hls4ml"
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if activation not in EXACT_ACTIVATIONS:
        yield f"the activation {activation} is not known to be exact in hls4ml"
    if len(layer._inbound_nodes) > 1:
        yield "hls4ml cannot use a layer twice"
    for quantiser in quantisers(layer):
        modes = (quantiser.round_mode.upper(), quantiser.overflow_mode.upper())
        if modes[0] not in EXACT_ROUNDING or modes[1] not in EXACT_OVERFLOW:
            yield f"a quantiser with {modes[0]} and {modes[1]} is not known to be exact in hls4ml"


def quantisers(layer: Any) -> Iterator[Any]:
    """Yield the inner quantisers of a layer's inputs and outputs."""
    for name in ("iq", "oq"):
        if getattr(layer, f"enable_{name}", False):
            outer = getattr(layer, name)
            for quantiser in getattr(outer, "quantizers", [outer]):
                yield quantiser.quantizer
