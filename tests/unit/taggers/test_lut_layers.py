"""Taggers with LUT layers: bits per pair, size, training, calibration, files and lowering."""

import dataclasses

import numpy as np
import pytest

from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import build_tagger, resolved_options, spec_from
from jetmix.training.calibrate import calibrate
from jetmix.training.jets import Jets
from jetmix.training.loop import Loop

keras = keras_env.activate()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
OPTIONS = {
    "gnn-lut": {"width": 3, "head": [5], "neurons": 3},
    "mixer-lut": {"width": 3, "head": [5], "neurons": 3},
    "hlf-mlp-lut": {"hidden": [5], "neurons": 3},
}
# the layers of GNN and Mixer are those of the MLP: their own runs are for `make test-long`
CHEAP = [
    name if name == "hlf-mlp-lut" else pytest.param(name, marks=pytest.mark.long)
    for name in OPTIONS
]


def recipe_for(name, *, uniform=True, quantised=True, epochs=4):
    recipe = load_recipe("mixer-8-demo")
    particles = None if name == "hlf-mlp-lut" else 4
    features = ("pt", "etarel", "phirel") if particles else tuple(f"j{i}" for i in range(12))
    tagger = dataclasses.replace(
        recipe.tagger,
        architecture=name,
        n_particles=particles,
        quantised=quantised,
        options=resolved_options(name, OPTIONS[name]),
    )
    return dataclasses.replace(
        recipe,
        data=dataclasses.replace(recipe.data, features=features),
        tagger=tagger,
        quantiser=dataclasses.replace(recipe.quantiser, uniform_particles=uniform),
        training=dataclasses.replace(
            recipe.training,
            epochs=epochs,
            batch_size=64,
            learning_rate=2e-2,
            beta=((0.0, 1e-4, "constant"),),
        ),
    )


def separable(n, seed, shape):
    """Return jets whose mean gives the class away."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 5
    centres = np.random.default_rng(0).normal(size=(5, *shape))
    return Jets(x=(centres[y] + rng.normal(size=(n, *shape))).astype(np.float32), y=y)


def loop_for(name, folder, **changes):
    recipe = recipe_for(name, **changes)
    folder.mkdir()
    keras.utils.set_random_seed(1)
    model = build_tagger(spec_from(recipe, n_classes=5))
    jets = [separable(n, seed, model.input_shape[1:]) for seed, n in ((1, 320), (2, 200))]
    return Loop(recipe, model, train=jets[0], validation=jets[1], folder=folder, digest="lut")


def trained(name, folder):
    loop = loop_for(name, folder)
    loop.run()
    seen = separable(320, 1, loop.model.input_shape[1:]).x
    return loop, seen, calibrate(loop.engine, loop.model, [seen])


@pytest.mark.parametrize(("uniform", "particles"), [(True, 1), (False, 4)])
def test_every_pair_has_bits_of_its_own(uniform, particles):
    model = build_tagger(spec_from(recipe_for("gnn-lut", uniform=uniform), n_classes=5))
    layer = model.get_layer("own")
    assert tuple(layer.iq.quantizer._f.shape) == (1, particles, 3, 3)
    assert tuple(layer.toq.quantizer._b.shape) == (1, particles, 3, 3)
    assert float(np.min(layer.toq.quantizer._b)) == 7
    assert tuple(model.get_layer("logits").iq.quantizer._f.shape) == (1, 5, 5)


def test_the_twin_adds_the_networks_of_all_pairs():
    model = build_tagger(spec_from(recipe_for("hlf-mlp-lut", quantised=False), n_classes=5))
    x = np.random.default_rng(1).normal(size=(6, 12)).astype(np.float32)
    out = x
    for name in ("head_1", "logits"):
        kernel, bias = (np.asarray(v) for v in model.get_layer(name).weights)
        weights, offset = (np.asarray(v) for v in model.get_layer(f"{name}_pairs").weights)
        hidden = np.tanh(out[:, :, None, None] * kernel + bias)
        out = (hidden * weights).sum(axis=(1, 3)) + offset
    np.testing.assert_allclose(model.predict(x, verbose=0), out, rtol=1e-4, atol=1e-5)


def test_ebops_count_the_tables_of_six_input_luts(tmp_path):
    loop, _, _ = trained("hlf-mlp-lut", tmp_path / "run")
    layer = loop.model.get_layer("head_1")
    inputs, outputs = (
        np.broadcast_to(np.asarray(q.fbits), (1, 12, 5)).astype(float)
        for q in (layer.iq.quantizer, layer.toq.quantizer)
    )
    leaves = np.where(inputs >= 5, 2.0 ** (inputs - 5), inputs / 5)
    assert float(layer.ebops) == pytest.approx((leaves * outputs / 2 + outputs).sum(), rel=1e-5)


@pytest.mark.parametrize("name", OPTIONS)
def test_training_learns_and_squeezes(name, tmp_path):
    loop = loop_for(name, tmp_path / "run", epochs=30)
    loop.run()
    history = loop.state.history
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]
    assert history[-1]["ebops"] < history[0]["ebops"]
    assert max(loop.state.column("val_accuracy")) > 0.4


@pytest.mark.long
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_last_bit(tmp_path):
    whole = loop_for("gnn-lut", tmp_path / "whole")
    whole.run()
    half = loop_for("gnn-lut", tmp_path / "half")
    for _ in range(2):
        half.train_epoch()
    (tmp_path / "again").mkdir()
    keras.utils.set_random_seed(2)
    model = build_tagger(spec_from(half.recipe, n_classes=5))
    again = Loop(
        half.recipe,
        model,
        train=separable(320, 1, (4, 3)),
        validation=half.validation,
        folder=half.folder,
        digest="lut",
    )
    again.resume()
    again.run()
    states = zip(whole.engine.state(), again.engine.state(), strict=True)
    assert all(np.array_equal(one, other) for one, other in states)


@pytest.mark.parametrize("name", CHEAP)
def test_calibration_is_that_of_hgq2(name, tmp_path):
    from hgq.utils import trace_minmax

    loop, seen, ebops = trained(name, tmp_path / "run")
    x = separable(50, 7, loop.model.input_shape[1:]).x
    answers = loop.model.predict(x, verbose=0)
    assert trace_minmax(loop.model, seen) == ebops
    assert np.array_equal(loop.model.predict(x, verbose=0), answers)


@pytest.mark.parametrize("name", CHEAP)
def test_a_saved_tagger_answers_the_same_and_lowers_exactly(name, tmp_path):
    from jetmix.firmware.da_graph import trace

    loop, _, _ = trained(name, tmp_path / "run")
    loop.model.save(tmp_path / "tagger.keras")
    loaded = keras_env.load_tagger(tmp_path / "tagger.keras")
    x = separable(300, 9, loop.model.input_shape[1:]).x  # jets that no range was taken from
    answers = loaded.predict(x, verbose=0)
    assert np.array_equal(answers, loop.model.predict(x, verbose=0))
    layer, again = (model.get_layer("logits").get_config() for model in (loop.model, loaded))
    assert again["n_out"] == layer["n_out"] == 5
    assert again["d_hl"] == layer["d_hl"] == 3
    assert answers.std(axis=0).min() > 0
    lowered = trace(loaded).predict(x.reshape(len(x), -1).astype(np.float64))
    assert np.array_equal(lowered, answers)
