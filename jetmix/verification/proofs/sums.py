"""The interval of a sum whose operands depend on one another, such as x - x/8.

The intervals of two operands that are made from the same value do not add up: x lies in [-16, 16)
and x - x/8 in [-14, 14), not in [-18, 18). A sum is therefore written as a linear form of values
that are no sums themselves, each taken once. alkaid narrows its values like this, and da4ml does
not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jetmix.firmware import dais
from jetmix.firmware.dais import Interval, Width
from jetmix.firmware.graph import DaGraph, Operation

SUMS = (dais.ADD, dais.SUBTRACT, dais.ADD_CONSTANT)


@dataclass(frozen=True, kw_only=True)
class Form:
    """Factors of values that are no sums, by their operation, and a constant."""

    terms: Mapping[int, float] = field(default_factory=dict)
    constant: float = 0.0

    def times(self, factor: float) -> "Form":
        """Return the form times a factor."""
        terms = {source: factor * value for source, value in self.terms.items()}
        return Form(terms=terms, constant=factor * self.constant)

    def plus(self, other: "Form") -> "Form":
        """Return the sum of two forms; values that cancel are no longer there."""
        terms = dict(self.terms)
        for source, value in other.terms.items():
            terms[source] = terms.get(source, 0.0) + value
        kept = {source: value for source, value in terms.items() if value}
        return Form(terms=kept, constant=self.constant + other.constant)


class Forms:
    """The forms of the operations of a graph, asked for in its order."""

    def __init__(self, graph: DaGraph, widths: Sequence[Width]) -> None:
        self.graph, self.widths = graph, widths
        self.known: dict[int, Form] = {}

    def of(self, index: int) -> Form:
        """Return the form of an operation: itself, unless it is a sum that was added."""
        return self.known.get(index) or Form(terms={index: 1.0})

    def add(self, index: int, intervals: Sequence[Interval]) -> Interval | None:
        """Work out the form of an operation, and return the interval of a sum.

        Args:
            index: the operation.
            intervals: interval of every operation before it.

        Returns:
            None for what is no sum, or for one of which bits are cut off.
        """
        op, width = self.graph.ops[index], self.widths[index]
        if op.opcode == -dais.QUANTISE and self._negates(op, intervals, width):
            self.known[index] = self.of(op.id0).times(-1.0)
        if op.opcode not in SUMS:
            return None
        form = self._summed(op)
        if self._step(form, intervals) < 2.0**-width.fraction:
            return None
        self.known[index] = form
        return _interval(form, intervals)

    def _summed(self, op: Operation) -> Form:
        first = self.of(op.id0)
        if op.opcode == dais.ADD_CONSTANT:
            return first.plus(Form(constant=op.data * op.qint.step))
        factor = 2.0**op.data * (1.0 if op.opcode == dais.ADD else -1.0)
        return first.plus(self.of(op.id1).times(factor))

    def _step(self, form: Form, intervals: Sequence[Interval]) -> float:
        """Return the step of the values of a form."""
        steps = [
            _lowest_bit(factor) * 2.0 ** -self.widths[source].fraction
            for source, factor in form.terms.items()
            if intervals[source] != (0.0, 0.0)
        ]
        return min([*steps, _lowest_bit(form.constant)])

    def _negates(self, op: Operation, intervals: Sequence[Interval], result: Width) -> bool:
        """Tell whether a quantiser is the exact negative of its operand: nothing is cut off."""
        low, high = intervals[op.id0]
        ends = dais.port_of(result)
        fits = ends[0] <= -high and -low <= ends[1]
        return fits and not op.data and result.fraction >= self.widths[op.id0].fraction


def _interval(form: Form, intervals: Sequence[Interval]) -> Interval:
    low = high = form.constant
    for source, factor in form.terms.items():
        ends = sorted(factor * end for end in intervals[source])
        low, high = low + ends[0], high + ends[1]
    return low, high


def _lowest_bit(value: float) -> float:
    """Return the weight of the lowest bit of a number, infinite for 0."""
    numerator, denominator = value.as_integer_ratio()
    return (numerator & -numerator) / denominator if numerator else float("inf")
