import dataclasses

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import ARCHITECTURES, build_tagger, resolved_options, spec_from
from jetmix.taggers.spec import TaggerSpec


def mixer(**changes) -> TaggerSpec:
    return dataclasses.replace(spec_from(load_recipe("mixer-8-demo"), n_classes=5), **changes)


@pytest.mark.parametrize(
    ("n_particles", "five", "sixteen"),
    [(16, 2278, 2465), (32, 3078, 3265), (64, 6214, 6401), (128, 18630, 18817)],
)
def test_full_precision_parameter_counts_are_the_papers(n_particles, five, sixteen):
    for n_classes, count in ((5, five), (16, sixteen)):
        spec = mixer(n_particles=n_particles, n_classes=n_classes, quantised=False)
        assert build_tagger(spec).count_params() == count


def test_quantised_form_gives_logits_without_softmax():
    model = build_tagger(mixer())
    assert model.input_shape == (None, 8, 16)
    assert model.output_shape == (None, 5)
    assert type(model.layers[-1]).__name__ == "QEinsumDenseBatchnorm"
    assert model.layers[-1].activation.__name__ == "linear"


def test_layers_are_those_of_the_paper_in_order():
    model = build_tagger(mixer())
    names = [(layer.name, type(layer).__name__) for layer in model.layers[1:]]
    dense = "QEinsumDenseBatchnorm"
    assert names == [
        ("channel_mixing_1", dense),
        ("channel_mixing_2", dense),
        ("token_mixing", dense),
        ("residual", "QAdd"),
        ("channel_mixing_3", dense),
        ("channel_mixing_4", dense),
        ("sum", "QEinsumDense"),
        ("head_1", dense),
        ("head_2", dense),
        ("head_3", dense),
        ("logits", dense),
    ]
    linear = {layer.name for layer in model.layers[1:] if _activation(layer) == "linear"}
    assert linear == {"token_mixing", "sum", "logits"}


def _activation(layer) -> str | None:
    activation = getattr(layer, "activation", None)
    return None if activation is None else activation.__name__


def test_options_of_the_authors_first_code():
    options = {"relu_after_token_mixing": True, "relu_after_sum": True, "sum_bias": True}
    spec = mixer(options=resolved_options("mixer", options))
    model = build_tagger(spec)
    assert _activation(model.get_layer("token_mixing")) == "relu"
    assert _activation(model.get_layer("sum")) == "relu"
    assert model.get_layer("sum").bias.shape == (1, 1)
    assert model.output_shape == (None, 5)


def test_sum_has_no_bias_in_the_quantised_form():
    assert build_tagger(mixer()).get_layer("sum").bias is None


@pytest.mark.parametrize(("uniform", "shape"), [(False, (1, 8, 16)), (True, (1, 1, 16))])
def test_bit_widths_a_particle_or_uniform(uniform, shape):
    quantiser = dataclasses.replace(mixer().quantiser, uniform_particles=uniform)
    layer = build_tagger(mixer(quantiser=quantiser)).get_layer("channel_mixing_1")
    assert tuple(layer.iq.quantizer._f.shape) == shape
    assert tuple(layer.kq.quantizer._f.shape) == (16, 16)


def test_quantisers_are_those_of_the_reference_taggers():
    quantiser = dataclasses.replace(mixer().quantiser, activation_fraction_bits=7)
    layer = build_tagger(mixer(quantiser=quantiser)).get_layer("channel_mixing_1")
    inside = layer.iq.quantizer
    assert (inside.overflow_mode, inside.round_mode) == ("WRAP", "RND")
    assert inside.i_constraint.get_config() == {"min_value": 0.0, "max_value": 12.0}
    assert float(inside.i_decay_speed) == pytest.approx(0.01)
    assert float(np.asarray(inside._f)[0, 0, 0]) == 7.0
    assert inside.f_regularizer.get_config() == {"l1": 1e-8}


def test_full_precision_twin_computes_what_the_paper_says():
    spec = mixer(quantised=False, n_particles=3)
    model = build_tagger(spec)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, 3, 16)).astype(np.float32)
    weights = {layer.name: [np.asarray(v) for v in layer.weights] for layer in model.layers}

    def dense(value, name, *, relu=True):
        kernel, bias = weights[name]
        out = value @ kernel + bias
        return np.maximum(out, 0) if relu else out

    mixed = dense(dense(x, "channel_mixing_1"), "channel_mixing_2")
    kernel, bias = weights["token_mixing"]
    tokens = np.einsum("bnc,nN->bNc", mixed, kernel) + bias.reshape(1, -1, 1)
    out = dense(dense(x + tokens, "channel_mixing_3"), "channel_mixing_4")
    kernel, bias = weights["sum"]
    out = np.einsum("bnc,n->bc", out, kernel[:, 0]) + bias.ravel()
    for name in ("head_1", "head_2", "head_3"):
        out = dense(out, name)
    expected = dense(out, "logits", relu=False)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_unknown_architecture_names_the_nearest():
    with pytest.raises(UsageError, match="unknown architecture 'mixr'; did you mean 'mixer'"):
        resolved_options("mixr", {})


def test_unknown_option_names_the_nearest():
    with pytest.raises(UsageError, match="unknown key 'witdh'; did you mean 'width'"):
        resolved_options("mixer", {"witdh": 3})


def test_impossible_option_is_refused():
    with pytest.raises(UsageError, match=r"head = \[16, 0\] must hold sizes above zero"):
        resolved_options("mixer", {"head": [16, 0]})


def test_every_architecture_names_its_source():
    assert all("arXiv" in entry.source for entry in ARCHITECTURES.values())
