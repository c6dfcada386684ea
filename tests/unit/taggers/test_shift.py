"""Inputs that come scaled but not shifted: the first layers take the shift."""

import dataclasses

import numpy as np
import pytest

from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.heads import start_targets
from jetmix.taggers.registry import ARCHITECTURES, build_tagger, resolved_options, spec_from
from jetmix.taggers.shift import absorb_shift
from jetmix.taggers.spec import TaggerSpec

keras = keras_env.activate()
LUT = ("gnn-lut", "mixer-lut", "hlf-mlp-lut")
SHIFT = np.array([1.5, -0.25, 4.0])
FIRST = {
    "mixer": ["channel_mixing_1", "channel_mixing_3"],
    "deepsets": ["phi_1"],
    "gnn": ["embedding"],
    "gnn-lut": ["embedding"],
    "mixer-lut": ["channel_mixing_1", "channel_mixing_2"],
    "hlf-mlp-lut": ["head_1"],
    "hlf-mlp": ["head_1"],
    "hlf-mlp-qkeras": ["head_1"],
    "mlp": ["head_1"],
    "sparse-mixer": ["represent_particles", "channel_mixing_1"],
}


def spec_of(name, *, quantised) -> TaggerSpec:
    n_particles = 4 if ARCHITECTURES[name].takes_particles else None
    return dataclasses.replace(
        spec_from(load_recipe("mixer-8-demo"), n_classes=5),
        architecture=name,
        n_particles=n_particles,
        n_features=3,
        quantised=quantised,
        options=resolved_options(name, {}),
    )


def shifted_jets(model, shift=SHIFT) -> tuple[np.ndarray, np.ndarray]:
    """Return jets of mean zero, and the same with the shift added."""
    x = np.random.default_rng(2).normal(size=(64, *model.input_shape[1:]))
    x -= x.mean(axis=tuple(range(x.ndim - 1)))
    return x.astype(np.float32), (x + shift).astype(np.float32)


def means(x) -> np.ndarray:
    return x.mean(axis=tuple(range(x.ndim - 1)), dtype=np.float64)


def test_every_architecture_is_listed():
    assert set(FIRST) == set(ARCHITECTURES)


@pytest.mark.parametrize("name", FIRST)
def test_a_tagger_with_biases_answers_as_if_the_mean_were_subtracted(name):
    model = build_tagger(spec_of(name, quantised=False))
    # its first layer maps particles and has one bias for all features: their mean shift is taken
    shift = SHIFT.mean() if name == "sparse-mixer" else SHIFT
    centred, shifted = shifted_jets(model, shift)
    before = model.predict(centred, verbose=0)
    assert np.abs(model.predict(shifted, verbose=0) - before).max() > 1e-3
    assert absorb_shift(model, means(shifted)) == FIRST[name]
    np.testing.assert_allclose(model.predict(shifted, verbose=0), before, atol=1e-5)


def test_every_output_that_sees_the_input_takes_the_shift():
    spec = dataclasses.replace(spec_of("hlf-mlp", quantised=False), n_targets=2)
    model = build_tagger(dataclasses.replace(spec, options={"hidden": []}))
    start_targets(model, np.array([1.0, 2.0]))
    centred, shifted = shifted_jets(model)
    before = model.predict(centred, verbose=0)
    assert absorb_shift(model, means(shifted)) == ["logits", "targets"]
    for one, other in zip(model.predict(shifted, verbose=0), before, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("name", [n for n in FIRST if n not in ("hlf-mlp-qkeras", *LUT)])
def test_a_batch_normalisation_takes_the_shift_itself(name):
    model = build_tagger(spec_of(name, quantised=True))
    first = model.get_layer(FIRST[name][0])
    _, shifted = shifted_jets(model)
    assert absorb_shift(model, means(shifted)) == []
    assert hasattr(first, "moving_mean")
    assert not np.asarray(first.bias).any()


def test_fixed_bits_get_a_bias_too():
    model = build_tagger(spec_of("hlf-mlp-qkeras", quantised=True))
    _, shifted = shifted_jets(model)
    first = model.get_layer("head_1")
    expected = -np.asarray(first.kernel).T @ shifted.mean(axis=0)
    assert absorb_shift(model, means(shifted)) == ["head_1"]
    np.testing.assert_allclose(np.asarray(first.bias), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LUT)
def test_the_networks_of_a_lut_layer_take_the_shift(name):
    model = build_tagger(spec_of(name, quantised=True))
    first = model.get_layer(FIRST[name][0])
    centred, shifted = shifted_jets(model)
    before = np.asarray(first.module(centred[..., None, None] + np.zeros((first.n_out, 1))))
    assert absorb_shift(model, means(shifted)) == FIRST[name]
    after = np.asarray(first.module(shifted[..., None, None] + np.zeros((first.n_out, 1))))
    np.testing.assert_allclose(after, before, atol=1e-5)
