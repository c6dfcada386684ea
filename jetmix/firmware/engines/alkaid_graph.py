"""A graph of alkaid in jetmix's form, operation by operation."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from jetmix.errors import LoweringError
from jetmix.firmware.graph import Grid, Table
from jetmix.firmware.project import EngineName
from jetmix.support.arrays import Float64, Ints

NAME: EngineName = "alkaid"
# delay of one adder, in alkaid's unit, whatever its width
ADDER_DELAY = 1.09375 + 0.025390625
OTHER_ENGINE = "try --engine da4ml"
# opcodes of alkaid whose form differs from da4ml's
_NEGATE, _INPUT, _ADD_CONSTANT, _MUX, _BITS = -2, -1, 4, 6, 10
_FUSED_SUM = 11
# da4ml's quantise of the negated operand
_QUANTISE_NEGATED = -3


class Converted(NamedTuple):
    """An operation of jetmix's form."""

    opcode: int
    id0: int
    id1: int
    data: int
    qint: Grid
    latency: float
    cost: float


@dataclass(frozen=True)
class AlkaidGraph:
    """A ``CombLogic`` of alkaid in jetmix's form; operations keep their indices."""

    native: Any
    engine: EngineName = NAME

    @cached_property
    def ops(self) -> Sequence[Converted]:
        """The operations, each after those that it reads."""
        return [convert(op) for op in self.native.ops]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inputs and outputs."""
        return (int(self.native.shape[0]), int(self.native.shape[1]))

    @property
    def inp_shifts(self) -> Sequence[int]:
        """Power of two that each input is multiplied with."""
        shifts: Sequence[int] = self.native.inp_shifts
        return shifts

    @property
    def out_idxs(self) -> Sequence[int]:
        """The operation that each output is."""
        indices: Sequence[int] = self.native.out_idxs
        return indices

    @property
    def out_shifts(self) -> Sequence[int]:
        """Power of two that each output is multiplied with."""
        shifts: Sequence[int] = self.native.out_shifts
        return shifts

    @property
    def out_negs(self) -> Sequence[bool]:
        """Whether each output is negated."""
        negated: Sequence[bool] = self.native.out_negs
        return negated

    @property
    def lookup_tables(self) -> Sequence[Table] | None:
        """The tables that operations look up in."""
        tables: Sequence[Table] | None = self.native.lookup_tables
        return tables

    @property
    def inp_qint(self) -> Sequence[Grid]:
        """The values of each input."""
        grids: Sequence[Grid] = self.native.inp_qint
        return grids

    @property
    def out_qint(self) -> Sequence[Grid]:
        """The values of each output."""
        grids: Sequence[Grid] = self.native.out_qint
        return grids

    @property
    def inp_kifs(self) -> Ints:
        """Sign, integer and fraction bits of the inputs, (3, input)."""
        kifs: Ints = self.native.inp_kifs
        return kifs

    @property
    def out_kifs(self) -> Ints:
        """Sign, integer and fraction bits of the outputs, (3, output)."""
        kifs: Ints = self.native.out_kifs
        return kifs

    @property
    def cost(self) -> float:
        """The cost by which alkaid compares graphs."""
        return float(self.native.cost)

    def predict(self, data: Float64, n_threads: int = 0) -> Float64:
        """Return the outputs (vector, output) for inputs (vector, input)."""
        values: Float64 = self.native.predict(data, n_threads=n_threads)
        return values

    def save(self, path: Path) -> None:
        """Write the graph as JSON, in alkaid's own form."""
        self.native.save(path)

    def _replace(self, **changes: object) -> "AlkaidGraph":
        return AlkaidGraph(self.native._replace(**changes))


def convert(op: Any) -> Converted:
    """Return an ``Op`` of alkaid in jetmix's form, as :mod:`jetmix.firmware.dais` states it.

    Raises:
        LoweringError: for an operation that alkaid makes only if asked for.
    """
    first, second, chooser = (*op.addr, -1, -1, -1)[:3]
    data = op.data[0] if op.data else 0
    code = op.opcode
    if code == _INPUT:
        first, data = data, 0
    elif code == _NEGATE:
        code = _QUANTISE_NEGATED
    elif code == _ADD_CONSTANT:
        data = round(data * 2.0 ** -op.data[1] / op.qint.step)
    elif code == _MUX:
        data = chooser + ((data & 0xFFFFFFFF) << 32)
    elif code == _BITS:
        data = (data & 0xFFFFFFFF) + (op.data[1] << 56)
    elif code == _FUSED_SUM:
        raise LoweringError("alkaid fused three additions into one", mend=OTHER_ENGINE)
    return Converted(
        code, first, second, data, op.qint, float(op.latency) / ADDER_DELAY, float(op.cost)
    )
