"""Where the result of an operation lies, from where its operands lie: interval arithmetic."""

from collections.abc import Sequence

import numpy as np

from jetmix.firmware import dais
from jetmix.firmware.dais import Interval, Width, port_of
from jetmix.firmware.graph import DaGraph, Operation


def of(
    op: Operation, graph: DaGraph, widths: Sequence[Width], known: Sequence[Interval]
) -> Interval | None:
    """Return the interval of an operation that cuts nothing, None where it is not known.

    Args:
        op: the operation.
        graph: its graph.
        widths: width of every operation.
        known: intervals of all operations before it.
    """
    code = abs(op.opcode)
    if op.opcode in (dais.ADD, dais.SUBTRACT, dais.ADD_CONSTANT):
        return _sum(op, known)
    if code == dais.MULTIPLY:
        return _product(known[op.id0], known[op.id1], square=op.id0 == op.id1)
    if code == dais.TABLE:
        return _looked_up(op, graph, known[op.id0])
    if code == dais.SELECT:
        return _choice(op, graph, known)
    return _alone(op, widths[len(known)])


def _alone(op: Operation, width: Width) -> Interval | None:
    """Return the interval of an operation that takes any operand."""
    code = abs(op.opcode)
    if op.opcode == dais.COPY_INPUT or code == dais.BIT_BINARY:
        return port_of(width)
    if code == dais.CONSTANT:
        return (op.data * op.qint.step,) * 2
    if code == dais.BIT_UNARY:
        return (0.0, op.qint.step) if op.data != dais.NOT else port_of(width)
    return None


def _sum(op: Operation, known: Sequence[Interval]) -> Interval:
    low, high = known[op.id0]
    if op.opcode == dais.ADD_CONSTANT:
        return low + op.data * op.qint.step, high + op.data * op.qint.step
    second = scaled(known[op.id1], op.data, negated=op.opcode == dais.SUBTRACT)
    return low + second[0], high + second[1]


def scaled(interval: Interval, shift: int, *, negated: bool = False) -> Interval:
    """Return an interval times a power of two, or times minus it."""
    low, high = (2.0**shift * end for end in interval)
    return (-high, -low) if negated else (low, high)


def _product(first: Interval, second: Interval, *, square: bool) -> Interval:
    ends = [a * b for a in first for b in second]
    low = 0.0 if square and first[0] <= 0 <= first[1] else min(ends)
    return (min(first[0] ** 2, first[1] ** 2) if square and low else low), max(ends)


def _looked_up(op: Operation, graph: DaGraph, key: Interval) -> Interval | None:
    """Return the least and the largest entry for keys, None for keys that the table lacks."""
    first, entries = dais.entries_of(graph, op)
    step = graph.ops[op.id0].qint.step
    start, stop = round(key[0] / step) - first, round(key[1] / step) - first + 1
    if start < 0 or stop > len(entries):
        return None
    taken = entries[start:stop]
    return float(np.min(taken)) * op.qint.step, float(np.max(taken)) * op.qint.step


def _choice(op: Operation, graph: DaGraph, known: Sequence[Interval]) -> Interval | None:
    """Return what both alternatives reach, each where the choice falls on it."""
    choice = dais.choice_of(op)
    set_, unset = _when(graph, choice.chooser, known)
    ends = [
        scaled(interval, shift, negated=negated)
        for interval, shift, negated in (
            (set_.get(op.id0, known[op.id0]), 0, False),
            (unset.get(op.id1, known[op.id1]), choice.shift, op.opcode < 0),
        )
        if interval[0] <= interval[1]
    ]
    # a choice that never falls on either one would be no choice
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None


Known = dict[int, Interval]


def _when(graph: DaGraph, chooser: int, known: Sequence[Interval]) -> tuple[Known, Known]:
    """Return narrower intervals of operands if the top bit of ``chooser`` is set, and if not.

    With a sign it is set below zero: of ``x``, ``x + c`` and ``x - y`` that bounds x (and y).
    """
    key = graph.ops[chooser].qint
    if key.min >= 0:
        return {}, {}
    step = key.step
    below = {chooser: (known[chooser][0], min(known[chooser][1], -step))}
    above = {chooser: (max(known[chooser][0], 0.0), known[chooser][1])}
    op = graph.ops[chooser]
    if op.opcode == dais.ADD_CONSTANT:
        bound = -op.data * step
        below[op.id0] = (known[op.id0][0], min(known[op.id0][1], bound - step))
        above[op.id0] = (max(known[op.id0][0], bound), known[op.id0][1])
    if op.opcode == dais.SUBTRACT and op.id0 != op.id1:
        (low, high), other = known[op.id0], scaled(known[op.id1], op.data)
        below[op.id0] = (low, min(high, other[1] - step))
        above[op.id0] = (max(low, other[0]), high)
        below[op.id1] = scaled((max(other[0], low + step), other[1]), -op.data)
        above[op.id1] = scaled((other[0], min(other[1], high)), -op.data)
    return below, above
