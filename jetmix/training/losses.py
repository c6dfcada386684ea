"""The loss of regression heads, for both engines and for NumPy arrays."""

from collections.abc import Callable
from typing import Any

Distance = Callable[[Any], Any]


def _huber(difference: Any) -> Any:
    from keras import ops

    size = ops.abs(difference)
    return ops.where(size <= 1, size * size / 2, size - 0.5)


def _squared(difference: Any) -> Any:
    return difference * difference


def _absolute(difference: Any) -> Any:
    from keras import ops

    return ops.abs(difference)


# of a difference in units of the target's scale, which is about its standard deviation
DISTANCES: dict[str, Distance] = {"huber": _huber, "squared": _squared, "absolute": _absolute}


def target_loss(kind: str, predicted: Any, true: Any, weights: Any = None) -> Any:
    """Return the mean over jets and targets of one of ``DISTANCES``.

    Args:
        kind: its name in the recipe.
        predicted: (jet, target).
        true: the same, in the same unit.
        weights: (jet,) with mean 1, None if all jets count alike.
    """
    from keras import ops

    losses = ops.mean(DISTANCES[kind](predicted - true), axis=1)
    return ops.mean(losses if weights is None else losses * weights)
