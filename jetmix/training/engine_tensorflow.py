"""Training on TensorFlow: an epoch is one graph that loops over the steps."""

from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from jetmix.support.arrays import AnyArray, Floats, Ints
from jetmix.training.engine import (
    EVALUATION_BATCH,
    STATISTICS_JETS,
    Tracing,
    hgq_variables,
    normalisation_variables,
)


class TensorFlowEngine:
    """Trains the Keras model's own variables."""

    def __init__(self, model: Any, optimizer: Any, x: Floats, y: Ints) -> None:
        self.model, self.optimizer = model, optimizer
        optimizer.build(model.trainable_variables)
        self.variables = [
            *model.trainable_variables,
            *model.non_trainable_variables,
            *optimizer.variables,
        ]
        self.betas = hgq_variables(model, "_beta")
        self.sizes = hgq_variables(model, "_ebops")
        self.norms = normalisation_variables(model)
        self.x, self.y = tf.constant(x), tf.constant(y)
        self._epoch = tf.function(self._run_epoch, reduce_retracing=True)
        self._answer = tf.function(partial(self._infer, training=False), reduce_retracing=True)
        self._settled = tf.function(self._settle, reduce_retracing=True)
        self._answer_unwrapped = tf.function(self._trace, reduce_retracing=True)

    def train_epoch(self, order: Ints, learning_rate: float, beta: float) -> float:
        """Train one epoch in one call; see :class:`jetmix.training.engine.Engine`."""
        self.optimizer._learning_rate.assign(learning_rate)
        for variable in self.betas:
            variable.assign(beta)
        return float(self._epoch(tf.constant(order)))

    def logits(self, x: Floats, *, wrapping: bool = True) -> Floats:
        """Return the logits (jet, class), in pieces of the evaluation batch."""
        starts = range(0, len(x), EVALUATION_BATCH)
        pieces = [tf.constant(x[at : at + EVALUATION_BATCH]) for at in starts]
        if wrapping:
            return np.concatenate([self._answer(piece).numpy() for piece in pieces])
        before = self.state()  # tracing widens the quantisers
        answers = np.concatenate([self._answer_unwrapped(piece).numpy() for piece in pieces])
        self.load_state(before)
        return answers

    def settle(self) -> None:
        """Replace the running statistics by those of one large batch."""
        self._settled(self.x[:STATISTICS_JETS])

    def trace(self, x: Floats) -> None:
        """Widen the integer bits to what jets ``x`` need."""
        for start in range(0, len(x), EVALUATION_BATCH):
            self._answer_unwrapped(tf.constant(x[start : start + EVALUATION_BATCH]))

    def ebops(self) -> int:
        """Return the sum over the HGQ layers."""
        return sum(int(variable.numpy()) for variable in self.sizes)

    def state(self) -> list[AnyArray]:
        """Return copies of all variables on the host."""
        return [variable.numpy() for variable in self.variables]

    def load_state(self, values: list[AnyArray]) -> None:
        """Put values of :meth:`state` back."""
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)

    def sync(self) -> None:
        """Do nothing: the model's own variables are trained."""

    def _run_epoch(self, order: Any) -> Any:
        total = tf.constant(0.0)
        for jets in order:
            total += self._step(tf.gather(self.x, jets), tf.gather(self.y, jets))
        return total / tf.cast(tf.shape(order)[0], total.dtype)

    def _step(self, x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = self.model(x, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            entropy = tf.reduce_mean(losses)
            loss = tf.add_n([entropy, *self.model.losses])
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        return entropy

    def _settle(self, x: Any) -> None:
        before = [tf.identity(variable.value) for variable in self.model.non_trainable_variables]
        for variable, _ in self.norms:
            variable.assign(tf.zeros_like(variable.value))
        self.model(x, training=True)
        # what is left of the one batch
        found = [variable.value / (1 - momentum) for variable, momentum in self.norms]
        for variable, value in zip(self.model.non_trainable_variables, before, strict=True):
            variable.assign(value)
        for (variable, _), value in zip(self.norms, found, strict=True):
            variable.assign(value)

    def _trace(self, x: Any) -> Any:
        return self.model(x, training=Tracing())

    def _infer(self, x: Any, *, training: bool) -> Any:
        return self.model(x, training=training)


def make(model: Any, optimizer: Any, x: Floats, y: Ints) -> TensorFlowEngine:
    """Return the engine."""
    return TensorFlowEngine(model, optimizer, x, y)
