"""Operations of da4ml's adder graphs (DAIS, arXiv 2507.04535), and the widths of their values."""

from dataclasses import dataclass

from jetmix.firmware.graph import DaGraph, Operation

# opcodes of da4ml
COPY_INPUT, ADD, SUBTRACT, RELU, QUANTISE = -1, 0, 1, 2, 3
ADD_CONSTANT, CONSTANT, SELECT, MULTIPLY = 4, 5, 6, 7

Interval = tuple[float, float]


class UnsupportedError(Exception):
    """The graph holds an operation that the compiled emulator does not know."""


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


def port_of(width: Width) -> Interval:
    """Return the smallest and the largest value of a width; da4ml's own interval may be narrower.

    An input port takes all of them: it wraps to its width.
    """
    if width.bits <= 0:
        return 0.0, 0.0
    end = 2.0 ** (width.bits - width.sign - width.fraction)
    return -end * width.sign, end - 2.0**-width.fraction


def widths_of(graph: DaGraph) -> list[Width]:
    """Return the width of every operation's result."""
    from da4ml.types import minimal_kif

    kifs = ((int(bits) for bits in minimal_kif(op.qint)) for op in graph.ops)
    return [Width(sign=k, fraction=f, bits=k + i + f) for k, i, f in kifs]


def operands(op: Operation) -> tuple[int, ...]:
    """Return the operations whose results an operation reads."""
    code = abs(op.opcode)
    if op.opcode == COPY_INPUT or code == CONSTANT:
        return ()
    if code in (RELU, QUANTISE, ADD_CONSTANT):
        return (op.id0,)
    if code == SELECT:
        return (op.id0, op.id1, op.data & 0xFFFFFFFF)
    if code in (ADD, SUBTRACT, MULTIPLY):
        return (op.id0, op.id1)
    raise UnsupportedError(f"opcode {op.opcode}")


def uses_multipliers(graph: DaGraph) -> bool:
    """Tell whether the graph multiplies two variables, which is what would take DSP blocks."""
    return any(op.opcode == MULTIPLY for op in graph.ops)
