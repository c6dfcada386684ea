"""Linear proof: each adder graph computes exactly its layer's constant matrix, for all inputs.

An adder graph is linear as long as no sum overflows or loses bits, which the range proof shows. A
linear graph is known from what it does to the unit vectors: so its coefficients are worked out,
exactly, by pushing all unit vectors through it at once, and are compared with the matrix and bias
that Keras multiplies with. Nothing is sampled.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from jetmix.errors import BitsDifferError
from jetmix.firmware import da_graph, dais
from jetmix.firmware.graph import DaGraph, Operation, Traces
from jetmix.models.calls import calls_of
from jetmix.support.arrays import Float64
from jetmix.support.records import NOT_EMPTY, NOT_NEGATIVE, Check, checked
from jetmix.verification.proofs import ranges

# coefficients by operation, and that of 1 under the key CONSTANT
Form = dict[int, float]
ONE = -1
LINEAR = (dais.ADD, dais.SUBTRACT, dais.ADD_CONSTANT, dais.CONSTANT)
# layers of lookup tables
TABLES = (
    "QUnaryFunctionLUT",
    "QAffinedUnaryFunctionLUT",
    "QDenseT",
    "QEinsumDenseT",
    "QConvT1D",
    "QConvT2D",
)


@dataclass(frozen=True, kw_only=True)
class LinearProof:
    """One layer, whose matrix was compared with the adder graph.

    Attributes:
        layer: its name.
        outputs: number of outputs.
        coefficients: coefficients that were compared.
        wrong: coefficients that differ.
        reason: why the matrix could not be compared, None for a layer that was.
    """

    layer: str
    outputs: int
    coefficients: int
    wrong: int
    reason: str | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_NEGATIVE, "outputs", "coefficients", "wrong"),
        **checked(NOT_EMPTY, "layer", "reason"),
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what must hold between the fields and does not."""
        if self.reason is None and not self.coefficients:
            yield "coefficients", "more than 0 where no reason is given"
        if self.wrong > self.coefficients:
            yield "wrong", f"at most the {self.coefficients} coefficients"


class NotLinearError(Exception):
    """The graph between a layer's inputs and outputs does more than add and shift."""


def prove(
    model: Any, traces: Traces, layered: tuple[DaGraph, dict[str, list[int]]] | None = None
) -> tuple[LinearProof, ...]:
    """Compare the adder graph of every linear layer with its matrix.

    Args:
        model: Keras HGQ model.
        traces: what :func:`jetmix.firmware.da_graph.trace_layers` gave for it.
        layered: what :func:`jetmix.firmware.da_graph.layered` made of them, where it is known.
    """
    graph, places = layered or da_graph.layered(traces)
    overflows = ranges.prove(graph).overflows
    whole = ranges.whole(graph)
    proofs = []
    for call in calls_of(model):
        name, layer = call.name, call.layer
        if not type(layer).__module__.startswith("hgq") or f"/{name}/final" not in places:
            continue
        inputs = places.get(f"/{name}/post_iq")
        outputs = places.get(f"/{name}/post_call")
        reason = "a sum can overflow" if overflows else _why_not(layer, inputs, outputs)
        if reason is None and inputs is not None and outputs is not None:
            shapes = [array.shape for array in traces[f"/{name}/post_iq"]]
            matrix = MATRICES[type(layer).__name__](layer, shapes)
            parts = _Parts(graph=graph, whole=whole, inputs=inputs, outputs=outputs)
            proofs.append(_prove_layer(parts, name, matrix))
        else:
            count = len(places[f"/{name}/final"])
            proofs.append(
                LinearProof(layer=name, outputs=count, coefficients=0, wrong=0, reason=reason)
            )
    return tuple(proofs)


def _why_not(layer: Any, inputs: list[int] | None, outputs: list[int] | None) -> str | None:
    """Return why a layer has no matrix to compare with, None if it has one."""
    kind = type(layer).__name__
    if kind in TABLES:
        return "its lookup tables are proven instead"
    if kind not in MATRICES:
        return f"no matrix is known of a {kind}"
    if inputs is None:
        return "it has no input quantiser"
    return None if outputs else "its values are not known before its output quantiser"


def require_proofs(proofs: tuple[LinearProof, ...], where: object) -> None:
    """Raise if a layer's adder graph is not its matrix.

    Raises:
        BitsDifferError: naming the first layer.
    """
    for proof in proofs:
        if proof.wrong:
            raise BitsDifferError(
                f"the adder graph of layer {proof.layer} differs from its matrix in {proof.wrong} "
                f"of {proof.coefficients} coefficients",
                where=where,
                mend="do not use this firmware; keep the folder and report the model",
            )


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """A layer within a graph: the places of its inputs and outputs."""

    graph: DaGraph
    whole: Container[int]
    inputs: list[int]
    outputs: list[int]


