import dataclasses

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import build_tagger, check_recipe, spec_from
from jetmix.training.engine import Tracing, hgq_variables, unfolded_ebops


def folded(architecture: str, fold: int, **data):
    changes = {
        "tagger": {"architecture": architecture, "n_particles": 8},
        "quantiser": {"fold": fold},
        "data": {"features": ["pt", "etarel", "phirel", "e"], **data},
    }
    return load_recipe("mixer-8-demo", changes)


def built(architecture: str, fold: int):
    return build_tagger(spec_from(folded(architecture, fold), n_classes=5))


def widths(quantiser) -> tuple[int, ...]:
    return tuple(quantiser.quantizer._f.shape)


def test_layers_on_particles_have_one_width_a_channel_and_turned_values_one_width():
    model = built("mixer", 4)
    assert widths(model.get_layer("channel_mixing_1").iq) == (1, 1, 4)
    assert widths(model.get_layer("channel_mixing_2").iq) == (1, 1, 16)
    assert widths(model.get_layer("token_mixing").iq) == (1, 1, 1)
    assert [widths(q) for q in model.get_layer("residual").iq] == [(1, 1, 4), (1, 1, 1)]
    assert widths(model.get_layer("channel_mixing_3").iq) == (1, 1, 4)
    assert widths(model.get_layer("sum").iq) == (1, 1, 1)
    assert widths(model.get_layer("head_1").iq) == (1, 16)


@pytest.mark.parametrize("architecture", ["mixer", "gnn", "deepsets"])
def test_ebops_of_repeated_layers_are_divided_and_the_others_are_not(architecture):
    model = built(architecture, 4)
    per_jet = {"others", "head_1", "head_2", "head_3", "logits"}
    if architecture == "mixer":
        # its weights differ from particle to particle
        per_jet.add("sum")
    assert {
        layer.name: layer.ebops_factor for layer in model.layers if hasattr(layer, "ebops_factor")
    } == {
        layer.name: 1.0 if layer.name in per_jet else 0.25
        for layer in model.layers
        if hasattr(layer, "ebops_factor")
    }


def test_recorded_ebops_are_those_of_one_copy_and_the_unfolded_ones_stay_known():
    x = np.random.default_rng(1).normal(size=(32, 8, 4)).astype(np.float32)
    sizes = {}
    for fold in (2, 4):
        model = built("gnn", fold)
        for layer in model.layers:
            if hasattr(layer, "kernel"):
                layer.kernel.assign(np.full(layer.kernel.shape, 0.5, np.float32))
        model(x, training=Tracing())
        sizes[fold] = (sum(int(v) for v in hgq_variables(model, "_ebops")), unfolded_ebops(model))
    whole = sizes[2][1]
    # each layer's EBOPs are cut to an integer after the division
    assert sizes[4][1] == pytest.approx(whole, abs=4 * len(model.layers))
    assert sizes[4][0] < sizes[2][0] < whole


def test_a_tagger_without_a_fold_knows_no_unfolded_ebops_and_keeps_its_digest():
    assert unfolded_ebops(built("gnn", 1)) is None
    quantiser = load_recipe("mixer-8-demo").quantiser
    one = load_recipe("mixer-8-demo")
    assert dataclasses.replace(one, quantiser=quantiser).digest() == one.digest()
    assert "fold" not in _digested(one)
    assert _digested(folded("mixer", 4))["fold"] == 4


def _digested(recipe):
    from jetmix.recipes import recipe as module

    return module._without_later(module.dump(recipe)["quantiser"], module.SECTIONS["quantiser"])


@pytest.mark.parametrize(
    ("architecture", "fold", "said"),
    [
        ("mixer", 3, "3 does not divide the 8 of n_particles"),
        ("mixer", 16, "16 is above the 8 of n_particles"),
        ("mixer", 8, "8 is above the 4 of features"),
        ("gnn", 16, "16 is above"),
        ("mlp", 2, "mlp has no layers that fold"),
        ("gnn-lut", 2, "gnn-lut has no layers that fold"),
    ],
)
def test_folds_that_a_tagger_cannot_have_are_refused(architecture, fold, said):
    with pytest.raises(UsageError, match=said):
        check_recipe(folded(architecture, fold))


def test_full_precision_is_not_folded():
    recipe = folded("mixer", 4)
    tagger = dataclasses.replace(recipe.tagger, quantised=False)
    with pytest.raises(UsageError, match="full precision"):
        check_recipe(dataclasses.replace(recipe, tagger=tagger))
