"""The DA graph as a program for the compiled emulator: integer operations on reused slots.

A value is the integer that the firmware holds: the real value over the weight of its least
significant bit. All shifts between grids are worked out here, so that the emulator only adds,
shifts and wraps.
"""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from jetmix.firmware.dais import (
    ADD,
    ADD_CONSTANT,
    CONSTANT,
    COPY_INPUT,
    MULTIPLY,
    QUANTISE,
    RELU,
    SELECT,
    SUBTRACT,
    UnsupportedError,
    Width,
    operands,
    widths_of,
)
from jetmix.firmware.graph import DaGraph, Operation

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


@dataclass(frozen=True, kw_only=True)
class Program:
    """What the emulator runs; ``word_bits`` (32 or 64) is the narrowest word that holds it all."""

    inputs: NDArray[np.void]
    ops: NDArray[np.void]
    outputs: NDArray[np.void]
    n_slots: int
    n_columns: int
    word_bits: int


def assemble(graph: DaGraph) -> Program:
    """Return the program of a da4ml ``CombLogic``.

    Raises:
        UnsupportedError: for an operation that the compiled emulator does not know.
    """
    if any(graph.inp_shifts):
        raise UnsupportedError("shifted inputs")
    assembler = _Assembler(graph=graph, widths=widths_of(graph))
    for index in range(len(graph.ops)):
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
        n_slots=max(assembler.n_slots, 1),
        n_columns=int(graph.shape[0]),
        word_bits=word_bits,
    )


@dataclass
class _Assembler:
    """Walks over the graph; a slot is free again after the last operation that reads it."""

    graph: DaGraph
    widths: list[Width]
    ops: list[tuple[int, ...]] = field(default_factory=list)
    inputs: list[tuple[int, ...]] = field(default_factory=list)
    slots: dict[int, int] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
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
        if op.opcode == COPY_INPUT:
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
        if code == CONSTANT or width.bits <= 0:
            constant = op.data if code == CONSTANT else 0
            return 0, 0, 0, 0, 0, 0, int(constant), Code.CONSTANT
        translate = {
            ADD: self._sum, SUBTRACT: self._sum, RELU: self._cut, QUANTISE: self._cut,
            ADD_CONSTANT: self._add_constant, SELECT: self._select, MULTIPLY: self._multiply,
        }[code]  # fmt: skip
        return translate(op, width)

    def _sum(self, op: Operation, width: Width) -> tuple[int, ...]:
        first, second = self.widths[op.id0], self.widths[op.id1]
        second_fraction = second.fraction - int(op.data)
        finest = max(first.fraction, second_fraction, width.fraction)
        p, q = finest - first.fraction, finest - second_fraction
        self.word = max(self.word, first.word + p + 1, second.word + q + 1)
        code = Code.ADD if op.opcode == ADD else Code.SUBTRACT
        slots = self.slots[op.id0], self.slots[op.id1]
        return *slots, p, q, finest - width.fraction, 0, 0, code

    def _cut(self, op: Operation, width: Width) -> tuple[int, ...]:
        p, r = self._shifts(op.id0, width)
        self.word = max(self.word, self.widths[op.id0].word + 1)
        codes = {
            RELU: Code.RELU, -RELU: Code.RELU_NEGATED,
            QUANTISE: Code.QUANTISE, -QUANTISE: Code.QUANTISE_NEGATED,
        }  # fmt: skip
        slot = self.slots[op.id0]
        return slot, slot, p, width.bits, r, width.sign, 0, codes[op.opcode]

    def _add_constant(self, op: Operation, width: Width) -> tuple[int, ...]:
        p, r = self._shifts(op.id0, width)
        if r:
            raise UnsupportedError("a constant on a coarser grid than its sum")
        self.word = max(self.word, self.widths[op.id0].word + p + 1)
        slot = self.slots[op.id0]
        return slot, slot, p, 0, 0, 0, int(op.data), Code.ADD_CONSTANT

    def _select(self, op: Operation, width: Width) -> tuple[int, ...]:
        chooser = op.data & 0xFFFFFFFF
        shift = ((int(op.data) >> 32 & 0xFFFFFFFF) + 2**31) % 2**32 - 2**31
        p = width.fraction - self.widths[op.id0].fraction
        q = width.fraction - self.widths[op.id1].fraction + shift
        if p < 0 or q < 0:
            raise UnsupportedError("a choice on a coarser grid than its operands")
        self.word = max(self.word, self.widths[op.id0].word + p, self.widths[op.id1].word + q + 1)
        slots = self.slots[op.id0], self.slots[op.id1]
        sign = 1 if op.opcode > 0 else -1
        top = self.widths[chooser].bits - 1
        return *slots, p, q, top, self.slots[chooser], sign, Code.SELECT

    def _multiply(self, op: Operation, width: Width) -> tuple[int, ...]:
        first, second = self.widths[op.id0], self.widths[op.id1]
        if width.fraction != first.fraction + second.fraction:
            raise UnsupportedError("a product on another grid than its factors'")
        self.word = max(self.word, first.word + second.word)
        return self.slots[op.id0], self.slots[op.id1], 0, 0, 0, 0, 0, Code.MULTIPLY

    def _shifts(self, index: int, width: Width) -> tuple[int, int]:
        """Return the shifts up and down from an operand's grid to that of a result."""
        up = width.fraction - self.widths[index].fraction
        return max(up, 0), max(-up, 0)
