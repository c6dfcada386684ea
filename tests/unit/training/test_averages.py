"""Averaged weights: what the front gets, what the training goes on from, and exact resume."""

from dataclasses import replace

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training.averages import Averages
from jetmix.training.checkpoint import load_arrays
from jetmix.training.finish import restore
from jetmix.training.loop import Loop

from .conftest import TINY

keras = keras_env.activate()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Numbers:
    """An engine of one trained variable and one other, which notes what is settled."""

    trainable_variables = ("weight",)

    def __init__(self):
        self.values = [np.float32([0.0]), np.float32([7.0])]
        self.settled = []

    def state(self):
        return list(self.values)

    def load_state(self, values):
        self.values = list(values)

    def settle(self, x):
        self.settled.append((x, float(self.values[0][0])))


def test_averages_are_in_place_inside_the_block_alone():
    engine = Numbers()
    averages = Averages(engine, engine, epochs=2, quantised=False)
    seen = []
    for epoch, weight in enumerate((4.0, 8.0, 0.0)):
        engine.values[0] = np.float32([weight])
        with averages.in_place(epoch, "jets"):
            seen.append(float(engine.values[0][0]))
            assert engine.values[1][0] == 7
        assert engine.values[0][0] == weight
    # the mean of two, then half of the new one
    assert seen == [4, 6, 3]
    assert engine.settled == [("jets", 4), ("jets", 6), ("jets", 3)]
    assert averages.values[0].dtype == np.float32


def loop_of(folder, jets, **training):
    (folder / "r.toml").write_text(TINY.replace("n_particles", "quantised = false\nn_particles"))
    recipe = load_recipe(str(folder / "r.toml"))
    settings = {"epochs": 6, "learning_rate": 0.05, "average_epochs": 3.0} | training
    recipe = replace(recipe, training=replace(recipe.training, **settings))
    keras.utils.set_random_seed(1)
    model = build_tagger(spec_from(recipe, n_classes=5))
    return Loop(recipe, model, **jets, folder=folder, digest="digest")


def test_the_front_is_averaged_and_a_resumed_training_has_the_same_bits(jets, tmp_path):
    folders = [tmp_path / name for name in ("whole", "broken", "plain")]
    for folder in folders:
        folder.mkdir()
    whole = loop_of(folders[0], jets)
    whole.run()
    broken = loop_of(folders[1], jets)
    for _ in range(3):
        broken.train_epoch()
    again = loop_of(folders[1], jets)
    again.resume()
    again.run()
    plain = loop_of(folders[2], jets, average_epochs=None)
    plain.run()
    for values in (again.engine.state(), plain.engine.state()):
        # averages change what is judged, not what is trained
        for one, other in zip(whole.engine.state(), values, strict=True):
            np.testing.assert_array_equal(one, other)
    assert whole.state.front == again.state.front != plain.state.front
    point = whole.state.front[0]
    values, _ = load_arrays(whole.folder / point.path)
    restore(whole, values)
    answers = whole.engine.answers(jets["validation"].x)
    found = float((answers.logits.argmax(axis=1) == jets["validation"].y).mean())
    assert found == point.val_accuracy


def test_fewer_epochs_than_one_are_refused(tmp_path):
    (tmp_path / "r.toml").write_text(f"{TINY}average_epochs = 0.5\n")
    with pytest.raises(UsageError, match=r"average_epochs = 0\.5 must be at least 1"):
        load_recipe(str(tmp_path / "r.toml"))


@pytest.mark.long
def test_a_quantised_front_is_averaged_with_its_bits(jets, tmp_path):
    (tmp_path / "r.toml").write_text(TINY)
    recipe = load_recipe(str(tmp_path / "r.toml"))
    recipe = replace(recipe, training=replace(recipe.training, average_epochs=3.0, epochs=8))
    model = build_tagger(spec_from(recipe, n_classes=5))
    loop = Loop(recipe, model, **jets, folder=tmp_path, digest="digest")
    loop.run()
    point = loop.state.front[-1]
    restore(loop, load_arrays(tmp_path / point.path)[0])
    widths = [
        np.asarray(v)
        for v in model.trainable_variables
        if v.path.endswith("kq/f") or "/f" in v.path
    ]
    assert any((width != np.round(width)).any() for width in widths)
    assert loop.state.history[-1]["ebops"] > 0
