"""Taggers on the trigger's own integers: the port of the firmware has just these bits."""

from dataclasses import replace

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.firmware import da_graph
from jetmix.models import keras_env
from jetmix.models.prepare import prepare
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import ARCHITECTURES, architecture, build_tagger, spec_from
from jetmix.taggers.shift import absorb_shift
from jetmix.verification.bench import keras_logits

RECIPE = """
[data]
features = ["pt", "eta"]
normalisation = "power-of-two"
hardware = {{pt = {{bits = 14, lsb = 0.25}}, eta = {{bits = 6, signed = true}}}}
[tagger]
architecture = "{name}"
n_particles = {n_particles}
[tagger.options]
{options}
"""
SCALES = (256.0, 8.0)
SHORT = {"mixer": "width = 3\nhead = [3]", "hlf-mlp": "hidden = [4]"}
NAMES = [
    name if name in SHORT else pytest.param(name, marks=pytest.mark.long)
    for name in ARCHITECTURES
    if architecture(name).trains_bits
]


def recipe_for(tmp_path, name):
    n_particles = "4" if architecture(name).takes_particles else '"none"'
    (tmp_path / "own.toml").write_text(
        RECIPE.format(name=name, n_particles=n_particles, options=SHORT.get(name, ""))
    )
    return load_recipe(str(tmp_path / "own.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_ports_have_the_bits_of_the_trigger(tmp_path, name):
    keras_env.activate()
    recipe = recipe_for(tmp_path, name)
    spec = spec_from(recipe, n_classes=3, scales=SCALES)
    assert spec.delivered == ((0, 6, 8), (1, 2, 3))
    model = build_tagger(spec)
    rng = np.random.default_rng(3)
    shape = (200, *spec.input_shape[:-1])
    integers = np.stack([rng.integers(0, 2**14, shape), rng.integers(-32, 32, shape)], axis=-1)
    x = (integers / np.array(SCALES)).astype(np.float32)
    assert absorb_shift(model, x.reshape(-1, x.shape[-1]).mean(0, np.float64)) is not None
    from hgq.utils import trace_minmax

    trace_minmax(model, x)
    prepared = prepare(model).model
    graph = da_graph.graph_of(da_graph.trace_layers(prepared))
    bits = set(map(tuple, graph.inp_kifs.T.tolist()))
    assert bits == {(0, 6, 8), (1, 2, 3)}
    found = graph.predict(x.reshape(len(x), -1).astype(np.float64))
    np.testing.assert_array_equal(found, keras_logits(prepared, x))


@pytest.mark.long
def test_training_leaves_the_bits(tmp_path):
    keras = keras_env.activate()
    model = build_tagger(spec_from(recipe_for(tmp_path, "mixer"), n_classes=3, scales=SCALES))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = np.random.default_rng(0).normal(size=(64, 4, 2)).astype(np.float32)
    model.fit(x, np.arange(64) % 3, epochs=1, verbose=0)
    inner = model.get_layer("delivered").quantizer
    found = [np.asarray(v).ravel().tolist() for v in (inner._k, inner._i, inner._f)]
    assert found == [[0, 1], [6, 2], [8, 3]]


def test_a_recipe_must_say_it_of_all_features_and_only_move_bits(tmp_path):
    text = RECIPE.format(name="mixer", n_particles="4", options="")
    path = tmp_path / "own.toml"
    for old, new, message in (
        (", eta = {bits = 6, signed = true}", "", "for all features of the recipe or for none"),
        ('"power-of-two"', '"standard"', "give pt the scaling 'power-of-two'"),
        ("bits = 14", "bits = 40", "bits = 40 must lie in 1 ... 32"),
        ("bits = 14", "bit = 14", "unknown key 'bit'"),
    ):
        path.write_text(text.replace(old, new))
        with pytest.raises(UsageError, match=message):
            load_recipe(str(path))


def test_the_full_precision_twin_has_no_such_layer(tmp_path):
    recipe = recipe_for(tmp_path, "mlp")
    twin = replace(recipe, tagger=replace(recipe.tagger, quantised=False))
    model = build_tagger(spec_from(twin, n_classes=3, scales=SCALES))
    assert "delivered" not in [layer.name for layer in model.layers]
