import keras
import numpy as np
import pytest

from jetmix.errors import LoweringError, UsageError
from jetmix.firmware.folding.lower import fold
from jetmix.firmware.folding.plan import plan
from jetmix.models.prepare import prepare
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import build_tagger, spec_from
from tests.unit.firmware.folding.taggers import jets, tagger


def planned(architecture, factor, **options):
    return plan(prepare(tagger(architecture, 2)).model, factor, **options)


def sections(found):
    return [(s.domain, [call.name for call in s.calls]) for s in found.sections]


def test_a_mixer_folds_over_particles_and_channels_in_turn():
    folded = [
        ("particles", ["channel_mixing_1", "channel_mixing_2"]),
        ("channels", ["token_mixing"]),
        ("particles", ["residual", "channel_mixing_3", "channel_mixing_4"]),
    ]
    assert sections(planned("mixer", 4)) == [*folded, ("jet", ["sum", "head_1", "logits"])]
    assert sections(planned("mixer", 4, fold_sum=True)) == [
        *folded,
        ("channels", ["sum"]),
        ("jet", ["head_1", "logits"]),
    ]


def test_a_gnn_takes_its_particles_twice_and_its_sums_once():
    found = planned("gnn", 2)
    assert sections(found) == [
        ("particles", ["embedding", "mean", "own"]),
        ("jet", ["l_others"]),
        ("particles", ["message", "update", "sum"]),
        ("jet", ["head_1", "logits"]),
    ]
    assert [(e.source.name, e.target.name, e.sums) for e in found.edges] == [
        ("embedding", "l_others", True),
        ("embedding", "message", False),
        ("l_others", "message", False),
        ("message", "head_1", True),
    ]


@pytest.mark.parametrize(
    ("architecture", "factor", "said"),
    [
        ("mixer", 3, "3 does not divide the 8 particles; choose from 2, 4$"),
        ("mixer", 16, "16 is above the 8 particles; choose from 2, 4$"),
        ("mixer", 8, "8 is above the 4 channels of token_mixing; choose from 2, 4$"),
        ("gnn", 5, "5 does not divide the 8 particles; choose from 2, 4, 8$"),
    ],
)
def test_an_ii_that_does_not_divide_is_refused(architecture, factor, said):
    with pytest.raises(UsageError, match=said):
        planned(architecture, factor)


def test_a_model_without_a_repeated_axis_is_refused():
    from hgq.config import LayerConfigScope
    from hgq.layers import QDense

    with LayerConfigScope(beta0=0.0):
        x = keras.Input((4, 3))
        model = keras.Model(x, QDense(2)(keras.layers.Flatten()(x)))
    with pytest.raises(LoweringError, match="nothing folds"):
        plan(prepare(model).model, 2)
    with LayerConfigScope(beta0=0.0):
        row = keras.Input((4,))
        flat = keras.Model(row, QDense(2)(row))
    with pytest.raises(LoweringError, match="only a tagger of one input"):
        plan(prepare(flat).model, 2)


@pytest.mark.parametrize(
    ("uniform", "layer", "axis"),
    [(False, "channel_mixing_1", "particles"), (True, "token_mixing", "channels")],
)
def test_bit_widths_that_differ_name_the_layer_and_by_how_much(uniform, layer, axis):
    model = tagger("mixer", 1, uniform=uniform)
    bits = model.get_layer(layer).iq.quantizer._f
    old, new = np.asarray(bits), np.asarray(bits).copy()
    new.reshape(-1)[-1] += 3
    bits.assign(new)
    try:
        with pytest.raises(
            LoweringError, match=f"fraction bits differ by up to .* along the {axis}"
        ) as found:
            fold(plan(prepare(model).model, 2), adders_per_stage=5)
    finally:
        bits.assign(old)
    assert layer in str(found.value.where)
    assert "fold = 2" in found.value.mend


def test_bit_widths_a_particle_fold_where_they_are_the_same():
    model = tagger("deepsets", 1)
    before = [np.asarray(variable) for variable in model.variables]
    for layer in ("phi_1", "mean"):
        inside = model.get_layer(layer).iq.quantizer
        for variable in (inside._k, inside._i, inside._f):
            variable.assign(np.broadcast_to(np.asarray(variable).max(), variable.shape))
    try:
        machine = fold(plan(prepare(model).model, 4), adders_per_stage=5).machine
        assert (machine.predict(jets()) == np.asarray(model(jets()))).all()
    finally:
        for variable, values in zip(model.variables, before, strict=True):
            variable.assign(values)


def test_lookup_table_layers_do_not_fold():
    recipe = load_recipe("gnn-lut-16-quick", {"tagger": {"n_particles": 4}})
    model = build_tagger(spec_from(recipe, n_classes=2))
    with pytest.raises(LoweringError, match="nothing folds"):
        plan(prepare(model).model, 2)
