"""The calls of a flat model's layers, in order of data flow, under the names of their traces.

A layer that is used again is called ``name#1`` and so on. Its own ``input`` may belong to the
model that it was taken from, so that tensors are read from the calls.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Call:
    """One use of a layer.

    Attributes:
        name: its name in the traces.
        layer: the layer.
        inputs: the Keras tensors that it takes, in its order.
        outputs: those that it gives.
    """

    name: str
    layer: Any
    inputs: Sequence[Any]
    outputs: Sequence[Any]


def keras_graph(model: Any) -> Any:
    """Return the graph of layers that a Sequential holds, and any other model as it is."""
    return getattr(model, "_functional", None) or model


def named_nodes(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield Keras' node of every call of a layer, without inputs, under the name of its traces."""
    nodes_by_depth = keras_graph(model)._nodes_by_depth
    counts: dict[str, int] = {}
    for depth in sorted(nodes_by_depth, reverse=True):
        for node in nodes_by_depth[depth]:
            if not node.is_input:
                name = str(node.operation.name)
                counts[name] = counts.get(name, -1) + 1
                yield (f"{name}#{counts[name]}" if counts[name] else name), node


def calls_of(model: Any) -> list[Call]:
    """Return all calls of layers, without those of inputs, of a functional Keras model."""
    return [
        Call(
            name=name,
            layer=node.operation,
            inputs=list(node.arguments.keras_tensors),
            outputs=list(node.outputs),
        )
        for name, node in named_nodes(model)
    ]


def origins(model: Any) -> dict[int, tuple[str, int]]:
    """Return by the id of each Keras tensor the call that gives it, and its number there.

    Those of the model's inputs are called ``inputs``.
    """
    model = keras_graph(model)
    known = {id(tensor): ("inputs", number) for number, tensor in enumerate(model.inputs)}
    for call in calls_of(model):
        known |= {id(tensor): (call.name, n) for n, tensor in enumerate(call.outputs)}
    return known
