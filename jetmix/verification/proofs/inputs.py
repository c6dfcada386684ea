"""Jets that the input ports wrap: which, how many, and at which inputs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from jetmix.firmware import dais
from jetmix.firmware.dais import Interval
from jetmix.firmware.graph import DaGraph
from jetmix.support.arrays import Floats
from jetmix.support.records import NOT_EMPTY, NOT_NEGATIVE, Check, checked, rule
from jetmix.verification.vectors import InputRange

# how many jets and inputs that wrap are named
NAMED = 20
RISING = rule(lambda ends: ends[0] <= ends[1], "must hold the smaller end first")


@dataclass(frozen=True, kw_only=True)
class WrappedInput:
    """An input port that some jets wrap.

    Attributes:
        input: its number.
        particle: its particle, None for jet-level features.
        feature: its feature.
        jets: number of jets that wrap it.
        port: smallest and largest value that do not wrap.
        data: smallest and largest value of the jets.
        step: the port's least significant bit; values below ``port[1] + step`` are cut down to the
            largest.
    """

    input: int
    particle: int | None
    feature: str
    jets: int
    port: Interval
    data: Interval
    step: float | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_NEGATIVE, "input", "particle", "jets", "step"),
        **checked(RISING, "port", "data"),
        "feature": NOT_EMPTY,
    }


@dataclass(frozen=True, kw_only=True)
class Wrapped:
    """What the jets of a data file do at the input ports.

    Attributes:
        path: the file.
        n_jets: jets that were looked at.
        n_jets_that_wrap: jets with a value that wraps.
        n_values_that_wrap: values that wrap.
        first_jets: numbers of the first such jets.
        inputs: the ports concerned, the worst first.
    """

    path: str
    n_jets: int
    n_jets_that_wrap: int
    n_values_that_wrap: int
    first_jets: tuple[int, ...]
    inputs: tuple[WrappedInput, ...]

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_NEGATIVE, "n_jets", "n_jets_that_wrap", "n_values_that_wrap"),
        "path": NOT_EMPTY,
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what must hold between the fields and does not."""
        if self.n_jets_that_wrap > self.n_jets:
            yield "n_jets_that_wrap", f"at most the {self.n_jets} jets"
        if len(self.inputs) > self.n_values_that_wrap:
            yield "inputs", f"at most {self.n_values_that_wrap}, one per value that wraps"


def unwrapped(graph: DaGraph) -> InputRange:
    """Return the ranges of the input ports within which no quantiser of an input wraps.

    A quantiser that rounds to nearest adds half of its step, the last bit of the port, before it
    cuts. Its sum is right modulo the port, so its range begins and ends that bit earlier.
    """
    ranges = InputRange.of(graph)
    added: list[set[float]] = [set() for _ in ranges.low]
    origin: dict[int, int] = {}
    for index, op in enumerate(graph.ops):
        if op.opcode == dais.COPY_INPUT:
            origin[index] = op.id0
            continue
        for operand in {op.id0, op.id1} & origin.keys():
            source = origin[operand]
            step = float(ranges.step[source])
            if op.opcode == dais.QUANTISE:
                origin[index] = source
            else:
                constant = op.opcode == dais.ADD_CONSTANT and op.data * op.qint.step
                added[source].add(step if constant == step else 0.0)
    least, most = ([pick(values, default=0.0) for values in added] for pick in (min, max))
    return replace(
        ranges,
        low=ranges.low - np.array(least, np.float32),
        high=ranges.high - np.array(most, np.float32),
    )


def input_overruns(
    jets: Floats, ranges: InputRange, *, path: str, names: Sequence[str] | None = None
) -> Wrapped:
    """Count the jets that the input ports wrap, and name the inputs and the first of the jets.

    Dead inputs, which the firmware ignores, never count.

    Args:
        jets: normalised jets, float32 (jet, *input shape).
        ranges: range of each input within which it does not wrap (:func:`unwrapped`), in the
            order of the flattened input.
        path: name of the jets' file.
        names: names of the last axis, such as features.
    """
    x = jets.reshape(len(jets), -1)
    live = ranges.high > ranges.low
    outside = ((x < ranges.low) | (x >= ranges.high + ranges.step)) & live
    by_jet, by_input = outside.any(axis=1), outside.sum(axis=0)
    worst = [int(i) for i in np.argsort(-by_input, kind="stable")[:NAMED] if by_input[i]]
    width = jets.shape[-1]
    inputs = [
        WrappedInput(
            input=i,
            particle=i // width if jets.ndim > 2 else None,
            feature=names[i % width] if names else str(i % width),
            jets=int(by_input[i]),
            port=(float(ranges.low[i]), float(ranges.high[i])),
            data=(float(x[:, i].min()), float(x[:, i].max())),
            step=float(ranges.step[i]),
        )
        for i in worst
    ]
    return Wrapped(
        path=path,
        n_jets=len(x),
        n_jets_that_wrap=int(by_jet.sum()),
        n_values_that_wrap=int(outside.sum()),
        first_jets=tuple(int(jet) for jet in np.flatnonzero(by_jet)[:NAMED]),
        inputs=tuple(inputs),
    )
