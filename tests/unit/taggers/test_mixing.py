"""Token mixing among neighbours: where values come from, sizes, lowering, and bad input."""

import dataclasses

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.firmware.da_graph import trace
from jetmix.models import keras_env
from jetmix.models.prepare import prepare
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.full_precision_layers import FullPrecisionLayers
from jetmix.taggers.registry import (
    build_tagger,
    check_recipe,
    recorded_options,
    resolved_options,
    spec_from,
)
from jetmix.taggers.spec import TaggerSpec

keras = keras_env.activate()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
# name of an option's value to the options of a small tagger
SMALL = {"strip": {"mixing": "strip", "strip": 2}, "shift": {"mixing": "shift"}}


def spec_of(mixing: str, *, quantised: bool = True) -> TaggerSpec:
    spec = spec_from(load_recipe("mixer-8-demo"), n_classes=5)
    options = resolved_options("mixer", {"width": 6, "head": [6], **SMALL[mixing]})
    return dataclasses.replace(
        spec, n_particles=4, n_features=3, quantised=quantised, options=options
    )


def jets(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 4, 3)).astype(np.float32) * 2


def test_a_third_of_the_features_comes_from_each_neighbour():
    spec = dataclasses.replace(spec_of("shift"), n_features=7)
    inputs = keras.Input((4, 7))
    layer = FullPrecisionLayers(spec).shift(inputs, name="moved")
    x = np.random.default_rng(0).normal(size=(5, 4, 7)).astype(np.float32)
    found = np.asarray(keras.Model(inputs, layer)(x))
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    np.testing.assert_array_equal(found[..., :2], padded[:, :4, :2])
    np.testing.assert_array_equal(found[..., 2:5], x[..., 2:5])
    np.testing.assert_array_equal(found[..., 5:], padded[:, 2:, 5:])


def test_a_strip_mixes_its_own_particles_alone():
    keras.utils.set_random_seed(1)  # weights for which no ReLU before the mixing is dead
    model = build_tagger(spec_of("strip", quantised=False))
    layer = model.get_layer("token_mixing")
    assert layer.kernel.shape == (2, 2, 2)
    assert np.prod(layer.bias.shape) == 4
    after = keras.Model(model.input, model.get_layer("from_strips").output)
    x, changed = jets(1, 1), jets(1, 1)
    changed[:, 0] += 1
    differs = (np.asarray(after(x)) != np.asarray(after(changed))).any(axis=2)[0]
    assert differs.tolist() == [True, True, False, False]


def test_shifts_have_no_weights():
    full = spec_from(load_recipe("mixer-16-quick"), n_classes=5)
    full = dataclasses.replace(full, quantised=False)
    shifted = dataclasses.replace(full, options=resolved_options("mixer", SMALL["shift"]))
    counts = [build_tagger(spec).count_params() for spec in (full, shifted)]
    assert counts[0] - counts[1] == 16 * 16 + 16


@pytest.mark.parametrize("mixing", SMALL)
@pytest.mark.parametrize("engine", ["da4ml", "alkaid"])
def test_integers_after_lowering_are_those_of_keras(mixing, engine, tmp_path):
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(1)
    model = build_tagger(spec_of(mixing))
    trace_minmax(model, jets(256, 0))
    model.save(tmp_path / "tagger.keras")
    model = keras_env.load_tagger(tmp_path / "tagger.keras")
    x = jets(64, 3)
    expected = model.predict(x, verbose=0)
    lowered = trace(prepare(model).model, by=engine).predict(x.reshape(64, -1).astype(np.float64))
    np.testing.assert_array_equal(lowered, expected)
    assert expected.std(axis=0).min() > 0


def recipe_of(**options):
    recipe = load_recipe("mixer-8-demo")
    tagger = dataclasses.replace(recipe.tagger, options=recipe.tagger.options | options)
    return dataclasses.replace(recipe, tagger=tagger)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mixing": "strip", "strip": 3}, "strips of 3 do not divide 8 particles"),
        ({"mixing": "strip", "strip": 0}, "strip = 0 must be above zero"),
        ({"mixing": "stripes"}, "is none of full, strip, shift"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        check_recipe(recipe_of(**options))


def test_two_features_cannot_be_shifted():
    recipe = recipe_of(mixing="shift")
    recipe = dataclasses.replace(
        recipe, data=dataclasses.replace(recipe.data, features=("pt", "eta"))
    )
    with pytest.raises(UsageError, match="2 features cannot be shifted"):
        check_recipe(recipe)


def test_runs_with_full_mixing_record_the_options_that_they_had():
    assert set(recorded_options("mixer", {})) == {
        "width", "head", "relu_after_token_mixing", "relu_after_sum", "sum_bias",
    }  # fmt: skip
    assert recorded_options("mixer", {"mixing": "shift"})["mixing"] == "shift"
    assert "mixing" not in recorded_options("mixer", {"mixing": "full"})