def _prove_layer(parts: _Parts, name: str, expected: tuple[Float64, Float64]) -> LinearProof:
    matrix, bias = expected
    graph, inputs, outputs = parts.graph, parts.inputs, parts.outputs
    unproven = partial(LinearProof, layer=name, outputs=len(outputs), coefficients=0, wrong=0)
    if matrix.shape != (len(inputs), len(outputs)):
        return unproven(reason=f"its matrix is one of {len(matrix)} inputs, not {len(inputs)}")
    forms: dict[int, Form] = {
        graph.out_idxs[place]: {graph.out_idxs[place]: 1.0} for place in inputs
    }
    wrong = 0
    for number, place in enumerate(outputs):
        try:
            form = form_of(graph, graph.out_idxs[place], forms, parts.whole)
        except NotLinearError as error:
            return unproven(reason=str(error))
        got = _scaled(graph, place, form)
        wanted: Form = {ONE: float(bias[number])}
        for column in np.flatnonzero(matrix[:, number]):
            source = _scaled(graph, inputs[column], forms[graph.out_idxs[inputs[column]]])
            _accumulate(wanted, source, float(matrix[column, number]))
        wrong += _differences(_constants_folded(graph, got), _constants_folded(graph, wanted))
    return LinearProof(
        layer=name, outputs=len(outputs), coefficients=matrix.size + bias.size, wrong=wrong
    )


def form_of(graph: DaGraph, index: int, forms: dict[int, Form], whole: Container[int] = ()) -> Form:
    """Return the coefficients of an operation, worked out without recursion for deep graphs.

    Args:
        graph: the graph.
        index: the operation.
        forms: forms that are known; those that are found on the way are added.
        whole: quantisers that cut nothing off, so that they only negate or shift.

    Raises:
        NotLinearError: if something between does more than add and shift.
    """
    stack = [index]
    while stack:
        current = stack[-1]
        if current in forms:
            stack.pop()
            continue
        op = graph.ops[current]
        if op.opcode not in LINEAR and current not in whole:
            known = dais.NAMES.get(op.opcode, dais.NAMES.get(abs(op.opcode), "unknown operation"))
            raise NotLinearError(f"it holds a {known} (operation {current})")
        missing = [source for source in dais.operands(op) if source not in forms]
        if missing:
            stack += missing
            continue
        forms[stack.pop()] = _combined(op, forms)
    return forms[index]


def _combined(op: Operation, forms: dict[int, Form]) -> Form:
    if op.opcode == dais.CONSTANT:
        return {ONE: op.data * op.qint.step}
    if abs(op.opcode) == dais.QUANTISE:
        scale = 2.0 ** dais.shift_of(op) * (-1 if op.opcode < 0 else 1)
        return {source: scale * value for source, value in forms[op.id0].items()}
    form = dict(forms[op.id0])
    if op.opcode == dais.ADD_CONSTANT:
        _accumulate(form, {ONE: 1.0}, op.data * op.qint.step)
    else:
        _accumulate(form, forms[op.id1], 2.0**op.data * (1 if op.opcode == dais.ADD else -1))
    return form


def _scaled(graph: DaGraph, place: int, form: Form) -> Form:
    scale = 2.0 ** graph.out_shifts[place] * (-1 if graph.out_negs[place] else 1)
    return {source: scale * value for source, value in form.items()}


def _accumulate(form: Form, other: Form, scale: float) -> None:
    for source, value in other.items():
        form[source] = form.get(source, 0.0) + scale * value


def _constants_folded(graph: DaGraph, form: Form) -> Form:
    """Return a form in which inputs that are always the same count as constants."""
    folded: Form = {}
    for source, value in form.items():
        if source != ONE and graph.ops[source].qint.min == graph.ops[source].qint.max:
            _accumulate(folded, {ONE: value}, float(graph.ops[source].qint.min))
        else:
            _accumulate(folded, {source: value}, 1.0)
    return folded


def _differences(one: Form, other: Form) -> int:
    return sum(
        one.get(source, 0.0) != other.get(source, 0.0) for source in one.keys() | other.keys()
    )


Matrix = tuple[Float64, Float64]


def _einsum(layer: Any, shapes: list[tuple[int, ...]], equation: str | None = None) -> Matrix:
    from keras import ops

    kernel = np.asarray(ops.convert_to_numpy(layer.qkernel), dtype=np.float64)
    size = int(np.prod(shapes[0]))
    units = np.eye(size).reshape(size, *shapes[0])
    matrix = np.einsum(equation or layer.equation, units, kernel, optimize=True)
    bias = np.zeros(matrix.shape[1:])
    if layer.qbias is not None:
        bias = bias + np.asarray(ops.convert_to_numpy(layer.qbias), dtype=np.float64)
    return matrix.reshape(size, -1), bias.ravel()


def _dense(layer: Any, shapes: list[tuple[int, ...]]) -> Matrix:
    return _einsum(layer, shapes, "...c,cC->...C")


def _sum(layer: Any, shapes: list[tuple[int, ...]]) -> Matrix:
    size = int(np.prod(shapes[0]))
    units = np.eye(size).reshape(size, *shapes[0])
    matrix = units.sum(axis=tuple(layer.axes)).reshape(size, -1) * float(layer.scale)
    return matrix, np.zeros(matrix.shape[1])


def _add(_: Any, shapes: list[tuple[int, ...]]) -> Matrix:
    shape = np.broadcast_shapes(*shapes)
    matrices = []
    for one in shapes:
        units = np.eye(int(np.prod(one))).reshape(-1, *one)
        matrices.append(np.broadcast_to(units, (len(units), *shape)).reshape(len(units), -1))
    matrix = np.concatenate(matrices)
    return matrix, np.zeros(matrix.shape[1])


MATRICES: dict[str, Callable[[Any, list[tuple[int, ...]]], Matrix]] = {
    "QEinsumDense": _einsum,
    "QEinsumDenseBatchnorm": _einsum,
    "QDense": _dense,
    "QBatchNormDense": _dense,
    "QSum": _sum,
    "QMeanPow2": _sum,
    "QAdd": _add,
}
