"""Range proof: what every value of the DA graph can be, and which quantisers can wrap.

Intervals are worked out from the input ports alone, so that what they show holds for every input.
Firmware keeps a fixed number of bits of each value: a sum that needs more would be wrong, and a
quantiser that wraps turns a large value into a small one (Keras does the same, so it is no
difference between levels, but no physics either).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor
from typing import ClassVar

import numpy as np

from jetmix.errors import BitsDifferError
from jetmix.firmware import dais
from jetmix.firmware.dais import Interval, Width, port_of, width_of, widths_of
from jetmix.firmware.graph import DaGraph, Operation, watching
from jetmix.support.arrays import Float64
from jetmix.support.records import NOT_NEGATIVE, Check, checked
from jetmix.verification.proofs import intervals, sums
from jetmix.verification.proofs.sums import SUMS


@dataclass(frozen=True, kw_only=True)
class Quantiser:
    """An operation that cuts bits off, in real units.

    Attributes:
        operation: its number in the graph.
        layer: the layer it belongs to.
        operand: where its operand lies.
        port: what its result can hold.
    """

    operation: int
    layer: str
    operand: Interval
    port: Interval

    @property
    def can_wrap(self) -> bool:
        """Whether some operand within the interval lies outside of the port."""
        return self.operand[0] < self.port[0] or self.operand[1] > self.port[1]


@dataclass(frozen=True, kw_only=True)
class RangeProof:
    """What was proven of the values of a graph, over all inputs.

    Attributes:
        operations: number of operations.
        overflows: operations whose declared width is too small for some input.
        unproven: operations of which no more is proven than what their width can hold.
        quantisers: number of quantisers.
        can_wrap: how many of them some input may wrap.
        can_wrap_by_layer: the same per layer.
        wraps: these quantisers.
    """

    operations: int
    overflows: tuple[int, ...]
    unproven: tuple[int, ...]
    quantisers: int
    can_wrap: int
    can_wrap_by_layer: dict[str, int]
    wraps: tuple[Quantiser, ...]

    CHECKS: ClassVar[dict[str, Check]] = checked(
        NOT_NEGATIVE, "operations", "quantisers", "can_wrap"
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what must hold between the fields and does not."""
        if sum(self.can_wrap_by_layer.values()) != self.can_wrap:
            yield "can_wrap", "the sum of 'can_wrap_by_layer'"
        if self.can_wrap > self.quantisers:
            yield "can_wrap", f"at most the {self.quantisers} quantisers"


def prove(graph: DaGraph, layers: Sequence[str] | None = None) -> RangeProof:
    """Work out the interval of every operation from the ranges of the input ports.

    Args:
        graph: the graph.
        layers: layer of every operation, for the names of quantisers.
    """
    walk = _walked(graph, layers)
    wraps = tuple(quantiser for quantiser in walk.quantisers if quantiser.can_wrap)
    return RangeProof(
        operations=len(graph.ops),
        overflows=tuple(walk.overflows),
        unproven=tuple(walk.unproven),
        quantisers=len(walk.quantisers),
        can_wrap=len(wraps),
        can_wrap_by_layer=dict(Counter(quantiser.layer for quantiser in wraps)),
        wraps=wraps,
    )


def intervals_of(graph: DaGraph) -> list[Interval]:
    """Return where every value of a graph lies, for all inputs."""
    return _walked(graph, None).intervals


def whole(graph: DaGraph) -> frozenset[int]:
    """Return the quantisers that never cut anything off, no ReLU among them."""
    walk = _walked(graph, None)
    return frozenset(
        quantiser.operation
        for quantiser in walk.quantisers
        if not quantiser.can_wrap and walk.keeps_all(graph.ops[quantiser.operation])
    )


def quantisers_of(graph: DaGraph, layers: Sequence[str] | None = None) -> list[Quantiser]:
    """Return all quantisers of a graph in its order, also those that no input wraps."""
    return _walked(graph, layers).quantisers


def _walked(graph: DaGraph, layers: Sequence[str] | None) -> "_Walk":
    walk = _Walk(graph=graph, widths=widths_of(graph), layers=layers)
    walk.all()
    if walk.overflows:
        # operands that depend on one another, taken together: slower, and needed for alkaid only
        walk = _Walk(graph=graph, widths=walk.widths, layers=layers)
        walk.forms = sums.Forms(graph, walk.widths)
        walk.all()
    return walk


def require_proof(proof: RangeProof, where: object) -> None:
    """Raise if a sum can overflow.

    Raises:
        BitsDifferError: naming the first operation.
    """
    if proof.overflows:
        raise BitsDifferError(
            f"operation {proof.overflows[0]} of the DA graph can overflow its width "
            f"({len(proof.overflows)} such operations)",
            where=where,
            mend="do not use this firmware; keep the folder and report the model",
        )


