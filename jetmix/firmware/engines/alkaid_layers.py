"""Which layer an operation of an optimised graph is from, found by its values on random inputs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware.dais import operands
from jetmix.firmware.graph import DaGraph, Traces, variables, watching
from jetmix.firmware.project import INSTALL
from jetmix.support.arrays import Float64

# the values of so many random vectors distinguish an operation from all others
VECTORS = 64


def by_values(traces: Traces, traced: DaGraph, graph: DaGraph) -> list[str]:
    """Return the layer of every operation of ``graph``.

    Args:
        traces: what the engine traced, place by place.
        traced: the graph of all traced variables, in alkaid's order.
        graph: the same function after alkaid's passes.

    Raises:
        LoweringError: if ``traced`` is not in the order that is known.
    """
    names, ranks = _ranks(traces, len(traced.ops))
    x = _inputs(graph)
    earliest: dict[bytes, int] = {}
    for key, rank in zip(_signatures(traced, x), ranks, strict=True):
        earliest[key] = min(rank, earliest.get(key, rank))
    found: list[int] = []
    for op, key in zip(graph.ops, _signatures(graph, x), strict=True):
        # data flow has one direction: no operation is from an earlier layer than its operands
        before = max((found[index] for index in operands(op)), default=0)
        found.append(max(before, earliest.get(key, before)))
    return [names[rank] for rank in found]


def _ranks(traces: Traces, expected: int) -> tuple[list[str], list[int]]:
    """Return the layers in order of data flow, and the place there of every traced operation."""
    from alkaid.trace.tracer import gather_variables, needs_negative

    inputs, outputs = variables(traces["inputs"]), variables(traces["final"])
    names = ["inputs"]
    ranks = {variable.id: 0 for variable in inputs}
    for place, trace in traces.items():
        stack = [variable for variable in variables(trace) if hasattr(variable, "id")]
        while stack:
            variable = stack.pop()
            if variable.id not in ranks:
                name = "/".join(place.split("/")[1:-1]) or place
                if name not in names:
                    names.append(name)
                ranks[variable.id] = names.index(name)
                stack.extend(variable._from or ())
    found = gather_variables(inputs, outputs)
    negated = needs_negative(found, outputs)
    order = [ranks[v.id] for v in found for _ in range(1 + (v.id in negated))]
    if len(order) != expected:
        raise LoweringError("alkaid orders its operations in an unexpected way", mend=INSTALL)
    return names, order


def _inputs(graph: DaGraph) -> Float64:
    rng = np.random.default_rng(1)
    low, high = (np.array([getattr(q, end) for q in graph.inp_qint]) for end in ("min", "max"))
    x: Float64 = low + (high - low) * rng.uniform(size=(VECTORS, len(low)))
    return x


def _signatures(graph: DaGraph, x: Float64) -> Sequence[bytes]:
    """Return what two operations have in common if one is the other, shifted or negated."""
    n = len(graph.ops)
    values: Any = np.asarray(watching(graph, range(n)).predict(x)).reshape(len(x), n).T
    largest = np.abs(values).max(axis=1, initial=0.0)
    scale = np.exp2(np.floor(np.log2(largest, where=largest > 0, out=np.zeros_like(largest))))
    first = np.argmax(values != 0, axis=1)
    sign = np.where(values[np.arange(n), first] < 0, -1.0, 1.0)
    scaled = values / (scale * sign)[:, None] + 0.0
    return [row.tobytes() for row in scaled]
