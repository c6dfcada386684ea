"""Training on JAX: a whole epoch is one compiled scan over steps, with the data on the device.

Compared with ``model.fit`` this saves the dispatch and the copies between steps, and lets XLA
keep the training state in place.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jetmix.models.run import taken
from jetmix.recipes.training_section import TrainingSection
from jetmix.support.arrays import AnyArray, Floats
from jetmix.training.answers import Answers
from jetmix.training.devices import copied, shared
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

State = tuple[list[Any], list[Any], list[Any]]


class JaxEngine:
    """Keeps the training state outside the Keras model, as JAX wants it."""

    def __init__(self, model: Any, optimizer: Any, settings: TrainingSection) -> None:
        self.model, self.optimizer, self.settings = model, optimizer, settings
        optimizer.build(model.trainable_variables)
        self.groups = (
            model.trainable_variables,
            model.non_trainable_variables,
            optimizer.variables,
        )
        self.values: State = self._from_keras()
        self.betas = self._places(1, hgq_variables(model, "_beta"))
        self.sizes = self._places(1, hgq_variables(model, "_ebops"))
        self.bits = self._places(0, bit_variables(model))
        norms = normalisation_variables(model)
        places = self._places(1, [variable for variable, _ in norms])
        self.norms = list(zip(places, [momentum for _, momentum in norms], strict=True))
        self.rate = self._places(2, [optimizer._learning_rate])[0]
        self._epoch = jax.jit(self._run_epoch, donate_argnums=0)
        self._answer = jax.jit(partial(self._infer, training=False))
        self._answer_unwrapped = jax.jit(partial(self._infer, training=Tracing()))
        self._widen = jax.jit(self._trace)
        self._settled = jax.jit(self._settle)

    def hold(self, jets: Jets) -> Any:
        """Return the jets on the device, a copy on each of several."""
        return {name: copied(jnp.asarray(values)) for name, values in jets.arrays.items()}

    def train_epoch(
        self,
        portions: Iterable[Portion],
        learning_rate: float,
        beta: float,
        *,
        trains_bits: bool = True,
    ) -> float:
        """Train one epoch; see :class:`jetmix.training.engine.Engine`."""
        self._set(2, [self.rate], learning_rate)
        self._set(1, self.betas, beta)
        losses = []
        for jets, order in portions:
            self.values, found = self._epoch(self.values, jets, jnp.asarray(order), trains_bits)
            losses.append(np.asarray(found, dtype=np.float64))
        return float(np.concatenate(losses).mean())

    def answers(self, x: Floats, *, wrapping: bool = True) -> Answers:
        """Return the answers, found in pieces of the evaluation batch."""
        answer, pieces = self._answer if wrapping else self._answer_unwrapped, []
        for start in range(0, len(x), EVALUATION_BATCH):
            piece = x[start : start + EVALUATION_BATCH]
            pieces.append(Answers.of(answer(self.values[0], self.values[1], piece)))
        return Answers.joined(pieces)

    def settle(self, x: Any) -> None:
        """Replace the running statistics by those of one large batch."""
        trained, other, optimizer = self.values
        self.values = trained, self._settled(trained, other, x), optimizer

    def trace(self, x: Floats) -> None:
        """Widen the integer bits to what jets ``x`` need."""
        trained, other, optimizer = self.values
        for start in range(0, len(x), EVALUATION_BATCH):
            other = self._widen(trained, other, x[start : start + EVALUATION_BATCH])
        self.values = trained, other, optimizer

    def ebops(self) -> int:
        """Return the sum over the HGQ layers."""
        return sum(int(self.values[1][place]) for place in self.sizes)

    def state(self) -> list[AnyArray]:
        """Return copies of all variables on the host."""
        return [np.asarray(value) for group in self.values for value in group]

    def load_state(self, values: list[AnyArray]) -> None:
        """Put values of :meth:`state` back."""
        rest = iter(values)
        trained, other, optimizer = (
            [jnp.array(next(rest)) for _ in group] for group in self.groups
        )
        self.values = trained, other, optimizer

    def sync(self) -> None:
        """Write the values into the Keras model."""
        for group, values in zip(self.groups, self.values, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)

    def _from_keras(self) -> State:
        # copies: the epoch donates its state, and Keras' own arrays must outlive it
        trained, other, optimizer = (
            [jnp.array(variable.value) for variable in group] for group in self.groups
        )
        return trained, other, optimizer

    def _places(self, group: int, wanted: list[Any]) -> list[int]:
        places = {id(variable): place for place, variable in enumerate(self.groups[group])}
        return [places[id(variable)] for variable in wanted]

    def _set(self, group: int, places: list[int], value: float) -> None:
        for place in places:
            old = self.values[group][place]
            self.values[group][place] = jnp.full(old.shape, value, dtype=old.dtype)

    def _run_epoch(
        self, state: State, jets: Any, order: Any, trains_bits: Any
    ) -> tuple[State, Any]:
        def step(now: State, rows: Any) -> tuple[State, Any]:
            batch = {name: shared(held[rows]) for name, held in jets.items()}
            after, loss = self._step(now, batch)
            for place in self.bits:
                after[0][place] = jnp.where(trains_bits, after[0][place], now[0][place])
            return after, loss

        return jax.lax.scan(step, state, order)

    def _step(self, state: State, jets: Any) -> tuple[State, Any]:
        trained, other, optimizer = state
        grad = jax.value_and_grad(self._loss, has_aux=True)
        (_, (other, loss)), gradients = grad(trained, other, jets)
        trained, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trained)
        return (trained, other, optimizer), loss

    def _loss(self, trained: Any, other: Any, jets: Any) -> tuple[Any, tuple[Any, Any]]:
        outputs, other, penalties = self.model.stateless_call(
            trained, other, taken(self.model, jets["x"]), training=True, return_losses=True
        )
        loss = self._task_loss(outputs, jets)
        return loss + sum(penalties), (other, loss)

    def _task_loss(self, outputs: Any, jets: Any) -> Any:
        weights, targets = jets.get("weights"), jets.get("targets")
        logits = outputs if targets is None else outputs[0]
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), jets["y"][:, None], axis=1)
        entropy = -jnp.mean(chosen if weights is None else chosen * weights[:, None])
        if "teacher" in jets:
            entropy = taught_loss(entropy, logits, jets["teacher"], self.settings, weights)
        if targets is None:
            return entropy
        regression = target_loss(self.settings.target_loss, outputs[1], targets, weights)
        return entropy + self.settings.target_weight * regression

    def _settle(self, trained: Any, other: Any, x: Any) -> Any:
        empty, settled = list(other), list(other)
        for place, _ in self.norms:
            empty[place] = jnp.zeros_like(other[place])
        seen = self.model.stateless_call(trained, empty, taken(self.model, x), training=True)[1]
        for place, momentum in self.norms:
            settled[place] = seen[place] / (1 - momentum)  # what is left of the one batch
        return settled

    def _trace(self, trained: Any, other: Any, x: Any) -> Any:
        x = taken(self.model, x)
        return self.model.stateless_call(trained, other, x, training=Tracing())[1]

    def _infer(self, trained: Any, other: Any, x: Any, *, training: Any) -> Any:
        x = taken(self.model, x)
        return self.model.stateless_call(trained, other, x, training=training)[0]


def make(model: Any, optimizer: Any, settings: TrainingSection) -> JaxEngine:
    """Return the engine."""
    return JaxEngine(model, optimizer, settings)
