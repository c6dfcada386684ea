"""Operations of adder graphs (DAIS, arXiv 2507.04535), and the widths of their values."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import frexp

import numpy as np

from jetmix.firmware.graph import DaGraph, Grid, Operation
from jetmix.support.arrays import Ints

# opcodes; a negative one takes its (second) operand negated
COPY_INPUT, ADD, SUBTRACT, RELU, QUANTISE = -1, 0, 1, 2, 3
ADD_CONSTANT, CONSTANT, SELECT, MULTIPLY = 4, 5, 6, 7
TABLE, BIT_UNARY, BIT_BINARY = 8, 9, 10
# what a BIT_UNARY does to the bits of its operand: all of them inverted, any set, all set
NOT, ANY, ALL = 0, 1, 2
# what a BIT_BINARY does
AND, OR, XOR = 0, 1, 2
NAMES = {
    COPY_INPUT: "input", ADD: "sum", SUBTRACT: "difference", RELU: "ReLU", QUANTISE: "quantiser",
    ADD_CONSTANT: "sum with a constant", CONSTANT: "constant", SELECT: "choice",
    MULTIPLY: "product", TABLE: "lookup table", BIT_UNARY: "bit operation",
    BIT_BINARY: "bit operation",
}  # fmt: skip
WORD = 1 << 32

Interval = tuple[float, float]


class UnsupportedError(Exception):
    """The graph holds an operation that is not known, or values too wide for a machine word."""


@dataclass(frozen=True, kw_only=True)
class Width:
    """Sign bit, and fraction and total bits of a value; the weight of its LSB is 2**-fraction."""

    sign: int
    fraction: int
    bits: int

    @property
    def word(self) -> int:
        """Bits that a signed machine word needs for the value."""
        return self.bits + 1 - self.sign


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A SELECT: operand ``id0`` if the top bit of ``chooser`` is set, else ``id1`` << ``shift``."""

    chooser: int
    shift: int


@dataclass(frozen=True, kw_only=True)
class BitPair:
    """A BIT_BINARY: ``action`` on ``id0`` and ``id1`` << ``shift``, each negated or not."""

    action: int
    shift: int
    negated: tuple[bool, bool]


def port_of(width: Width) -> Interval:
    """Return the smallest and the largest value of a width; da4ml's own interval may be narrower.

    An input port takes all of them: it wraps to its width.
    """
    if width.bits <= 0:
        return 0.0, 0.0
    end = 2.0 ** (width.bits - width.sign - width.fraction)
    return -end * width.sign, end - 2.0**-width.fraction


def width_of(grid: Grid, *, negated: bool = False) -> Width:
    """Return the narrowest width that holds all values of a grid, or all of their negatives."""
    return _narrowest(grid.min, grid.max, grid.step, negated)


@lru_cache(maxsize=2**16)
def _narrowest(least: float, most: float, step: float, negated: bool) -> Width:
    """Return the width of a grid; a graph has many operations and few grids."""
    low, high = round(least / step), round(most / step)
    if negated:
        low, high = -high, -low
    if low == high == 0:
        return Width(sign=0, fraction=0, bits=0)
    sign = int(low < 0)
    magnitude = (max(abs(low), high + 1) - 1).bit_length()
    return Width(sign=sign, fraction=1 - frexp(step)[1], bits=sign + magnitude)


def widths_of(graph: DaGraph) -> list[Width]:
    """Return the width of every operation's result."""
    return [width_of(op.qint) for op in graph.ops]


def choice_of(op: Operation) -> Choice:
    """Return what a SELECT holds in its data."""
    return Choice(chooser=int(op.data) & (WORD - 1), shift=_signed(int(op.data) >> 32))


def bit_pair_of(op: Operation) -> BitPair:
    """Return what a BIT_BINARY holds in its data."""
    data = int(op.data)
    return BitPair(
        action=data >> 56 & 0xFF,
        shift=_signed(data),
        negated=(bool(data >> 32 & 1), bool(data >> 33 & 1)),
    )


def shift_of(op: Operation) -> int:
    """Return the shift of the operand of a QUANTISE: that of a sum's second one is its data."""
    return int(op.data) if abs(op.opcode) == QUANTISE else 0


def entries_of(graph: DaGraph, op: Operation) -> tuple[int, Ints]:
    """Return the content of the table of a TABLE, as integers of the operand's and result's grids.

    Returns:
        The smallest operand, and the results for it and the next ones, (entry,).
    """
    key = graph.ops[op.id0].qint
    tables = graph.lookup_tables or ()
    values: Ints = np.asarray(tables[int(op.data)].table, dtype=np.int64)
    return round(key.min / key.step), values


def operands(op: Operation) -> tuple[int, ...]:
    """Return the operations whose results an operation reads.

    Raises:
        UnsupportedError: for an opcode that is not known.
    """
    code = abs(op.opcode)
    if op.opcode == COPY_INPUT or code == CONSTANT:
        return ()
    if code in (RELU, QUANTISE, ADD_CONSTANT, TABLE, BIT_UNARY):
        return (op.id0,)
    if code == SELECT:
        return (op.id0, op.id1, choice_of(op).chooser)
    if code in (ADD, SUBTRACT, MULTIPLY, BIT_BINARY):
        return (op.id0, op.id1)
    raise UnsupportedError(f"opcode {op.opcode}")


def uses_multipliers(graph: DaGraph) -> bool:
    """Tell whether the graph multiplies two variables, which is what would take DSP blocks."""
    return any(op.opcode == MULTIPLY for op in graph.ops)


def reached(graph: DaGraph, ends: Sequence[int], stops: set[int]) -> list[int]:
    """Return the operations that ``ends`` are made from after ``stops``, in the graph's order.

    Neither ``stops`` nor what they are made from are among them.
    """
    seen: set[int] = set()
    stack = [index for index in ends if index >= 0 and index not in stops]
    while stack:
        index = stack.pop()
        if index not in seen:
            seen.add(index)
            stack.extend(source for source in operands(graph.ops[index]) if source not in stops)
    return sorted(seen)


def _signed(word: int) -> int:
    return (word + WORD // 2) % WORD - WORD // 2
