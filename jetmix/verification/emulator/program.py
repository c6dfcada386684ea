"""The DA graph as a program for the compiled emulator: integer operations on reused slots.

A value is the integer that the firmware holds: the real value over the weight of its least
significant bit. All shifts between grids are worked out here, so that the emulator only adds,
shifts and wraps.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.firmware import dais
from jetmix.firmware.dais import UnsupportedError, Width, operands, width_of, widths_of
from jetmix.firmware.graph import DaGraph, Operation
from jetmix.support.arrays import Ints
from jetmix.verification.precision import Real, dtype_of

OP = np.dtype([*((n, "<i4") for n in ("code", "out", *"abpqrs")), ("constant", "<i8")])
INPUT = np.dtype([(n, "<i4") for n in ("column", "slot", "fraction", "width", "signed", "unused")])
OUTPUT = np.dtype([("slot", "<i4"), ("unused", "<i4"), ("scale", "<f8")])
# doubles hold integers of so many bits exactly
INPUT_BITS = 52


class Code(IntEnum):
    """Operations of the compiled emulator, in the order of its own enumeration."""

    ADD = 0
    SUBTRACT = 1
    RELU = 2
    RELU_NEGATED = 3
    QUANTISE = 4
    QUANTISE_NEGATED = 5
    ADD_CONSTANT = 6
    CONSTANT = 7
    SELECT = 8
    MULTIPLY = 9
    TABLE = 10
    NOT = 11
    ANY = 12
    ALL = 13
    AND = 14
    OR = 15
    XOR = 16


# by the sign of the opcode and what it does
CUTS = {
    dais.RELU: Code.RELU, -dais.RELU: Code.RELU_NEGATED,
    dais.QUANTISE: Code.QUANTISE, -dais.QUANTISE: Code.QUANTISE_NEGATED,
}  # fmt: skip
UNARY = {dais.NOT: Code.NOT, dais.ANY: Code.ANY, dais.ALL: Code.ALL}
BINARY = {dais.AND: Code.AND, dais.OR: Code.OR, dais.XOR: Code.XOR}
# entries of a table: more would not fit the caches that make it worth while
TABLE_BITS = 24


@dataclass(frozen=True, kw_only=True)
class Program:
    """What the emulator runs; ``word_bits`` (32 or 64) is the narrowest word that holds it all.

    ``tables`` holds the entries of all lookup tables, each by the bits of its operand. The types of
    inputs and outputs hold all their values exactly.
    """

    inputs: NDArray[np.void]
    ops: NDArray[np.void]
    outputs: NDArray[np.void]
    tables: NDArray[np.signedinteger[Any]]
    n_slots: int
    n_columns: int
    word_bits: int
    input_dtype: Real = np.float32
    output_dtype: Real = np.float32


def assemble(graph: DaGraph) -> Program:
    """Return the program of a graph.

    Raises:
        UnsupportedError: for an operation that the compiled emulator does not know.
    """
    if any(graph.inp_shifts):
        raise UnsupportedError("shifted inputs")
    assembler = _Assembler(graph=graph, widths=widths_of(graph))
    # all inputs are read before the first operation, wherever they stand in the graph
    for index in sorted(range(len(graph.ops)), key=lambda index: not _is_input(graph.ops[index])):
        assembler.add(index)
    outputs = [assembler.output(number) for number in range(len(graph.out_idxs))]
    inputs = sorted(assembler.inputs)
    word_bits = next((bits for bits in (32, 64) if assembler.word <= bits), None)
    if word_bits is None:
        raise UnsupportedError(f"values of {assembler.word} bits")
    return Program(
        inputs=np.array(inputs, dtype=INPUT),
        ops=np.array(assembler.ops, dtype=OP),
        outputs=np.array(outputs, dtype=OUTPUT),
        tables=np.concatenate([np.zeros(1), *assembler.tables]).astype(f"<i{word_bits // 8}"),
        n_slots=max(assembler.n_slots, 1),
        n_columns=int(graph.shape[0]),
        word_bits=word_bits,
        input_dtype=dtype_of(map(width_of, graph.inp_qint)),
        output_dtype=dtype_of(map(width_of, graph.out_qint)),
    )


def _is_input(op: Operation) -> bool:
    return op.opcode == dais.COPY_INPUT


@dataclass
class _Assembler:
    """Walks over the graph; a slot is free again after the last operation that reads it."""

    graph: DaGraph
    widths: list[Width]
    ops: list[tuple[int, ...]] = field(default_factory=list)
    inputs: list[tuple[int, ...]] = field(default_factory=list)
    slots: dict[int, int] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    tables: list[Ints] = field(default_factory=list)
    places: dict[tuple[object, ...], int] = field(default_factory=dict)
    n_entries: int = 1
    n_slots: int = 0
    word: int = 1

    def __post_init__(self) -> None:
        self.last = {
            read: index for index, op in enumerate(self.graph.ops) for read in operands(op)
        }
        for index in self.graph.out_idxs:
            self.last[index] = len(self.graph.ops)

    def add(self, index: int) -> None:
        """Translate one operation, unless nothing reads it."""
        if index not in self.last:
            return
        op, width = self.graph.ops[index], self.widths[index]
        self.word = max(self.word, width.word)
        # before the operands' slots are freed: a result never overwrites what it is made from
        out = self.free.pop() if self.free else self._new_slot()
        if op.opcode == dais.COPY_INPUT:
            self._input(op, width, out)
        else:
            a, b, p, q, r, s, constant, code = self._translate(op, width)
            self.ops.append((code, out, a, b, p, q, r, s, constant))
        self.slots[index] = out
        for read in set(operands(op)):
            if self.last[read] == index:
                self.free.append(self.slots.pop(read))

    def output(self, number: int) -> tuple[int, int, float]:
        """Return slot and weight of the LSB of an output; a slot below zero is a constant 0."""
        index = self.graph.out_idxs[number]
        if index < 0:
            return -1, 0, 0.0
        sign = -1.0 if self.graph.out_negs[number] else 1.0
        shift = self.graph.out_shifts[number] - self.widths[index].fraction
        return self.slots[index], 0, sign * 2.0**shift

    def _new_slot(self) -> int:
        self.n_slots += 1
        return self.n_slots - 1

    def _input(self, op: Operation, width: Width, out: int) -> None:
        if width.bits > INPUT_BITS:
            raise UnsupportedError(f"an input of {width.bits} bits")
        self.inputs.append((int(op.id0), out, width.fraction, width.bits, width.sign, 0))

    def _translate(self, op: Operation, width: Width) -> tuple[int, ...]:
        """Return a, b, p, q, r, s, constant and code, as the emulator's source defines them."""
        code = abs(op.opcode)
        if code == dais.CONSTANT or width.bits <= 0:
            constant = op.data if code == dais.CONSTANT else 0
            self.word = max(self.word, int(constant).bit_length() + 1)
            return 0, 0, 0, 0, 0, 0, int(constant), Code.CONSTANT
        translate = {
            dais.ADD: self._sum, dais.SUBTRACT: self._sum, dais.RELU: self._cut,
            dais.QUANTISE: self._cut, dais.ADD_CONSTANT: self._add_constant,
            dais.SELECT: self._select, dais.MULTIPLY: self._multiply, dais.TABLE: self._table,
            dais.BIT_UNARY: self._bits, dais.BIT_BINARY: self._bit_pair,
        }[code]  # fmt: skip
        return translate(op, width)

    def _sum(self, op: Operation, width: Width) -> tuple[int, ...]:
        first, second = self.widths[op.id0], self.widths[op.id1]
        second_fraction = second.fraction - int(op.data)
        finest = max(first.fraction, second_fraction, width.fraction)
        p, q = finest - first.fraction, finest - second_fraction
        self._needs(first.word + p + 1, second.word + q + 1)
        code = Code.ADD if op.opcode == dais.ADD else Code.SUBTRACT
        slots = self.slots[op.id0], self.slots[op.id1]
        return *slots, p, q, finest - width.fraction, 0, 0, code

    def _cut(self, op: Operation, width: Width) -> tuple[int, ...]:
        up = width.fraction - (self.widths[op.id0].fraction - dais.shift_of(op))
        p, r = max(up, 0), max(-up, 0)
        self._needs(self.widths[op.id0].word + 1, width.word)
        slot = self.slots[op.id0]
        return slot, slot, p, width.bits, r, width.sign, 0, CUTS[op.opcode]

    def _add_constant(self, op: Operation, width: Width) -> tuple[int, ...]:
        p, r = self._shifts(op.id0, width)
        self._needs(self.widths[op.id0].word + p + 1, int(op.data).bit_length() + 2)
        slot = self.slots[op.id0]
        return slot, slot, p, 0, r, 0, int(op.data), Code.ADD_CONSTANT

    def _select(self, op: Operation, width: Width) -> tuple[int, ...]:
        choice = dais.choice_of(op)
        first, second = self.widths[op.id0], self.widths[op.id1]
        p = width.fraction - first.fraction
        q = width.fraction - second.fraction + choice.shift
        self._needs(first.word + max(p, 0), second.word + max(q, 0) + 1, width.word)
        slots = self.slots[op.id0], self.slots[op.id1]
        top = max(self.widths[choice.chooser].bits - 1, 0)
        # the result's width and signs in one word: it is wrapped, as the firmware wraps it
        wrap = width.bits | width.sign << 8 | (op.opcode < 0) << 9
        return *slots, p, q, top, self.slots[choice.chooser], wrap, Code.SELECT

    def _multiply(self, op: Operation, width: Width) -> tuple[int, ...]:
        first, second = self.widths[op.id0], self.widths[op.id1]
        up = width.fraction - first.fraction - second.fraction
        self._needs(first.word + second.word + max(up, 0))
        slots = self.slots[op.id0], self.slots[op.id1]
        return *slots, max(up, 0), 0, max(-up, 0), 0, 0, Code.MULTIPLY

    def _table(self, op: Operation, width: Width) -> tuple[int, ...]:
        key = self.widths[op.id0]
        if key.bits > TABLE_BITS:
            raise UnsupportedError(f"a lookup table of {key.bits} bits")
        first, values = dais.entries_of(self.graph, op)
        place = (int(op.data), first, key)
        if place not in self.places:
            entries = np.zeros(2**key.bits, dtype=np.int64)
            entries[np.arange(first, first + len(values)) % len(entries)] = values
            self.places[place] = self.n_entries
            self.n_entries += len(entries)
            self.tables.append(entries)
        self._needs(key.word, width.word)
        slot = self.slots[op.id0]
        return slot, slot, 0, key.bits, 0, 0, self.places[place], Code.TABLE

    def _bits(self, op: Operation, width: Width) -> tuple[int, ...]:
        key = width_of(self.graph.ops[op.id0].qint, negated=op.opcode < 0)
        self._needs(self.widths[op.id0].word + 1, key.word, width.word)
        slot = self.slots[op.id0]
        return slot, slot, key.bits, width.bits, 0, width.sign, op.opcode < 0, UNARY[int(op.data)]

    def _bit_pair(self, op: Operation, width: Width) -> tuple[int, ...]:
        pair = dais.bit_pair_of(op)
        first, second = self.widths[op.id0], self.widths[op.id1]
        up = first.fraction - second.fraction + pair.shift
        p, q = max(-up, 0), max(up, 0)
        self._needs(first.word + p + 1, second.word + q + 1, width.word)
        signs = pair.negated[0] | pair.negated[1] << 1
        slots = self.slots[op.id0], self.slots[op.id1]
        return *slots, p, q, width.bits, width.sign, signs, BINARY[pair.action]

    def _needs(self, *bits: int) -> None:
        self.word = max(self.word, *bits)

    def _shifts(self, index: int, width: Width) -> tuple[int, int]:
        """Return the shifts up and down from an operand's grid to that of a result."""
        up = width.fraction - self.widths[index].fraction
        return max(up, 0), max(-up, 0)
