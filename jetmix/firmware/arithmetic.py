"""The operations of a graph on arrays of integers: what each result is, by its definition.

A value is the integer that the firmware holds: the real value over the weight of its least
significant bit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jetmix.firmware import dais
from jetmix.firmware.dais import Width, width_of, widths_of
from jetmix.firmware.graph import DaGraph, Operation
from jetmix.support.arrays import Float64, Ints, Reals


def predict(graph: DaGraph, x: Reals) -> Float64:
    """Return the outputs (vector, output) of a graph for inputs (vector, input), slowly.

    Raises:
        UnsupportedError: if an operation is not known.
    """
    widths = widths_of(graph)
    flat = np.asarray(x, dtype=np.float64).reshape(len(x), -1)
    known = {
        index: _taken(flat[:, op.id0] * 2.0 ** graph.inp_shifts[op.id0], widths[index])
        for index, op in enumerate(graph.ops)
        if op.opcode == dais.COPY_INPUT
    }
    values = run(graph, widths, known, graph.out_idxs)
    outputs = np.zeros((len(flat), len(graph.out_idxs)))
    for number, index in enumerate(graph.out_idxs):
        if index >= 0:
            sign = -1.0 if graph.out_negs[number] else 1.0
            shift = graph.out_shifts[number] - widths[index].fraction
            outputs[:, number] = sign * 2.0**shift * values[index]
    return outputs


def _taken(value: Float64, width: Width) -> Ints:
    """Return what an input port holds of real values: cut to its grid, and wrapped."""
    return _wrapped(np.floor(np.ldexp(value, width.fraction)).astype(np.int64), width)


def run(
    graph: DaGraph, widths: Sequence[Width], known: Mapping[int, Ints], ends: Sequence[int]
) -> dict[int, Ints]:
    """Return the results of ``ends``, and of all operations on the way, from known results.

    Args:
        graph: the graph.
        widths: width of every operation's result.
        known: integers by operation, (value,); what they are made from is not looked at.
        ends: operations whose results are wanted.

    Raises:
        KeyError: if an input port that is not known is needed.
        UnsupportedError: if an operation is not known.
    """
    values = dict(known)
    for index in dais.reached(graph, ends, set(known)):
        if graph.ops[index].opcode == dais.COPY_INPUT:
            raise KeyError(index)
        values[index] = _result(graph, widths, index, values)
    return values


def _result(
    graph: DaGraph, widths: Sequence[Width], index: int, values: Mapping[int, Ints]
) -> Ints:
    op, width = graph.ops[index], widths[index]
    code = abs(op.opcode)
    if code == dais.CONSTANT:
        return np.array([int(op.data)])
    if code == dais.TABLE:
        return _looked_up(graph, op, values[op.id0])
    if code == dais.BIT_UNARY:
        return _bit_unary(graph, op, width, values[op.id0])
    first = widths[op.id0].fraction
    if code in (dais.RELU, dais.QUANTISE):
        signed = -values[op.id0] if op.opcode < 0 else values[op.id0]
        taken = np.maximum(signed, 0) if code == dais.RELU else signed
        return _wrapped(_moved(taken, width.fraction - first + dais.shift_of(op)), width)
    if code == dais.ADD_CONSTANT:
        return _moved(values[op.id0], width.fraction - first) + int(op.data)
    pairs = {
        dais.ADD: _sum, dais.SUBTRACT: _sum, dais.MULTIPLY: _product, dais.SELECT: _choice,
        dais.BIT_BINARY: _bit_pair,
    }  # fmt: skip
    if code not in pairs:
        raise dais.UnsupportedError(f"opcode {op.opcode}")
    return pairs[code](op, widths, width, values)


def _sum(op: Operation, widths: Sequence[Width], width: Width, values: Mapping[int, Ints]) -> Ints:
    first, second = widths[op.id0].fraction, widths[op.id1].fraction - int(op.data)
    finest = max(first, second, width.fraction)
    other = _moved(values[op.id1], finest - second)
    total = _moved(values[op.id0], finest - first) + (other if op.opcode == dais.ADD else -other)
    return _moved(total, width.fraction - finest)


def _product(
    op: Operation, widths: Sequence[Width], width: Width, values: Mapping[int, Ints]
) -> Ints:
    fraction = widths[op.id0].fraction + widths[op.id1].fraction
    return _moved(values[op.id0] * values[op.id1], width.fraction - fraction)


def _choice(
    op: Operation, widths: Sequence[Width], width: Width, values: Mapping[int, Ints]
) -> Ints:
    choice = dais.choice_of(op)
    top = max(widths[choice.chooser].bits - 1, 0)
    second = -values[op.id1] if op.opcode < 0 else values[op.id1]
    up = width.fraction - widths[op.id1].fraction + choice.shift
    chosen = np.where(
        values[choice.chooser] >> top & 1,
        _moved(values[op.id0], width.fraction - widths[op.id0].fraction),
        _moved(second, up),
    )
    return _wrapped(chosen, width)


def _bit_pair(
    op: Operation, widths: Sequence[Width], width: Width, values: Mapping[int, Ints]
) -> Ints:
    pair = dais.bit_pair_of(op)
    first, second = (
        -values[source] if negated else values[source]
        for source, negated in zip((op.id0, op.id1), pair.negated, strict=True)
    )
    up = widths[op.id0].fraction - widths[op.id1].fraction + pair.shift
    act: Any = {dais.AND: np.bitwise_and, dais.OR: np.bitwise_or, dais.XOR: np.bitwise_xor}
    return _wrapped(act[pair.action](_moved(first, max(-up, 0)), _moved(second, max(up, 0))), width)


def _bit_unary(graph: DaGraph, op: Operation, width: Width, value: Ints) -> Ints:
    key = width_of(graph.ops[op.id0].qint, negated=op.opcode < 0)
    mask = 2**key.bits - 1
    value = -value if op.opcode < 0 else value
    if op.data == dais.ANY:
        return np.asarray(value != 0, dtype=np.int64)
    if op.data == dais.ALL:
        return np.asarray((value & mask) == mask, dtype=np.int64)
    return _wrapped(~value if width.sign else ~value & mask, width)


def _looked_up(graph: DaGraph, op: Operation, value: Ints) -> Ints:
    first, entries = dais.entries_of(graph, op)
    place = value - first
    inside = (place >= 0) & (place < len(entries))
    return np.where(inside, entries[np.clip(place, 0, len(entries) - 1)], 0)


def _moved(value: Ints, up: int) -> Ints:
    """Return values on a grid that is finer by ``up`` bits, or coarser: then bits are cut off."""
    return value << up if up >= 0 else value >> -up


def _wrapped(value: Ints, width: Width) -> Ints:
    turn, offset = 2 ** max(width.bits, 0), width.sign * 2 ** max(width.bits - 1, 0)
    return (value + offset) % turn - offset if width.bits > 0 else np.zeros_like(value)
