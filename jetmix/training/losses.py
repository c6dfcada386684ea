"""Losses of regression heads and of a teacher's answers, for both engines and for NumPy arrays."""

from collections.abc import Callable
from typing import Any

from jetmix.recipes.training_section import TrainingSection

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


def taught_loss(
    labels: Any, logits: Any, teacher: Any, settings: TrainingSection, weights: Any = None
) -> Any:
    """Return the loss of the classes with a teacher (distillation, arXiv 1503.02531).

    It is (1 - w) times the cross entropy of the labels, and w T^2 times the mean divergence
    (Kullback and Leibler) of the tagger's probabilities from the teacher's, both softened by T;
    w and T are the recipe's ``teacher_weight`` and ``teacher_temperature``.

    Args:
        labels: the cross entropy of the labels.
        logits: (jet, class) of the tagger.
        teacher: (jet, class), the logits of the teacher.
        settings: with w and T.
        weights: (jet,) with mean 1, None if all jets count alike.
    """
    from keras import ops

    share, temperature = settings.teacher_weight, settings.teacher_temperature
    wanted = ops.log_softmax(teacher / temperature)
    found = ops.log_softmax(logits / temperature)
    apart = ops.sum(ops.exp(wanted) * (wanted - found), axis=1)
    apart = ops.mean(apart if weights is None else apart * weights)
    return (1 - share) * labels + share * temperature**2 * apart
