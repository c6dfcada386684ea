"""What holds for every architecture: shapes, sizes, lowering, and the order of the particles."""

import dataclasses

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.firmware.da_graph import trace
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.heads import start_targets
from jetmix.taggers.layers import mean_scale
from jetmix.taggers.registry import (
    ARCHITECTURES,
    build_tagger,
    permutation_invariant,
    resolved_options,
    spec_from,
)
from jetmix.taggers.spec import TaggerSpec

keras = keras_env.activate()
# raised inside Keras when it saves on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SMALL = {
    "mixer": {"width": 6, "head": [6]},
    "deepsets": {"phi": [6], "rho": [6]},
    "gnn": {"width": 6, "head": [6]},
    "gnn-lut": {"width": 4, "head": [6], "neurons": 3},
    "mixer-lut": {"width": 4, "head": [6], "neurons": 3},
    "sparse-mixer": {"width": 6, "head": [6], "experts": 3, "channels": 4},
    "hlf-mlp-lut": {"hidden": [6], "neurons": 3},
    "hlf-mlp": {"hidden": [6]},
    "hlf-mlp-qkeras": {"hidden": [6], "input_bits": 10, "input_integer_bits": 4},
    "mlp": {"hidden": [6]},
}
INVARIANT = ("deepsets", "gnn", "gnn-lut")


def spec_of(name, *, uniform=True, quantised=True, n_particles=4, n_features=3) -> TaggerSpec:
    spec = spec_from(load_recipe("mixer-8-demo"), n_classes=5)
    if not ARCHITECTURES[name].takes_particles:
        n_particles, n_features = None, 16
    return dataclasses.replace(
        spec,
        architecture=name,
        n_particles=n_particles,
        n_features=n_features,
        quantised=quantised,
        options=resolved_options(name, SMALL[name]),
        quantiser=dataclasses.replace(spec.quantiser, uniform_particles=uniform),
    )


def jets(n, seed=0, shape=(4, 3)):
    return np.random.default_rng(seed).normal(size=(n, *shape)).astype(np.float32) * 2


def calibrated(spec):
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(1)
    model = build_tagger(spec)
    trace_minmax(model, jets(256, shape=spec.input_shape))
    return model


def test_every_architecture_is_tested_here():
    assert set(SMALL) == set(ARCHITECTURES)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("quantised", [True, False])
def test_shapes(name, quantised):
    model = build_tagger(spec_of(name, quantised=quantised))
    shape = (4, 3) if ARCHITECTURES[name].takes_particles else (16,)
    assert model.input_shape == (None, *shape)
    assert model.output_shape == (None, 5)
    assert keras_env.has_hgq_layers(model) == quantised


WITH_TARGETS = [name for name, kind in ARCHITECTURES.items() if kind.takes_targets]


@pytest.mark.parametrize("name", WITH_TARGETS)
@pytest.mark.parametrize("quantised", [True, False])
def test_targets_are_a_second_output_that_starts_at_their_mean(name, quantised):
    means = np.array([2.5, -1.0])
    keras.utils.set_random_seed(1)
    spec = dataclasses.replace(spec_of(name, quantised=quantised), n_classes=3, n_targets=2)
    model = build_tagger(spec)
    x = jets(256, shape=spec.input_shape)
    without = np.asarray(model(x, training=True)[1]).mean(axis=0)
    start_targets(model, means)
    logits, targets = (np.asarray(values) for values in model(x, training=True))
    assert [tensor.shape for tensor in model.outputs] == [(None, 3), (None, 2)]
    assert (logits.shape, targets.shape) == ((256, 3), (256, 2))
    np.testing.assert_allclose(targets.mean(axis=0) - without, means, atol=0.15)


@pytest.mark.parametrize("name", WITH_TARGETS)
def test_both_outputs_are_exact_after_lowering(name):
    model = calibrated(dataclasses.replace(spec_of(name), n_classes=2, n_targets=1))
    x = jets(64, seed=3, shape=model.input_shape[1:])
    expected = np.concatenate(model.predict(x, verbose=0), axis=1)
    lowered = trace(model).predict(x.reshape(64, -1).astype(np.float64))
    assert np.array_equal(lowered, expected)
    assert expected.std(axis=0).min() > 0


def test_fixed_bits_have_no_regression():
    recipe = load_recipe("hlf-mlp-qkeras")
    recipe = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, targets=("mass",)))
    with pytest.raises(UsageError, match="hlf-mlp-qkeras has no regression outputs"):
        spec_from(recipe, n_classes=5)


