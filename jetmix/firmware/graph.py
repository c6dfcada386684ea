"""The graph of a lowered tagger as data, in one form for all engines.

It is a list of operations on shifted values, the form of da4ml's DAIS (arXiv 2507.04535); opcodes
and widths are in :mod:`jetmix.firmware.dais`. An engine whose own form is another one converts it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from jetmix.firmware.project import DA4ML, EngineName
from jetmix.support.arrays import Float64, Ints

# allowed depth of an adder tree beyond the shallowest one; hls4ml's own default for the strategy
DELAY_CONSTRAINT = 2


class Traces(dict[str, Any]):
    """Traced arrays by place, in order of data flow: 'inputs', '/<layer>/<part>' ..., 'final'.

    Attributes:
        engine: name of the engine that traced them.
    """

    engine: EngineName = DA4ML


class Grid(Protocol):
    """The values of a result: from ``min`` to ``max`` in steps of ``step``."""

    @property
    def min(self) -> float:
        """The smallest value."""

    @property
    def max(self) -> float:
        """The largest value."""

    @property
    def step(self) -> float:
        """The weight of the least significant bit."""


class Operation(Protocol):
    """One operation of a graph; see :mod:`jetmix.firmware.dais` for opcodes."""

    @property
    def opcode(self) -> int:
        """What is done."""

    @property
    def id0(self) -> int:
        """The first operand, an index into the graph's operations or inputs."""

    @property
    def id1(self) -> int:
        """The second operand."""

    @property
    def data(self) -> int:
        """A shift, a constant or the number of a table, as the opcode has it."""

    @property
    def qint(self) -> Grid:
        """The values of the result."""

    @property
    def latency(self) -> float:
        """The longest way from the inputs to the result, in adders."""

    @property
    def cost(self) -> float:
        """Its share of the cost of the graph."""


class Table(Protocol):
    """A lookup table: one entry for each value of the operand's interval, smallest value first."""

    @property
    def table(self) -> Ints:
        """The results as integers, in steps of the result's grid, (entry,)."""


@runtime_checkable
class DaGraph(Protocol):
    """A tagger as operations on shifted values."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inputs and outputs."""

    @property
    def ops(self) -> Sequence[Operation]:
        """The operations, each after those that it reads."""

    @property
    def inp_shifts(self) -> Sequence[int]:
        """Power of two that each input is multiplied with."""

    @property
    def out_idxs(self) -> Sequence[int]:
        """The operation that each output is; below zero for an output that is always 0."""

    @property
    def out_shifts(self) -> Sequence[int]:
        """Power of two that each output is multiplied with."""

    @property
    def out_negs(self) -> Sequence[bool]:
        """Whether each output is negated."""

    @property
    def lookup_tables(self) -> Sequence[Table] | None:
        """The tables that operations look up in."""

    @property
    def inp_qint(self) -> Sequence[Grid]:
        """The values of each input."""

    @property
    def out_qint(self) -> Sequence[Grid]:
        """The values of each output."""

    @property
    def inp_kifs(self) -> Ints:
        """Sign, integer and fraction bits of the inputs, (3, input)."""

    @property
    def out_kifs(self) -> Ints:
        """Sign, integer and fraction bits of the outputs, (3, output)."""

    @property
    def cost(self) -> float:
        """The cost by which the engine compares graphs, about one per full adder."""

    def predict(self, data: Float64) -> Float64:
        """Return the outputs (vector, output) for inputs (vector, input)."""

    def save(self, path: Path) -> None:
        """Write the graph as JSON."""

    def _replace(self, **changes: object) -> Self: ...


@dataclass(frozen=True, kw_only=True)
class Stages:
    """A graph cut by registers.

    Attributes:
        solutions: the graph of each stage.
        reg_bits: bits of all registers.
    """

    solutions: Sequence[DaGraph]
    reg_bits: int


def variables(trace: Any) -> list[Any]:
    """Return the variables of a traced array, or of several of them, flattened.

    An array whose values are not known before the next quantiser, such as what an activation makes
    before it is rounded into a table, has none.
    """
    import numpy as np

    arrays = trace if isinstance(trace, tuple | list) else (trace,)
    known = [array for array in arrays if not type(array).__name__.startswith("Retarded")]
    return [variable for array in known for variable in np.ravel(array)]


def watching(
    graph: DaGraph, operations: Sequence[int], negated: Sequence[bool] | None = None
) -> DaGraph:
    """Return the graph with the results of ``operations`` as its outputs, some of them negated."""
    return graph._replace(
        shape=(graph.shape[0], len(operations)),
        out_idxs=list(operations),
        out_shifts=[0] * len(operations),
        out_negs=[False] * len(operations) if negated is None else list(negated),
    )


def outputs_by_place(traces: Traces) -> tuple[list[Any], dict[str, list[int]]]:
    """Return the variables of all traced places but the inputs, and which of them each place is."""
    found: list[Any] = []
    places: dict[str, list[int]] = {}
    for place, trace in traces.items():
        if place != "inputs":
            new = variables(trace)
            places[place] = list(range(len(found), len(found) + len(new)))
            found += new
    return found, places
