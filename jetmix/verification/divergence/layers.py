"""Where two levels differ first: the first place in order of data flow.

Values are compared as each layer's quantisers take them: there every level must hold the same bits,
while between two quantisers hls4ml keeps only those bits that the next one can use.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.firmware import da_graph
from jetmix.firmware.graph import DELAY_CONSTRAINT
from jetmix.firmware.project import DA4ML, TOP, EngineName, FirmwareProject
from jetmix.models.calls import Call, calls_of, keras_graph, origins
from jetmix.models.float64 import Precision, float64_twin
from jetmix.models.signature import Signature, split
from jetmix.support.arrays import Float64, Reals
from jetmix.verification.divergence.traced_cpp import TRACER, traced_values

# quantised inputs of layers: one array for each input of the layer, None where it is not known
LayerInputs = Mapping[str, list[Float64 | None]]

# key of what a layer gives, instead of what it takes
OUTPUT = "/final"

_CALL = re.compile(r"^    \w*nnet::.*, (\w+)\); // (\w+)$", re.MULTILINE)


def first_difference(model: Any, reference: LayerInputs, candidate: LayerInputs) -> str:
    """Return the first two layers between which two levels differ, such as ``mean -> head_1``.

    It is the layer whose output differs, and the one that takes it. Where nothing that both levels
    know differs it is the last layer and the model's output.
    """
    calls, source = calls_of(model), origins(model)
    for call in calls:
        for place, differs in enumerate(_differ(call.name, reference, candidate)):
            if differs:
                return f"{source[id(call.inputs[place])][0]} -> {call.name}"
        if any(_differ(f"{call.name}{OUTPUT}", reference, candidate)):
            return f"{call.name} -> {_taker(call, calls)}"
    return f"{calls[-1].name} -> output"


def _differ(name: str, reference: LayerInputs, candidate: LayerInputs) -> Iterator[bool]:
    for right, got in zip(reference.get(name, []), candidate.get(name, []), strict=False):
        yield right is not None and got is not None and not np.array_equal(right, got)


def _taker(call: Call, calls: Sequence[Call]) -> str:
    given = {id(tensor) for tensor in call.outputs}
    takers = (other.name for other in calls if given & {id(tensor) for tensor in other.inputs})
    return next(takers, "output")


def keras_inputs(model: Any, x: Reals, precision: Precision = "float32") -> LayerInputs:
    """Return what all layers take for one vector, (1, ...): as their quantisers take it.

    Of a layer whose quantisers lie within, such as attention, what it gives instead.

    Args:
        model: the Keras model.
        x: the vector.
        precision: what Keras computes in, that of the reference.

    Raises:
        LoweringError: if Keras cannot build the model in float64.
    """
    if precision == "float32":
        return _keras_inputs(model, x)
    with float64_twin(model) as twin:
        return _keras_inputs(twin, np.asarray(x, dtype=np.float64))


def _keras_inputs(model: Any, x: Reals) -> LayerInputs:
    import keras

    calls = [call for call in calls_of(model) if _is_quantised(call)]
    tensors = [tensor for call in calls for tensor in _watched(call)]
    if not tensors:
        return {}
    inner = keras_graph(model)
    given = split(x, Signature.of(inner).inputs)
    found = keras.Model(inner.inputs, tensors).predict(
        given if len(given) > 1 else given[0], verbose=0
    )
    values = iter(found if isinstance(found, list) else [found])
    return dict(_as_taken(call, [next(values) for _ in _watched(call)]) for call in calls)


def _as_taken(call: Call, values: Sequence[Any]) -> tuple[str, list[Float64 | None]]:
    import keras

    quantisers = quantisers_of(call.layer)
    if not quantisers:
        return f"{call.name}{OUTPUT}", [np.asarray(value, np.float64).ravel() for value in values]
    return call.name, [
        np.asarray(keras.ops.convert_to_numpy(quantiser(value)), np.float64).ravel()
        for quantiser, value in zip(quantisers, values, strict=True)
    ]


def graph_inputs(
    model: Any, x: Reals, *, delay_constraint: int = DELAY_CONSTRAINT, by: EngineName = DA4ML
) -> LayerInputs:
    """Return what all layers take or give in the graph, traced anew; see :func:`keras_inputs`."""
    traces = da_graph.trace_layers(model, delay_constraint=delay_constraint, by=by)
    graph, places = da_graph.layered(traces)
    values = np.asarray(graph.predict(x.reshape(1, -1).astype(np.float64))).ravel()
    found: dict[str, list[Float64 | None]] = {}
    for call in calls_of(model):
        taken = bool(quantisers_of(call.layer))
        place = f"/{call.name}/post_iq" if taken else f"/{call.name}/final"
        if _is_quantised(call) and place in places:
            ends = np.cumsum([array.size for array in traces[place]])
            key = call.name if taken else f"{call.name}{OUTPUT}"
            found[key] = list(np.split(values[list(places[place])], ends[:-1]))
    return found


def csim_inputs(model: Any, project: FirmwareProject, x: Reals, folder: Path) -> LayerInputs:
    """Return the quantised inputs of all layers in the C++, compiled anew to write them.

    Args:
        model: the Keras model, for the names of its quantisers.
        project: the HLS project; it is not changed.
        x: one vector, float32 (1, *input shape).
        folder: where to compile; it is emptied.
    """
    values = traced_values(
        project, {f"firmware/{project.top}.cpp": partial(with_traces, top=project.top)}, x, folder
    )
    return {
        layer.name: [values.get(quantiser.name) for quantiser in quantisers_of(layer)]
        for layer in model.layers
    }


def with_traces(text: str, top: str = TOP) -> str:
    """Return the top function ``top`` with every layer's output written to a file."""
    sizes = dict(re.findall(r"^    \w+ (layer\d+_out)\[([\d*]+)\];", text, re.MULTILINE))

    def traced(call: re.Match[str]) -> str:
        array, name = call.groups()
        if array not in sizes:
            return call[0]
        return f'{call[0]}\n    jetmix_trace("{name}", {array}, {sizes[array]});'

    head, body = text.split(f"void {top}(", 1)
    return f"{head}{TRACER}\nvoid {top}({_CALL.sub(traced, body)}"


def quantisers_of(layer: Any) -> list[Any]:
    """Return the quantisers of a layer's inputs, none where they do not act on the inputs alone."""
    inputs = getattr(layer, "iq", None) if getattr(layer, "enable_iq", False) else None
    # a layer of lookup tables quantises each input once for every output
    if inputs is None or hasattr(layer, "toq"):
        return []
    found = getattr(inputs, "quantizers", None)
    return list(found) if found is not None else [inputs]


def _is_quantised(call: Call) -> bool:
    return type(call.layer).__module__.startswith("hgq")


def _watched(call: Call) -> Sequence[Any]:
    return call.inputs if quantisers_of(call.layer) else call.outputs
