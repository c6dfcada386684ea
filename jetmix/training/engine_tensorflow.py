"""Training on TensorFlow: an epoch is one graph that loops over the steps."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from jetmix.models.run import taken
from jetmix.recipes.training_section import TrainingSection
from jetmix.support.arrays import AnyArray, Floats
from jetmix.training.answers import Answers
from jetmix.training.engine import (
    EVALUATION_BATCH,
    Portion,
    Tracing,
    bit_variables,
    hgq_variables,
    normalisation_variables,
)
from jetmix.training.jets import Jets
from jetmix.training.losses import target_loss, taught_loss


class TensorFlowEngine:
    """Trains the Keras model's own variables."""

    def __init__(self, model: Any, optimizer: Any, settings: TrainingSection) -> None:
        self.model, self.optimizer, self.settings = model, optimizer, settings
        optimizer.build(model.trainable_variables)
        self.variables = [
            *model.trainable_variables,
            *model.non_trainable_variables,
            *optimizer.variables,
        ]
        self.betas = hgq_variables(model, "_beta")
        self.sizes = hgq_variables(model, "_ebops")
        self.bits = bit_variables(model)
        self.norms = normalisation_variables(model)
        self._epoch = tf.function(self._run_epoch, reduce_retracing=True)
        self._answer = tf.function(partial(self._infer, training=False), reduce_retracing=True)
        self._settled = tf.function(self._settle, reduce_retracing=True)
        self._answer_unwrapped = tf.function(self._trace, reduce_retracing=True)

    def hold(self, jets: Jets) -> Any:
        """Return the jets on the device."""
        return {name: tf.constant(values) for name, values in jets.arrays.items()}

    def train_epoch(
        self,
        portions: Iterable[Portion],
        learning_rate: float,
        beta: float,
        *,
        trains_bits: bool = True,
    ) -> float:
        """Train one epoch; see :class:`jetmix.training.engine.Engine`."""
        self.optimizer._learning_rate.assign(learning_rate)
        for variable in self.betas:
            variable.assign(beta)
        losses, steps = [], []
        for jets, order in portions:
            losses.append(float(self._epoch(jets, tf.constant(order), trains_bits)))
            steps.append(len(order))
        return float(np.average(losses, weights=steps))

    def answers(self, x: Floats, *, wrapping: bool = True) -> Answers:
        """Return the answers, found in pieces of the evaluation batch."""
        starts = range(0, len(x), EVALUATION_BATCH)
        pieces = [tf.constant(x[at : at + EVALUATION_BATCH]) for at in starts]
        if wrapping:
            return Answers.joined([Answers.of(self._answer(piece)) for piece in pieces])
        before = self.state()  # tracing widens the quantisers
        answers = Answers.joined([Answers.of(self._answer_unwrapped(piece)) for piece in pieces])
        self.load_state(before)
        return answers

    def settle(self, x: Any) -> None:
        """Replace the running statistics by those of one large batch."""
        self._settled(x)

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

    def _run_epoch(self, jets: Any, order: Any, trains_bits: bool) -> Any:
        total = tf.constant(0.0)
        for rows in order:
            kept = [] if trains_bits else [tf.identity(variable) for variable in self.bits]
            total += self._step({name: tf.gather(held, rows) for name, held in jets.items()})
            for variable, value in zip(self.bits, kept, strict=False):
                variable.assign(value)
        return total / tf.cast(tf.shape(order)[0], total.dtype)

    def _step(self, jets: Any) -> Any:
        with tf.GradientTape() as tape:
            found = self._task_loss(self.model(taken(self.model, jets["x"]), training=True), jets)
            loss = tf.add_n([found, *self.model.losses])
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        return found

    def _task_loss(self, outputs: Any, jets: Any) -> Any:
        weights, targets = jets.get("weights"), jets.get("targets")
        logits = outputs if targets is None else outputs[0]
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=jets["y"], logits=logits)
        entropy = tf.reduce_mean(losses if weights is None else losses * weights)
        if "teacher" in jets:
            entropy = taught_loss(entropy, logits, jets["teacher"], self.settings, weights)
        if targets is None:
            return entropy
        regression = target_loss(self.settings.target_loss, outputs[1], targets, weights)
        return entropy + self.settings.target_weight * regression

    def _settle(self, x: Any) -> None:
        before = [tf.identity(variable.value) for variable in self.model.non_trainable_variables]
        for variable, _ in self.norms:
            variable.assign(tf.zeros_like(variable.value))
        self.model(taken(self.model, x), training=True)
        # what is left of the one batch
        found = [variable.value / (1 - momentum) for variable, momentum in self.norms]
        for variable, value in zip(self.model.non_trainable_variables, before, strict=True):
            variable.assign(value)
        for (variable, _), value in zip(self.norms, found, strict=True):
            variable.assign(value)

    def _trace(self, x: Any) -> Any:
        return self.model(taken(self.model, x), training=Tracing())

    def _infer(self, x: Any, *, training: bool) -> Any:
        return self.model(taken(self.model, x), training=training)


def make(model: Any, optimizer: Any, settings: TrainingSection) -> TensorFlowEngine:
    """Return the engine."""
    return TensorFlowEngine(model, optimizer, settings)
