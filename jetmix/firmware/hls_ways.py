"""Which of two ways a tagger takes into its Vitis HLS project, and why.

hls4ml lowers it layer by layer where every layer is of a kind that hls4ml is known to carry
exactly. Any other tagger goes as a whole: its graph becomes one combinational function.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jetmix.errors import LoweringError
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.hls import write_project
from jetmix.firmware.hls_whole import write_whole
from jetmix.firmware.parts import Part
from jetmix.firmware.project import TOP, FirmwareProject
from jetmix.models.calls import calls_of
from jetmix.models.prepare import shown
from jetmix.models.signature import Port, Signature
from jetmix.support.arrays import Floats

# Kinds of layers that hls4ml carries exactly, and where that was seen: bit for bit in the C
# simulation, on random vectors inside and beyond the ranges. A kind is added with its evidence.
# Not exact, or refused by hls4ml: Keras' own ReLU, QUnaryFunctionLUT, QEinsumDense that sums an
# axis, inputs without a quantiser. Not tried in every form: QSoftmax and attention.
EXACT_IN_HLS4ML: Mapping[str, str] = MappingProxyType(
    {
        "InputLayer": "every tagger",
        "Reshape": "published Mixers",
        "Flatten": "MLPs on particles",
        "Permute": "small model with Permute, Reshape and Flatten",
        "QDense": "hlf-mlp; published MLP on the CERNBox features",
        "QBatchNormDense": "published Mixers",
        "QEinsumDense": "mlp, deepsets, gnn and mixer",
        "QEinsumDenseBatchnorm": "published Mixers, GNNs and MLPs",
        "QAdd": "published Mixers and GNNs",
        "QSum": "published GNNs, with the mends of hls4ml_patches",
        "QMultiply": "small model with a gate",
        "QBatchNormalization": "small model, before and after a dense layer",
        "QConv1D": "small models with each pooling below",
        "QConv2D": "small models with strides and padding",
        "QAveragePooling1D": "small models of lengths 2 and 3, and with padding",
        "QGlobalAveragePooling1D": "small model",
        "QGlobalMaxPooling1D": "small model",
        "QMaxPooling2D": "small model",
        "Concatenate": "small model of two branches",
    }
)
# options of convolutions and pooling with which they were seen to be exact
USUAL = {"groups": 1, "dilation_rate": 1, "data_format": "channels_last"}
# of quantisers of values; those of weights may be any, since weights are constants
EXACT_ROUNDING = ("RND", "RND_CONV", "TRN")
EXACT_OVERFLOW = ("WRAP", "SAT")
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
    top: str = TOP,
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
        top: name of the top function.

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
                top=top,
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
        top=top,
    )
    return replace(project, way="graph", why=shown(why, names))


def _several(ports: Sequence[Port], what: str) -> str:
    return f"{len(ports)} {what}{'' if len(ports) == 1 else 's'}"


def not_for_hls4ml(model: Any, ports: Signature) -> str:
    """Return why a prepared model does not go through hls4ml, nothing if it does."""
    if len(ports.inputs) > 1 or len(ports.outputs) > 1:
        return f"{_several(ports.inputs, 'input')} and {_several(ports.outputs, 'output')}"
    uses = Counter(id(call.layer) for call in calls_of(model))
    for layer in model.layers:
        twice = ["it is used more than once"] if uses[id(layer)] > 1 else []
        for why in (*_doubts(layer), *twice):
            return f"layer {layer.name}: {why}"
    return ""


def _doubts(layer: Any) -> Iterator[str]:
    kind = type(layer).__name__
    if kind not in EXACT_IN_HLS4ML:
        yield f"{kind} is not known to be exact in hls4ml"
        return
    for name, usual in USUAL.items():
        given = getattr(layer, name, usual)
        if {*(given if isinstance(given, tuple) else (given,))} != {usual}:
            yield f"{kind} with {name} {given} is not known to be exact in hls4ml"
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if activation not in EXACT_ACTIVATIONS:
        yield f"the activation {activation} is not known to be exact in hls4ml"
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