@pytest.mark.parametrize("name", [n for n, a in ARCHITECTURES.items() if a.takes_particles])
@pytest.mark.parametrize("n_particles", [8, 16, 32, 64, 128])
@pytest.mark.parametrize("n_features", [3, 16])
def test_every_size_builds_in_both_forms(name, n_particles, n_features):
    spec = dataclasses.replace(
        spec_of(name, n_particles=n_particles, n_features=n_features),
        options=resolved_options(name, {}),
    )
    models = [
        build_tagger(dataclasses.replace(spec, quantised=quantised)) for quantised in (True, False)
    ]
    assert {model.input_shape for model in models} == {(None, n_particles, n_features)}
    assert {model.output_shape for model in models} == {(None, 5)}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        # dense layers with biases: (in + 1) * out each
        ("deepsets", (16 + 1) * 32 + 2 * 33 * 32 + 33 * 32 + 33 * 5),
        ("gnn", 4 * 17 * 16 + 3 * 17 * 16 + 17 * 5),
        # LUT layers: 3 * neurons + one bias of all pairs, per pair
        ("gnn-lut", (16 + 8 + 8) * 8 * 24 + 8 * 24 * 24 + 24 * 5 * 24 + 3 * 8 + 24 + 5),
        ("mixer-lut", (2 * 16 * 16 + 16 * 8 + 8 * 16 + 16 * 5) * 24 + 16 + 16 + 8 + 17 + 16 + 5),
        ("hlf-mlp-lut", (16 * 20 + 20 * 5) * 24 + 20 + 5),
        ("hlf-mlp", 17 * 64 + 65 * 32 + 33 * 32 + 33 * 5),
        ("hlf-mlp-qkeras", 4389),
        ("mlp", (16 * 16 + 1) * 88 + 89 * 88 + 89 * 44 + 2 * 45 * 44 + 45 * 5),
    ],
)
def test_parameter_counts_of_the_twins(name, count):
    spec = dataclasses.replace(
        spec_of(name, quantised=False, n_particles=16, n_features=16),
        options=resolved_options(name, {}),
    )
    assert build_tagger(spec).count_params() == count


@pytest.mark.parametrize("name", INVARIANT)
def test_twin_does_not_depend_on_the_order_of_the_particles(name):
    model = build_tagger(spec_of(name, quantised=False))
    x = jets(20)
    mixed = np.ascontiguousarray(x[:, [2, 0, 3, 1]])
    np.testing.assert_allclose(
        model.predict(x, verbose=0), model.predict(mixed, verbose=0), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("name", SMALL)
def test_integers_after_lowering_are_those_of_keras_and_invariant_where_promised(name):
    model = calibrated(spec_of(name))
    graph = trace(model)
    x = jets(64, seed=3, shape=model.input_shape[1:])
    expected = model.predict(x, verbose=0)
    lowered = graph.predict(x.reshape(64, -1).astype(np.float64))
    assert np.array_equal(lowered, expected)
    assert expected.std(axis=0).min() > 0
    mixed = x[:, ::-1]
    again = graph.predict(mixed.reshape(64, -1).astype(np.float64))
    assert np.array_equal(again, lowered) == (name in INVARIANT)


@pytest.mark.parametrize("name", INVARIANT)
def test_bit_widths_a_particle_break_the_invariance(name):
    model = build_tagger(spec_of(name, uniform=False))
    first = next(layer for layer in model.layers if hasattr(layer, "iq"))
    assert tuple(first.iq.quantizer._f.shape)[:3] == (1, 4, 3)


@pytest.mark.parametrize("name", SMALL)
def test_saved_file_holds_no_code(name, tmp_path):
    for quantised in (True, False):
        path = tmp_path / f"{quantised}.keras"
        build_tagger(spec_of(name, quantised=quantised)).save(path)
        loaded = keras_env.load_tagger(path, quantised_only=quantised)
        assert loaded.output_shape == (None, 5)


@pytest.mark.parametrize(
    ("n_particles", "scale"), [(1, 1.0), (8, 1 / 8), (16, 1 / 16), (50, 1 / 64), (128, 1 / 128)]
)
def test_mean_divides_by_the_nearest_power_of_two(n_particles, scale):
    assert mean_scale(n_particles) == scale


def test_bits_of_the_qkeras_form_are_fixed_and_count_as_in_qkeras():
    spec = dataclasses.replace(
        spec_of("hlf-mlp-qkeras"), options=resolved_options("hlf-mlp-qkeras", {"bits": 6})
    )
    layer = build_tagger(spec).get_layer("head_2")
    assert float(np.max(layer.kq.quantizer.b)) == 5  # and the sign
    assert float(np.max(layer.iq.quantizer.b)) == 6  # a ReLU's output has none
    weights = {float(v) for v in np.unique(np.asarray(layer.qkernel))}
    assert all(value * 32 == int(value * 32) and -1 <= value < 1 for value in weights)
    assert [v.path for v in layer.trainable_variables] == ["head_2/kernel", "head_2/bias"]


def test_hgq2_layers_stay_as_they_are_after_the_qkeras_form():
    build_tagger(spec_of("hlf-mlp-qkeras"))
    layer = build_tagger(spec_of("hlf-mlp")).get_layer("head_1")
    assert layer.enable_ebops
    assert layer.enable_iq


@pytest.mark.parametrize(
    ("name", "particles", "message"),
    [
        ("mixer", None, "mixer takes particles; set n_particles"),
        ("hlf-mlp", 8, "hlf-mlp takes jet-level features; set n_particles = .none"),
    ],
)
def test_architecture_and_input_must_fit(name, particles, message):
    recipe = load_recipe("mixer-8-demo")
    tagger = dataclasses.replace(recipe.tagger, architecture=name, n_particles=particles)
    with pytest.raises(UsageError, match=message):
        spec_from(dataclasses.replace(recipe, tagger=tagger), n_classes=5)


@pytest.mark.parametrize(
    ("name", "shared_bits", "free"),
    [
        ("deepsets", True, True), ("deepsets", False, False), ("deepsets", None, None),
        ("gnn-lut", True, True), ("gnn-lut", False, False), ("mixer-lut", True, False),
        ("hlf-mlp-lut", True, None), ("gnn", True, True),
        ("mixer", True, False), ("mlp", True, False),
        ("hlf-mlp", True, None), ("hlf-mlp-qkeras", False, None), ("unknown", True, None),
    ],
)  # fmt: skip
def test_the_table_says_which_taggers_are_order_free(name, shared_bits, free):
    assert permutation_invariant(name, shared_bits=shared_bits) is free
