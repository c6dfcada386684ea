"""Feeds an engine with the jets of each epoch: all from the device, or streamed from a file.

The order of the jets in an epoch comes from the seed and the number of the epoch alone.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from jetmix.data.stream import gathered, pieces
from jetmix.recipes.training_section import TrainingSection
from jetmix.support.arrays import Floats, Ints
from jetmix.training.engine import Engine, Portion
from jetmix.training.jets import Jets, statistics_rows

# runs of neighbouring jets in a full buffer, so that even a file sorted by class is mixed well
RUNS_PER_BUFFER = 64
# longer ones are not read faster
LONGEST_RUN = 256


class Feed(Protocol):
    """Gives the jets to train on."""

    def portions(self, epoch: int) -> Iterator[Portion]:
        """Yield the jets of an epoch in portions of whole batches."""

    @property
    def statistics(self) -> Any:
        """``x`` on the device of the jets that batch normalisations are set from."""

    def pieces(self) -> Iterator[Floats]:
        """Yield ``x`` of all jets, in order."""


def make_feed(train: Jets, engine: Engine, settings: TrainingSection) -> Feed:
    """Return the feed that the recipe asks for."""
    batch_size = min(settings.batch_size, len(train))
    if settings.stream_jets is None:
        return Resident(train, engine, batch_size, settings.seed, settings.epoch_steps)
    return Streamed(train, engine, batch_size, settings.seed, settings.stream_jets)


@dataclass(frozen=True)
class Resident:
    """All jets are on the device."""

    train: Jets
    engine: Engine
    batch_size: int
    seed: int
    epoch_steps: int | None

    @cached_property
    def _held(self) -> Any:
        return self.engine.hold(self.train)

    @cached_property
    def statistics(self) -> Any:
        """``x`` of the first jets, or of a sample."""
        return _statistics(self.train, self.engine)

    def portions(self, epoch: int) -> Iterator[Portion]:
        """Yield all jets in a random order, or the next ``epoch_steps`` batches of such orders."""
        whole = len(self.train) // self.batch_size
        n_steps = self.epoch_steps or whole
        steps = np.arange(epoch * n_steps, (epoch + 1) * n_steps)
        batches = [
            self._order(pass_, whole)[steps[steps // whole == pass_] % whole]
            for pass_ in np.unique(steps // whole)
        ]
        yield self._held, np.concatenate(batches)

    def _order(self, number: int, steps: int) -> Ints:
        """Return the order of the jets in one pass over them, (step, jet of the batch)."""
        rng = np.random.default_rng([self.seed, number])
        order = rng.permutation(len(self.train))[: steps * self.batch_size]
        return np.asarray(order.reshape(steps, self.batch_size))

    def pieces(self) -> Iterator[Floats]:
        """Yield ``x`` at once."""
        yield self.train.x


@dataclass(frozen=True)
class Streamed:
    """Jets come from a file through a shuffle buffer, which a thread fills for the next portion.

    An epoch takes runs of neighbouring jets from all over the file in a random order and mixes
    those of a buffer, so that a file sorted by class is no trouble. Two buffers are in memory.
    """

    train: Jets
    engine: Engine
    batch_size: int
    seed: int
    buffer: int

    @cached_property
    def statistics(self) -> Any:
        """``x`` of the first jets, or of a sample."""
        return _statistics(self.train, self.engine)

    def portions(self, epoch: int) -> Iterator[Portion]:
        """Yield one buffer after the other."""
        rows = self._rows(epoch)
        size = max(self.buffer // self.batch_size, 1) * self.batch_size
        reads: list[Callable[[], Portion]] = [
            lambda number=number, start=start: self._portion(  # type: ignore[misc]
                rows[start : start + size], [self.seed, epoch, number]
            )
            for number, start in enumerate(range(0, len(rows), size))
        ]
        with ThreadPoolExecutor(1) as reader:
            coming = reader.submit(reads[0])
            for following in [*reads[1:], None]:
                ready = coming.result()
                if following is not None:
                    coming = reader.submit(following)
                yield ready

    def pieces(self) -> Iterator[Floats]:
        """Yield ``x`` some ten thousand jets at a time."""
        return pieces(self.train.x)

    def _rows(self, epoch: int) -> Ints:
        """Return the jets of an epoch: whole batches of runs in a random order."""
        n_jets, run = len(self.train), min(max(self.buffer // RUNS_PER_BUFFER, 1), LONGEST_RUN)
        rng = np.random.default_rng([self.seed, epoch])
        starts = rng.permutation(-(-n_jets // run)) * run
        rows = (starts[:, None] + np.arange(run)).reshape(-1)
        return np.asarray(rows[rows < n_jets][: n_jets // self.batch_size * self.batch_size])

    def _portion(self, rows: Ints, seed: list[int]) -> Portion:
        order = np.random.default_rng(seed).permutation(len(rows))
        return self.engine.hold(taken(self.train, rows)), order.reshape(-1, self.batch_size)


def taken(jets: Jets, rows: Ints) -> Jets:
    """Return some jets, those of a mapped file read from it."""
    small = {name: values[rows] for name, values in jets.arrays.items() if name != "x"}
    return Jets(x=gathered(jets.x, rows), **small)


def _statistics(train: Jets, engine: Engine) -> Any:
    rows = statistics_rows(train.y)
    return engine.hold(Jets(x=gathered(train.x, rows), y=train.y[rows]))["x"]
