"""A flat Keras model replayed layer by layer; what goes wrong names the layer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jetmix.errors import JetmixError, LoweringError
from jetmix.firmware.replay.kit import Deferred
from jetmix.models.calls import named_nodes

# replays one operation: its arguments in, its traces by part out, 'final' last
Replay = Callable[[Any, Sequence[Any], Mapping[str, Any]], Mapping[str, Any]]


def walk(
    model: Any, inputs: Sequence[Any], replay: Replay, *, by: str, mend: str
) -> dict[str, tuple[Any, ...]]:
    """Return the traced arrays by place, in order of data flow: '/<layer>/<part>' ..., 'final'.

    Places that wait for a quantiser are left out: they are no values yet.

    Args:
        model: a flat functional Keras model.
        inputs: traced arrays of its inputs.
        replay: replays one operation.
        by: name of the engine.
        mend: what to do where the engine fails at a layer.

    Raises:
        LoweringError: naming the layer.
    """
    known = {id(tensor): array for tensor, array in zip(model.inputs, inputs, strict=True)}
    places: dict[str, tuple[Any, ...]] = {}
    for name, node in named_nodes(model):
        op = node.operation
        args, kwargs = _given(node.arguments.args, known), _given(node.arguments.kwargs, known)
        try:
            parts = replay(op, args, kwargs)
        except JetmixError as error:
            where = error.where or f"layer {op.name}"
            raise type(error)(error.what, mend=error.mend, where=where) from error
        except Exception as error:
            # engines raise AssertionError, KeyError, IndexError ... for what they lack
            what = f"the engine {by} cannot lower this {type(op).__name__}"
            raise LoweringError(what, where=f"layer {op.name}", mend=mend) from error
        for tensor, array in zip(node.outputs, _tuple(parts["final"]), strict=True):
            known[id(tensor)] = array
        for part, arrays in parts.items():
            if not any(isinstance(array, Deferred) for array in _tuple(arrays)):
                places[f"/{name}/{part}"] = _tuple(arrays)
    places["final"] = tuple(_output(tensor, known) for tensor in model.outputs)
    return places


def _output(tensor: Any, known: Mapping[int, Any]) -> Any:
    array = known[id(tensor)]
    if isinstance(array, Deferred):
        raise LoweringError(
            f"its {array.what} goes out of the model unquantised",
            where=f"layer {tensor._keras_history.operation.name}",
            mend=f"use QUnaryFunctionLUT('{array.what}') as last layer, or let the model give what "
            "goes into it",
        )
    return array


def _given(value: Any, known: Mapping[int, Any]) -> Any:
    if id(value) in known:
        return known[id(value)]
    if isinstance(value, list | tuple):
        return type(value)(_given(one, known) for one in value)
    if isinstance(value, dict):
        return {key: _given(one, known) for key, one in value.items()}
    return value


def _tuple(arrays: Any) -> tuple[Any, ...]:
    return tuple(arrays) if isinstance(arrays, list | tuple) else (arrays,)
