"""Weights averaged over epochs, which the taggers of the front have instead of those of one epoch.

The weights of a quantised tagger jump from step to step where a bit width or a rounding flips;
their exponential average over epochs does not (stochastic weight averaging, arXiv 1803.05407). Bit
widths are averaged too. The training itself goes on from the weights that it had.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from jetmix.support.arrays import AnyArray
from jetmix.training.calibrate import calibrate
from jetmix.training.engine import Engine


class Averages:
    """The average of a model's trained variables.

    Args:
        engine: that of the model.
        model: what is trained.
        epochs: over about how many epochs; 1 keeps those of the last epoch.
        quantised: whether the model has bits to calibrate.
    """

    def __init__(self, engine: Engine, model: Any, *, epochs: float, quantised: bool) -> None:
        self.engine, self.model, self.quantised = engine, model, quantised
        self.epochs = epochs
        self.values: list[AnyArray] = []

    @contextlib.contextmanager
    def in_place(self, epoch: int, x: Any) -> Iterator[None]:
        """Let the engine's model have the averages inside the block, which the epoch enters.

        Args:
            epoch: number of the epoch that has just been trained, from 0.
            x: jets that the batch normalisations and the ranges of the quantisers are set from.
        """
        own = self.engine.state()
        n_trained = len(self.model.trainable_variables)
        self._add(epoch, own[:n_trained])
        self.engine.load_state([*self.values, *own[n_trained:]])
        self.engine.settle(x)
        if self.quantised:
            calibrate(self.engine, self.model, [x])
        try:
            yield
        finally:
            self.engine.load_state(own)

    def _add(self, epoch: int, trained: Sequence[AnyArray]) -> None:
        # a plain mean until there are so many epochs
        share = max(1 / (epoch + 1), 1 / self.epochs)
        if not self.values:
            self.values = list(trained)
            return
        self.values = [
            (old + share * (new - old)).astype(new.dtype)
            for old, new in zip(self.values, trained, strict=True)
        ]
