"""The Keras layers of a mixture of experts; importing them makes them known to Keras."""

from typing import Any

import keras

PACKAGE = "jetmix"


def _trains(training: Any) -> bool:
    """Return whether a call trains; hgq finds ranges with the word "tracing" instead of a bool."""
    return bool(training) and training != "tracing"


@keras.saving.register_keras_serializable(package=PACKAGE)
class Route(keras.layers.Layer):  # type: ignore[misc]
    """Sends every token to the expert with the highest score; it has no weights.

    The scores are relative to the last expert's, which is 0. Of experts with equal scores the first
    one is chosen. In training the gradient is that of the softmax of the scores (straight-through),
    an expert takes no more tokens than its capacity, first come first served in the batch, and a
    loss keeps the experts equally busy.

    Args:
        capacity: the most tokens of an expert, as a factor on its equal share of those of a batch;
            None for any number. Predictions have no such limit.
        balance: factor of the balance loss.
    """

    def __init__(self, capacity: float | None = None, balance: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.capacity, self.balance = capacity, balance

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Return 1 for the expert of each token, else 0: (jet, token, expert).

        Args:
            inputs: scores of all experts but the last, (jet, token, expert - 1).
            training: whether the model is trained.
        """
        ops = keras.ops
        scores = ops.concatenate([inputs, ops.zeros_like(inputs[..., :1])], axis=-1)
        is_highest = ops.cast(scores >= ops.max(scores, axis=-1, keepdims=True), inputs.dtype)
        # the first of equals, on every backend
        chosen = is_highest * ops.cast(ops.cumsum(is_highest, axis=-1) == 1, inputs.dtype)
        if not _trains(training):
            return chosen
        shares = ops.softmax(scores, axis=-1)
        if self.balance:
            self.add_loss(self.balance * balance_loss(chosen, shares))
        through = chosen + (shares - ops.stop_gradient(shares))
        return through if self.capacity is None else through * self._taken(chosen)

    def _taken(self, chosen: Any) -> Any:
        """Return 1 for each token that its expert has room for, else 0: (jet, token, 1)."""
        ops = keras.ops
        n_experts = chosen.shape[-1]
        tokens = ops.reshape(chosen, (-1, n_experts))
        places = ops.sum(ops.cumsum(tokens, axis=0) * tokens, axis=-1)
        room = ops.cast(ops.shape(tokens)[0], chosen.dtype) * (self.capacity / n_experts)
        return ops.reshape(ops.cast(places <= room, chosen.dtype), (*ops.shape(chosen)[:-1], 1))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return the shape of the scores with one more expert."""
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self) -> dict[str, Any]:
        """Return what makes this layer again."""
        return {**super().get_config(), "capacity": self.capacity, "balance": self.balance}


@keras.saving.register_keras_serializable(package=PACKAGE)
class Isolate(keras.layers.Layer):  # type: ignore[misc]
    """Gives every token to its expert and zeros to the others; it has no weights.

    In training all experts get the token: what the others make of it is not taken.
    """

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Return (jet, token, expert, channel).

        Args:
            inputs: what :class:`Route` gives, (jet, token, expert), and the tokens, (jet, token,
                channel).
            training: whether the model is trained.
        """
        chosen, x = inputs
        given = keras.ops.ones_like(chosen) if _trains(training) else chosen
        return given[..., None] * x[..., None, :]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return the shape of the tokens with an axis of experts."""
        return (*input_shape[0], input_shape[1][-1])


@keras.saving.register_keras_serializable(package=PACKAGE)
class Choose(keras.layers.Layer):  # type: ignore[misc]
    """Takes of each token what its expert gives; it has no weights."""

    def call(self, inputs: Any) -> Any:
        """Return (jet, token, channel).

        Args:
            inputs: what :class:`Route` gives, (jet, token, expert), and what the experts give,
                (jet, token, expert, channel).
        """
        chosen, values = inputs
        return keras.ops.sum(chosen[..., None] * values, axis=-2)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return the shape of the experts' values without the axis of experts."""
        *tokens, _, channels = input_shape[1]
        return (*tokens, channels)


def balance_loss(chosen: Any, shares: Any) -> Any:
    """Return how unequally busy experts are: 0 for equal ones, at most the number of experts - 1.

    The mean of two squared coefficients of variation (arXiv 2106.05974, which arXiv 2109.02008
    takes over): of the experts' importance, their softmax summed over the tokens, and of their
    load, the tokens that they get. Without noise in the scores the load is a plain count, and its
    gradient that of the importance.

    Args:
        chosen: 1 for the expert of each token, else 0, (jet, token, expert).
        shares: softmax of the scores, of the same shape.
    """
    ops = keras.ops
    load = chosen + (shares - ops.stop_gradient(shares))
    return 0.5 * (_variation(shares) + _variation(load))


def _variation(amounts: Any) -> Any:
    """Return the squared coefficient of variation of the sums over jets and tokens."""
    ops = keras.ops
    sums = ops.sum(amounts, axis=(0, 1))
    return ops.var(sums) / ops.square(ops.mean(sums))
