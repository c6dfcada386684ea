"""A model starts from the weights of its seed, whatever other threads draw meanwhile."""

import random

import pytest

from jetmix.models import keras_env
from jetmix.training.seeds import seeded

keras = keras_env.activate()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def kernels(disturb=lambda: None):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    disturb()
    model.add(keras.layers.Dense(2))
    return [layer.kernel.numpy().tolist() for layer in model.layers]


def test_draws_of_others_change_nothing():
    with seeded(5):
        calm = kernels()
    with seeded(5):
        disturbed = kernels(random.random)
    assert calm == disturbed
    with seeded(6):
        assert kernels() != calm


def test_weights_are_those_of_the_seed():
    keras.utils.set_random_seed(5)
    plain = kernels()
    with seeded(5):
        assert kernels() == plain
    random.seed(1)
    first = kernels()
    assert kernels() != first  # outside, Keras draws from the shared generator again
