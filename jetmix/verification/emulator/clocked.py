"""A folded tagger in integers, clock by clock: what its ports carry, without any Verilog.

Every signal is an array over the clocks. A pipeline is its graph, some clocks later; what lies
between pipelines gives an earlier value, and which one follows from the clocks in which jets start.
"""

from dataclasses import dataclass
from math import ceil, log2, prod

import numpy as np

from jetmix.errors import DataError
from jetmix.firmware.folding.machine import Link, Machine, SectionRecord, permutation
from jetmix.firmware.folding.turns import Step, steps_of
from jetmix.firmware.project import Given
from jetmix.support.arrays import Bools, Float64, Ints, Reals
from jetmix.verification.simulators.waveform import Waveform


@dataclass(frozen=True)
class Signal:
    """Values (clock, element), and the clocks in which they are known, (clock,)."""

    values: Float64
    known: Bools

    def at(self, clocks: Ints) -> "Signal":
        """Return the values of other clocks; one below 0 is before the first, with none."""
        there = clocks >= 0
        values = np.where(there[:, None], self.values[clocks], 0.0)
        return Signal(values, there & self.known[clocks])

    def later(self, clocks: int) -> "Signal":
        """Return what comes so many clocks later."""
        return self.at(np.arange(len(self.known)) - clocks)


class ClockedEmulator:
    """Runs a machine clock by clock, as its Verilog does.

    Args:
        machine: the machine.
        given: how a jet comes in.
    """

    def __init__(self, machine: Machine, given: Given = "beats") -> None:
        self.machine, self.folding, self.given = machine, machine.folding, given
        self._graphs = dict(
            zip((s.name for s in machine.folding.sections), machine.graphs, strict=True)
        )

    def run(self, inputs: Reals, start: Bools, rst: Bools) -> Waveform:
        """Return what the ports carry.

        Args:
            inputs: ``model_inp``, (clock, element), in the bits of the port.
            start: ``model_start``, (clock,).
            rst: ``rst``, (clock,). Nothing starts before the first one.

        Raises:
            DataError: if the arrays are not of the clocks and elements of the ports.
        """
        n, elements = len(inputs), prod(self.folding.input_shape)
        if self.given == "beats":
            elements //= self.folding.fold
        if inputs.shape != (n, elements) or start.shape != (n,) or rst.shape != (n,):
            raise DataError(
                f"arrays of {inputs.shape}, {start.shape} and {rst.shape}, the ports take "
                f"({n}, {elements}), ({n},) and ({n},)",
                mend="give inputs, start and rst of the same clocks",
            )
        self._rst = rst.astype(np.bool_)
        self._starts, ready = self._control(start)
        whole = Signal(np.asarray(inputs, np.float64), np.ones(n, dtype=np.bool_))
        out = self._pipelines(whole)
        valid = self._at(self.folding.sections[-1].ends)
        values = np.where(out.known[:, None], out.values, np.nan)
        return Waveform(ready=ready, valid=valid, outputs=values)

    def _control(self, start: Bools) -> tuple[Bools, Bools]:
        """Return the clocks in which a jet starts, and those in which one may."""
        accepted, ready = np.zeros_like(self._rst), np.zeros_like(self._rst)
        left, reset = 0, False
        for clock, (starts, resets) in enumerate(zip(start, self._rst, strict=True)):
            reset |= bool(resets)
            ready[clock] = reset and left == 0 and not resets
            accepted[clock] = starts and ready[clock]
            left = 0 if resets else self.folding.fold - 1 if accepted[clock] else max(left - 1, 0)
        return accepted, ready

    def _at(self, step: int) -> Bools:
        """Return the clocks that are ``step`` clocks after a start, with no reset in between."""
        clocks = np.arange(len(self._rst)) - step
        resets = np.cumsum(np.concatenate([[0], self._rst]))
        since = resets[:-1] - resets[clocks.clip(min=0)]
        high: Bools = (clocks >= 0) & self._starts[clocks] & (since == 0)
        return high

    def _pipelines(self, inputs: Signal) -> Signal:
        given: dict[str, Signal] = {}
        for section in self.folding.sections:
            parts = [self._link(link, given[link.source]) for link in self.folding.into(section)]
            if section is self.folding.sections[0]:
                parts.insert(0, self._beat(inputs))
            graph = self._graphs[section.name]
            values = np.ascontiguousarray(np.concatenate([part.values for part in parts], axis=1))
            found = np.asarray(graph.predict(values), np.float64).reshape(len(values), -1)
            known = np.logical_and.reduce([part.known for part in parts])
            given[section.name] = Signal(found, known).later(section.stages + 1)
        return given[self.folding.sections[-1].name]

    def _beat(self, inputs: Signal) -> Signal:
        return inputs if self.given == "beats" else self._send(inputs, self._at(0))

    def _link(self, link: Link, given: Signal) -> Signal:
        """Return a value as it arrives."""
        folding = self.folding
        source = folding.section(link.source)
        count = prod(folding.beat_shape(link, source.domain))
        part = slice(link.source_first, link.source_first + count)
        beat = Signal(given.values[:, part], given.known)
        if link.kind == "hold":
            return self._hold(beat.later(link.waits), self._at(source.ends + link.waits))
        if link.kind == "sum":
            beat = self._sum(beat, link, source)
        elif link.kind == "turn":
            beat = self._turn(beat, link, source)
        elif link.kind == "collect":
            order = permutation(folding, link, source.domain, "jet")
            beat = self._collect(beat)
            beat = Signal(beat.values[:, order], beat.known)
        return beat.later(link.waits)

    def _turn(self, beat: Signal, link: Link, source: SectionRecord) -> Signal:
        """Return the beats of a corner turn: lanes of the fold, through all of its steps."""
        fold, n, (particles, channels) = self.folding.fold, len(beat.known), link.shape
        few, each = particles // fold, channels // fold
        if source.domain == "particles":
            lanes = beat.values.reshape(n, few, fold, each).swapaxes(1, 2)
        else:
            lanes = beat.values.reshape(n, fold, few, each)
        signals = [Signal(lanes[:, lane].reshape(n, -1), beat.known) for lane in range(fold)]
        clock = source.ends
        for step in steps_of(fold):
            signals = _stepped(signals, step, self._at(clock - 1))
            clock += step.clocks
        turned = np.stack([one.values.reshape(n, few, each) for one in signals], axis=1)
        if source.domain == "channels":
            turned = turned.swapaxes(1, 2)
        known = np.logical_and.reduce([one.known for one in signals])
        return Signal(turned.reshape(n, -1), known)

    def _hold(self, value: Signal, load: Bools) -> Signal:
        """Return what a register holds that takes a value in some clocks."""
        return value.at(_last(load)).later(1)

    def _collect(self, beat: Signal) -> Signal:
        """Return the last beats side by side, the first one first."""
        beats = [beat.later(ago) for ago in reversed(range(self.folding.fold))]
        known = np.logical_and.reduce([one.known for one in beats])
        return Signal(np.concatenate([one.values for one in beats], axis=1), known)

    def _send(self, whole: Signal, load: Bools) -> Signal:
        """Return the beats of what is there in the clocks of ``load``, the first one at once."""
        fold, n = self.folding.fold, len(load)
        clocks, resets = np.arange(n), _last(self._rst)
        loaded = np.concatenate([[-1], _last(load)[:-1]]) if n else _last(load)
        number = clocks - loaded
        idle = (loaded < 0) | (number >= fold) | (np.concatenate([[-1], resets[:-1]]) >= loaded)
        number[idle] = 0
        taken = whole.at(np.where(idle, clocks, loaded))
        beats = taken.values.reshape(n, fold, -1)
        return Signal(beats[clocks, number], taken.known)

    def _sum(self, beat: Signal, link: Link, source: SectionRecord) -> Signal:
        """Return the sum since the first beat, in the bits of the accumulator."""
        first = _last(self._at(source.ends))
        before = np.concatenate([np.zeros((1, beat.values.shape[1])), beat.values.cumsum(axis=0)])
        unknown = np.cumsum(np.concatenate([[0], ~beat.known]))
        start = first.clip(min=0)
        known = (first >= 0) & (unknown[1:] == unknown[start])
        kifs = np.asarray(self._graphs[source.name].out_kifs, np.int64)
        k, i, f = kifs[:, link.source_first : link.source_first + beat.values.shape[1]]
        size = 2.0 ** (i + ceil(log2(self.folding.fold)))
        total = before[1:] - before[start]
        wrapped = (total + k * size) % (size * (1 + k)) - k * size
        return Signal(np.where(k + i + f > 0, wrapped, 0.0), known)


