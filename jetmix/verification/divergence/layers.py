"""Where two levels differ first: the first place in order of data flow.

Values are compared as each layer's quantisers take them: there every level must hold the same bits,
while between two quantisers hls4ml keeps only those bits that the next one can use.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.firmware import da_graph
from jetmix.firmware.graph import DELAY_CONSTRAINT
from jetmix.firmware.project import DA4ML, TOP, EngineName, FirmwareProject
from jetmix.support.arrays import Float64, Floats
from jetmix.verification.divergence.traced_cpp import TRACER, traced_values

# quantised inputs of layers: one array for each input of the layer, None where it is not known
LayerInputs = Mapping[str, list[Float64 | None]]

_CALL = re.compile(r"^    nnet::.*, (\w+)\); // (\w+)$", re.MULTILINE)


def first_difference(model: Any, reference: LayerInputs, candidate: LayerInputs) -> str:
    """Return the first two layers between which two levels differ, such as ``mean -> head_1``.

    It is the layer whose output differs, and the one that takes it. Where no quantised input
    differs it is the last layer and the model's output.
    """
    for layer in model.layers:
        for place, (right, got) in enumerate(
            zip(reference.get(layer.name, []), candidate.get(layer.name, []), strict=False)
        ):
            if right is not None and got is not None and not np.array_equal(right, got):
                return f"{_source(layer, place)} -> {layer.name}"
    return f"{model.layers[-1].name} -> output"


def keras_inputs(model: Any, x: Floats) -> LayerInputs:
    """Return the quantised inputs of all layers for one vector, float32 (1, *input shape)."""
    import keras

    layers = [layer for layer in model.layers if _quantisers(layer)]
    inputs = [tensor for layer in layers for tensor in _tensors(layer)]
    values = keras.Model(model.inputs, inputs).predict(x, verbose=0) if inputs else []
    values = iter(values if isinstance(values, list) else [values])
    return {
        layer.name: [
            np.asarray(keras.ops.convert_to_numpy(quantiser(next(values))), np.float64).ravel()
            for quantiser in _quantisers(layer)
        ]
        for layer in layers
    }


def graph_inputs(
    model: Any, x: Floats, *, delay_constraint: int = DELAY_CONSTRAINT, by: EngineName = DA4ML
) -> LayerInputs:
    """Return the quantised inputs of all layers in the DA graph, traced anew."""
    traces = da_graph.trace_layers(model, delay_constraint=delay_constraint, by=by)
    graph, places = da_graph.layered(traces)
    values = np.asarray(graph.predict(x.reshape(1, -1).astype(np.float64))).ravel()
    found: dict[str, list[Float64 | None]] = {}
    for layer in model.layers:
        if f"/{layer.name}/post_iq" in places:
            ends = np.cumsum([array.size for array in traces[f"/{layer.name}/post_iq"]])
            taken = values[places[f"/{layer.name}/post_iq"]]
            found[layer.name] = list(np.split(taken, ends[:-1]))
    return found


def csim_inputs(model: Any, project: FirmwareProject, x: Floats, folder: Path) -> LayerInputs:
    """Return the quantised inputs of all layers in the C++, compiled anew to write them.

    Args:
        model: the Keras model, for the names of its quantisers.
        project: the HLS project; it is not changed.
        x: one vector, float32 (1, *input shape).
        folder: where to compile; it is emptied.
    """
    values = traced_values(project, {f"firmware/{TOP}.cpp": with_traces}, x, folder)
    return {
        layer.name: [values.get(quantiser.name) for quantiser in _quantisers(layer)]
        for layer in model.layers
    }


def with_traces(text: str) -> str:
    """Return the top function with every layer's output written to a file."""
    sizes = dict(re.findall(r"^    \w+ (layer\d+_out)\[([\d*]+)\];", text, re.MULTILINE))

    def traced(call: re.Match[str]) -> str:
        array, name = call.groups()
        if array not in sizes:
            return call[0]
        return f'{call[0]}\n    jetmix_trace("{name}", {array}, {sizes[array]});'

    head, body = text.split(f"void {TOP}(", 1)
    return f"{head}{TRACER}\nvoid {TOP}({_CALL.sub(traced, body)}"


def _quantisers(layer: Any) -> list[Any]:
    if not getattr(layer, "enable_iq", False):
        return []
    found = getattr(layer.iq, "quantizers", None)
    return list(found) if found is not None else [layer.iq]


def _tensors(layer: Any) -> list[Any]:
    return list(layer.input) if isinstance(layer.input, list | tuple) else [layer.input]


def _source(layer: Any, place: int) -> str:
    return str(_tensors(layer)[place]._keras_history.operation.name)
