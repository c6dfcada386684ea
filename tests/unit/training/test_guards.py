import numpy as np
import pytest

from jetmix.errors import TrainingError
from jetmix.training import guards
from jetmix.training.engine import Validation

FINE = Validation(accuracy=0.5, loss=1.0, spread=1.0)
DEAD = Validation(accuracy=0.2, loss=1.6, spread=0.0)


def test_nan_loss_is_named():
    guards.check_finite(0, 1.0, FINE)
    with pytest.raises(
        TrainingError, match=r"epoch 3: the loss is nan in training.*lower learning"
    ):
        guards.check_finite(2, float("nan"), FINE)


def test_same_answer_for_all_jets_at_the_start():
    guards.check_answers(0, FINE)
    guards.check_answers(5, DEAD)
    with pytest.raises(TrainingError, match=r"all jets get the same logits.*weight_fraction_bits"):
        guards.check_answers(0, DEAD)


def test_collapse_is_told_from_a_dead_start():
    assert guards.collapsed(5, DEAD)
    assert not guards.collapsed(0, DEAD)
    assert not guards.collapsed(5, FINE)


def test_kernel_without_gradient_is_named():
    names = ["a/kernel", "b/kernel", "b/bias"]
    before = [np.ones(2), np.ones(2), np.ones(2)]
    after = [np.zeros(2), np.ones(2), np.ones(2)]
    with pytest.raises(TrainingError, match="no gradient reaches b/kernel;"):
        guards.check_gradients(names, before, after)
    guards.check_gradients(names[:1], before[:1], after[:1])


def test_constant_ebops_are_named_once_ten_epochs_are_known():
    guards.check_ebops_move([500] * 9)
    guards.check_ebops_move([500] * 9 + [499])
    with pytest.raises(TrainingError, match="EBOPs stayed at 500 for 10 epochs"):
        guards.check_ebops_move([500] * 10)


def test_chance_is_judged_against_the_labels_after_a_tenth_of_the_run():
    y = np.arange(1000) % 5
    flat = [0.2] * 20
    guards.check_above_chance(flat[:19], epochs=100, y=y)
    guards.check_above_chance(flat, epochs=300, y=y)
    guards.check_above_chance([*flat[:19], 0.25], epochs=100, y=y)
    with pytest.raises(TrainingError, match=r"20.0% after 20 epochs, no better than guessing"):
        guards.check_above_chance(flat, epochs=100, y=y)


def test_range_beyond_its_limit_is_named():
    limits = [("head_1/i", 12.0)]
    guards.check_ranges(limits, [np.array([12.0, 3.0])])
    with pytest.raises(TrainingError, match="head_1/i needs 14 integer bits, the limit is 12"):
        guards.check_ranges(limits, [np.array([14.0])])