def _stepped(lanes: list[Signal], step: Step, next_start: Bools) -> list[Signal]:
    """Return lanes behind one step of a turn: a digit of the beat and of the lane change places."""
    clocks = np.arange(len(next_start))
    start = 1 + np.concatenate([[-1], _last(next_start)[:-1]])
    counted = (clocks - start) // step.apart % step.radix
    digit = Signal(counted[:, None].astype(np.float64), start > 0)
    own = [lane // step.apart % step.radix for lane in range(len(lanes))]
    late = [one.later(d * step.apart) for one, d in zip(lanes, own, strict=True)]
    found = []
    for lane, d in enumerate(own):
        source = digit.later(d * step.apart)
        chosen = source.values[:, 0].astype(int)
        others = late[lane - d * step.apart :: step.apart][: step.radix]
        values = np.stack([one.values for one in others])[chosen, clocks]
        known = np.stack([one.known for one in others])[chosen, clocks] & source.known
        found.append(Signal(values, known).later((step.radix - 1 - d) * step.apart))
    return found


def _last(flags: Bools) -> Ints:
    """Return the last clock up to each one in which a flag is set, -1 where there is none."""
    clocks = np.where(flags, np.arange(len(flags)), -1)
    found: Ints = np.maximum.accumulate(clocks)
    return found