class _Walk:
    """The intervals so far. All numbers are dyadic and far below 2**53: doubles are exact."""

    def __init__(
        self, *, graph: DaGraph, widths: list[Width], layers: Sequence[str] | None
    ) -> None:
        self.graph, self.widths, self.layers = graph, widths, layers
        self.intervals: list[Interval] = []
        self.quantisers: list[Quantiser] = []
        self.overflows: list[int] = []
        self.unproven: list[int] = []
        self.forms: sums.Forms | None = None

    def all(self) -> None:
        for index in range(len(self.graph.ops)):
            self.step(index)

    def step(self, index: int) -> None:
        op = self.graph.ops[index]
        code = abs(op.opcode)
        if op.opcode != dais.COPY_INPUT and code in (dais.RELU, dais.QUANTISE):
            self._narrowed(index, None)
            self.intervals.append(self._cut(index))
            return
        found = intervals.of(op, self.graph, self.widths, self.intervals)
        interval, whole = self._narrowed(index, found)
        fits = interval is not None and _fits(interval, self.widths[index])
        if interval is None or (not fits and code not in SUMS):
            self.unproven.append(index)
            interval = port_of(self.widths[index])
        elif not fits or not (whole or self._on_grid(index)):
            self.overflows.append(index)
        self.intervals.append(interval)

    def _narrowed(self, index: int, interval: Interval | None) -> tuple[Interval | None, bool]:
        """Return an interval with its operands taken together, and whether that is all of it."""
        together = self.forms.add(index, self.intervals) if self.forms else None
        if together is None or interval is None:
            return interval, False
        return (max(interval[0], together[0]), min(interval[1], together[1])), True

    def _on_grid(self, index: int) -> bool:
        """Tell whether a sum's LSB is as fine as its operands', so that nothing is cut off."""
        op, fraction = self.graph.ops[index], self.widths[index].fraction
        if op.opcode not in SUMS:
            return True
        needed = (
            [(op.id0, 0), (op.id1, op.data)] if op.opcode != dais.ADD_CONSTANT else [(op.id0, 0)]
        )
        return all(
            self.widths[source].fraction - shift <= fraction
            for source, shift in needed
            if self.intervals[source] != (0.0, 0.0)
        )

    def _cut(self, index: int) -> Interval:
        op, width = self.graph.ops[index], self.widths[index]
        low, high = self.operand(op)
        grid = 2.0**-width.fraction
        low, high = floor(low / grid) * grid, floor(high / grid) * grid
        port = port_of(width)
        layer = self.layers[index] if self.layers else ""
        quantiser = Quantiser(operation=index, layer=layer, operand=(low, high), port=port)
        self.quantisers.append(quantiser)
        return port if quantiser.can_wrap else (low, high)

    def keeps_all(self, op: Operation) -> bool:
        """Tell whether a quantiser, which does not wrap, keeps the lowest bits too."""
        fraction = self.widths[op.id0].fraction - dais.shift_of(op)
        return abs(op.opcode) == dais.QUANTISE and fraction <= width_of(op.qint).fraction

    def operand(self, op: Operation) -> Interval:
        """Return the interval of what an operation cuts: negated, or its positive part."""
        scale = 2.0 ** dais.shift_of(op)
        low, high = (scale * end for end in self.intervals[op.id0])
        if op.opcode < 0:
            low, high = -high, -low
        return (max(low, 0.0), max(high, 0.0)) if abs(op.opcode) == dais.RELU else (low, high)


def _fits(interval: Interval, width: Width) -> bool:
    low, high = port_of(width)
    return low <= interval[0] and interval[1] <= high


def operand_graph(graph: DaGraph, proof: RangeProof) -> tuple[DaGraph, Float64]:
    """Return a graph whose outputs are the operands of all quantisers that can wrap.

    Returns:
        The graph with one output per quantiser, and (quantiser, 2) the ends at which each of
        them wraps, infinite where no input reaches the end.
    """
    ops = [graph.ops[quantiser.operation] for quantiser in proof.wraps]
    watched = watching(graph, [op.id0 for op in ops], [op.opcode < 0 for op in ops])
    watched = watched._replace(out_shifts=[dais.shift_of(op) for op in ops])
    ends = [
        (
            quantiser.port[0] if quantiser.operand[0] < quantiser.port[0] else -np.inf,
            quantiser.port[1] if quantiser.operand[1] > quantiser.port[1] else np.inf,
        )
        for quantiser in proof.wraps
    ]
    return watched, np.array(ends, dtype=np.float64).reshape(-1, 2)
