"""Named failures of a training, found early instead of after hours."""

import math
from collections.abc import Sequence

import numpy as np

from jetmix.errors import TrainingError, UsageError
from jetmix.recipes.training_section import TrainingSection
from jetmix.support.arrays import AnyArray, Ints
from jetmix.training.engine import Validation

CONSTANT_EBOPS_EPOCHS = 10
CHANCE_EPOCHS = 20
# above guessing by three standard deviations, or by this much where jets are few
CHANCE_SIGMAS, CHANCE_MARGIN = 3.0, 0.05


def check_target(training: TrainingSection, n_outputs: int) -> None:
    """Refuse a size that no tagger with this many outputs has.

    Raises:
        UsageError: for a target of less than one LUT or EBOP for each output.
    """
    for key in ("target_lut", "target_ebops"):
        target = getattr(training, key)
        if target is not None and target < n_outputs:
            raise UsageError(
                f"{key} = {target} is impossible: it is less than one for each of the "
                f"{n_outputs} outputs",
                where="[training]",
                mend="raise it",
            )


def check_finite(epoch: int, entropy: float, validation: Validation) -> None:
    """Raise TrainingError if the loss is no number any more."""
    if math.isfinite(entropy) and math.isfinite(validation.loss):
        return
    raise TrainingError(
        f"the loss is {entropy} in training and {validation.loss} in validation",
        where=f"epoch {epoch + 1}",
        mend="lower learning_rate, or check the data for huge values (`jetmix data describe`)",
    )


def check_answers(epoch: int, validation: Validation) -> None:
    """Raise TrainingError if all jets get the same answer after the first epoch."""
    if epoch == 0 and validation.spread == 0:
        raise TrainingError(
            "all jets get the same logits: the quantised weights or activations are all zero",
            where="epoch 1",
            mend="start with more weight_fraction_bits and activation_fraction_bits, "
            "or with a smaller beta",
        )


def collapsed(epoch: int, validation: Validation) -> bool:
    """Tell whether beta has squeezed the tagger down to one answer for all jets."""
    return epoch > 0 and validation.spread == 0


def check_gradients(
    names: Sequence[str], before: Sequence[AnyArray], after: Sequence[AnyArray]
) -> None:
    """Raise TrainingError if a kernel did not move at all in the first epoch.

    Args:
        names: path of each trained variable, such as ``head_1/kernel``.
        before: their values before the first epoch.
        after: their values after it.
    """
    rows = zip(names, before, after, strict=True)
    still = [name for name, old, new in rows if _is_kernel(name) and np.array_equal(old, new)]
    if still:
        raise TrainingError(
            f"no gradient reaches {', '.join(still)}",
            where="epoch 1",
            mend="the layer's input is quantised to zero or its ReLUs are dead: start with more "
            "fraction bits, a smaller beta or another seed",
        )


def _is_kernel(name: str) -> bool:
    return name.rsplit("/", 1)[-1].strip("_") == "kernel"


def check_ebops_move(history: Sequence[float]) -> None:
    """Raise TrainingError if the EBOPs of the first epochs are all the same."""
    start = history[:CONSTANT_EBOPS_EPOCHS]
    if len(history) == CONSTANT_EBOPS_EPOCHS and len(set(start)) == 1:
        raise TrainingError(
            f"the EBOPs stayed at {start[0]:.0f} for {CONSTANT_EBOPS_EPOCHS} epochs, "
            "so no bit width is trained",
            mend="raise learning_rate or beta",
        )


def check_above_chance(accuracies: Sequence[float], *, epochs: int, y: Ints) -> None:
    """Raise TrainingError if nothing was learnt in the first tenth of the run.

    Judged once, after a tenth of the epochs but not before 20, against the share of the most
    frequent class in the validation labels ``y`` with three binomial standard deviations,
    or 0.05 where these are more.
    """
    if len(accuracies) != max(CHANCE_EPOCHS, epochs // 10):
        return
    chance = float(np.bincount(y).max() / len(y))
    error = math.sqrt(chance * (1 - chance) / len(y))
    limit = chance + min(CHANCE_SIGMAS * error, CHANCE_MARGIN)
    if max(accuracies) <= limit:
        raise TrainingError(
            f"the validation accuracy is {max(accuracies):.1%} after {len(accuracies)} epochs, "
            f"no better than guessing ({chance:.1%})",
            mend="check the labels and features of the data, lower beta, or change learning_rate",
        )


def check_ranges(limits: Sequence[tuple[str, float]], values: Sequence[AnyArray]) -> None:
    """Raise TrainingError if the integer bits of an activation exceed their limit.

    Args:
        limits: path of each bounded bit width, and its upper limit.
        values: the bit widths now.
    """
    for (name, limit), value in zip(limits, values, strict=True):
        if value.size and float(value.max()) > limit + 0.5:
            raise TrainingError(
                f"{name} needs {float(value.max()):.0f} integer bits, the limit is {limit:.0f}",
                mend="lower learning_rate or raise activation_max_integer_bits",
            )
