"""The interval of a sum whose operands depend on one another, such as x - x/8.

The intervals of two operands that are made from the same value do not add up: x lies in [-16, 16)
and x - x/8 in [-14, 14), not in [-18, 18). A sum is therefore written as a linear form of values
that are no sums themselves, each taken once. alkaid narrows its values like this, and da4ml does
not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jetmix.firmware import dais
from jetmix.firmware.dais import Interval, Width
from jetmix.firmware.graph import DaGraph, Operation

SUMS = (dais.ADD, dais.SUBTRACT, dais.ADD_CONSTANT)


@dataclass(frozen=True, kw_only=True)
class Sum:
    """What a sum can be: its interval, and the step of its values."""

    interval: Interval
    step: float


def of_terms(
    graph: DaGraph, index: int, intervals: Sequence[Interval], widths: Sequence[Width]
) -> Sum:
    """Return what a sum can be, as a linear form of values that are no sums.

    Args:
        graph: the graph.
        index: an operation whose opcode is one of :data:`SUMS`.
        intervals: interval of every operation before it.
        widths: width of every operation.
    """
    terms, bias, step = _terms(graph, index, intervals, widths)
    low = high = bias
    for source, factor in terms.items():
        ends = sorted(factor * end for end in intervals[source])
        low, high = low + ends[0], high + ends[1]
        if intervals[source] != (0.0, 0.0):
            step = min(step, abs(factor) * 2.0 ** -widths[source].fraction)
    return Sum(interval=(low, high), step=step)


def _terms(
    graph: DaGraph, index: int, intervals: Sequence[Interval], widths: Sequence[Width]
) -> tuple[dict[int, float], float, float]:
    """Return the factor of every value of the form, its constant, and the constant's step."""
    terms: dict[int, float] = {}
    bias, step = 0.0, float("inf")
    stack = [(index, 1.0)]
    while stack:
        current, factor = stack.pop()
        op = graph.ops[current]
        if op.opcode in SUMS:
            stack.append((op.id0, factor))
        elif op.opcode == -dais.QUANTISE and _negates(op, intervals, widths, widths[current]):
            stack.append((op.id0, -factor))
        else:
            terms[current] = terms.get(current, 0.0) + factor
        if op.opcode == dais.ADD_CONSTANT:
            bias += factor * op.data * op.qint.step
            step = min(step, abs(factor) * op.qint.step)
        elif op.opcode in SUMS:
            sign = 1.0 if op.opcode == dais.ADD else -1.0
            stack.append((op.id1, factor * sign * 2.0**op.data))
    return {source: factor for source, factor in terms.items() if factor}, bias, step


def _negates(
    op: Operation, intervals: Sequence[Interval], widths: Sequence[Width], result: Width
) -> bool:
    """Tell whether a quantiser is the exact negative of its operand, of which nothing is cut."""
    low, high = intervals[op.id0]
    ends = dais.port_of(result)
    fits = ends[0] <= -high and -low <= ends[1]
    return fits and not op.data and result.fraction >= widths[op.id0].fraction
