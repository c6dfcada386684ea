import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.recipes.recipe import load_recipe
from jetmix.training.schedules import beta, learning_rate

SETTINGS = replace(
    load_recipe("mixer-8-demo").training,
    epochs=1000,
    learning_rate=3e-3,
    learning_rate_floor=1e-6,
    learning_rate_cycles=2,
    learning_rate_cycle_factor=0.5,
    learning_rate_rest=0.02,
)


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [
        (0, 3e-3),
        (245, 1e-6 + 0.5 * (3e-3 - 1e-6)),  # half of the falling 98% of the cycle
        (490, 1e-6),
        (499, 1e-6),
        (500, 1.5e-3),
        (999, 1e-6),
    ],
)
def test_cosine_with_restarts(epoch, expected):
    assert learning_rate(epoch, SETTINGS) == pytest.approx(expected)


def test_published_schedule_of_seven_thousand_epochs():
    """3e-3 falling to 1e-6 in 490 of every 500 epochs, as in the JEDI-linear code."""
    settings = replace(
        SETTINGS, epochs=7000, learning_rate_cycles=14, learning_rate_cycle_factor=1.0
    )
    for cycle in (0, 7, 13):
        for step in (0, 100, 489):
            expected = 1e-6 + 0.5 * (3e-3 - 1e-6) * (1 + math.cos(math.pi * step / 490))
            assert learning_rate(500 * cycle + step, settings) == pytest.approx(expected)


@given(epoch=st.integers(0, 999), cycles=st.integers(1, 30))
def test_rate_stays_between_floor_and_peak(epoch, cycles):
    settings = replace(SETTINGS, learning_rate_cycles=cycles, learning_rate_cycle_factor=1.0)
    assert 1e-6 <= learning_rate(epoch, settings) <= 3e-3 + 1e-12


def test_one_epoch_has_the_peak():
    assert learning_rate(0, replace(SETTINGS, epochs=1)) == pytest.approx(3e-3)


POINTS = ((0.0, 1e-8, "linear"), (0.25, 3e-8, "log"), (0.75, 3e-6, "constant"))


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [(0, 1e-8), (50, 2e-8), (100, 3e-8), (200, 3e-7), (300, 3e-6), (400, 3e-6)],
)
def test_beta_between_key_points(epoch, expected):
    assert beta(epoch, 401, POINTS) == pytest.approx(expected)


def test_constant_piece_waits_for_the_next_point():
    points = ((0.0, 1e-8, "constant"), (0.5, 1e-6, "linear"))
    assert beta(49, 101, points) == 1e-8
    assert beta(50, 101, points) == 1e-6


def test_beta_of_a_single_epoch_is_the_first():
    assert beta(0, 1, POINTS) == 1e-8
