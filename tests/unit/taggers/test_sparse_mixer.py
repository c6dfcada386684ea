"""The Mixer with experts: routing, ties, capacity, balance, lowering, and bad options."""

import dataclasses

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.firmware.da_graph import trace
from jetmix.models import keras_env
from jetmix.models.expert_layers import Choose, Route, balance_loss
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import build_tagger, check_recipe, resolved_options, spec_from
from jetmix.training.experts import use_of_experts
from jetmix.training.lut_cost import counted

keras = keras_env.activate()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
TINY = {"width": 3, "head": [4], "experts": 2, "particles": 2}


def spec_of(quantised=True, **options):
    spec = spec_from(load_recipe("mixer-8-demo"), n_classes=5)
    options = resolved_options("sparse-mixer", {**TINY, **options})
    return dataclasses.replace(
        spec, architecture="sparse-mixer", n_particles=4, n_features=3, quantised=quantised,
        options=options,
    )  # fmt: skip


def routed(scores, *, training=False, **options):
    x = np.asarray(scores, np.float32)
    return np.asarray(Route(**options)(x, training=training))


def test_the_highest_score_wins_and_of_equals_the_first():
    scores = [[[0.5, 0.25], [0.5, 0.5], [-1, 0.5], [-1, -1], [0, 0], [-1, 0], [0.0, -0.0]]]
    found = routed(scores).argmax(axis=-1)
    assert found.tolist() == [[0, 0, 1, 2, 0, 1, 0]]
    assert (routed(scores).sum(axis=-1) == 1).all()


def test_training_chooses_as_predictions_do_and_follows_the_softmax():
    scores = np.random.default_rng(0).normal(size=(5, 4, 2)).astype(np.float32)
    np.testing.assert_allclose(routed(scores, training=True), routed(scores), atol=1e-6)
    route, values = Route(), np.arange(3, dtype=np.float32)

    def total(given):
        return (route(given, training=True) * values).sum()

    import jax

    full = np.concatenate([scores, np.zeros_like(scores[..., :1])], axis=-1)
    shares = np.exp(full) / np.exp(full).sum(axis=-1, keepdims=True)
    expected = shares * (values - (shares * values).sum(axis=-1, keepdims=True))
    np.testing.assert_allclose(jax.grad(total)(scores), expected[..., :2], atol=1e-5)


def test_an_expert_takes_no_more_than_its_capacity_in_training_alone():
    scores = np.ones((4, 5, 1), np.float32)  # all of 20 tokens to the first of two experts
    found = routed(scores, training=True, capacity=1.3)
    assert found[..., 0].ravel().round(5).tolist() == [1] * 13 + [0] * 7
    np.testing.assert_allclose(found[..., 1], 0, atol=1e-6)
    assert (routed(scores, capacity=1.3)[..., 0] == 1).all()


@pytest.mark.parametrize(
    ("scores", "loss"),
    # of a score of 0 for all tokens only the load sees that one expert does all
    [([3.0, -3.0], 0.0), ([9.0, 9.0], 1.0), ([0.0, 0.0], 0.5)],
)
def test_balance_is_zero_for_equal_experts_and_one_where_one_of_two_does_all(scores, loss):
    full = np.array([[[score, 0.0] for score in scores]], np.float32)
    shares = np.asarray(keras.ops.softmax(full, axis=-1))
    chosen = routed(full[..., :1])
    assert float(balance_loss(chosen, shares)) == pytest.approx(loss, abs=1e-3)


def test_training_lowers_the_balance_loss():
    jets = keras.Input((6, 3))
    scores = keras.layers.Dense(2, bias_initializer="ones", name="scores")(jets)
    model = keras.Model(jets, Route(balance=1.0, name="route")(scores))
    x = np.random.default_rng(0).normal(size=(200, 6, 3)).astype(np.float32)

    def shares():
        return np.asarray(model(x)).mean(axis=(0, 1))

    before = shares()
    model.compile(keras.optimizers.Adam(0.05), loss=None)
    losses = model.fit(x, epochs=30, batch_size=100, verbose=0).history["loss"]
    assert losses[-1] < 0.1 * losses[0]
    assert np.ptp(shares()) < 0.5 * np.ptp(before)


def scores_and_values(engine, wide):
    """Return a graph that chooses among inputs of three experts by input scores, and its model."""
    from hgq.quantizer import Quantizer, QuantizerConfig

    inputs = keras.Input((4, 2)), keras.Input((4, 3, 2))
    kept = [
        Quantizer(QuantizerConfig("kif", "datalane", i0=1, f0=f, trainable=False))(tensor)
        for tensor, f in zip(inputs, (1, wide), strict=True)
    ]
    model = keras.Model(inputs, Choose()([Route()(kept[0]), kept[1]]))
    return trace(model, by=engine), model


@pytest.mark.parametrize("engine", ["da4ml", "alkaid"])
def test_ties_are_resolved_in_firmware_as_in_keras(engine):
    graph, model = scores_and_values(engine, wide=3)
    rng = np.random.default_rng(1)
    # few values, so that most tokens have a tie
    scores = rng.choice([-0.5, 0.0, 0.5], size=(200, 4, 2)).astype(np.float32)
    values = (rng.integers(-8, 8, size=(200, 4, 3, 2)) / 8).astype(np.float32)
    found = graph.predict(np.concatenate([scores.reshape(200, -1), values.reshape(200, -1)], 1))
    full = np.concatenate([scores, np.zeros_like(scores[..., :1])], axis=-1)
    first = full.argmax(axis=-1)[..., None, None]  # numpy takes the first of equals
    expected = np.take_along_axis(values, first, axis=2).reshape(200, -1)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(model([scores, values]).reshape(200, -1), expected)


def calibrated(spec):
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(1)
    model = build_tagger(spec)
    trace_minmax(model, jets(256))
    return model


def jets(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 4, 3)).astype(np.float32) * 2


# half a minute: the ladder lowers experts that are not isolated
@pytest.mark.long
def test_integers_after_lowering_are_those_of_keras_with_isolated_experts():
    # the jets themselves go to the experts
    model, x = calibrated(spec_of(particles=4, isolate=True)), jets(64, seed=3)
    expected = model.predict(x, verbose=0)
    assert np.array_equal(trace(model, by="alkaid").predict(x.reshape(64, -1)), expected)
    assert expected.std(axis=0).min() > 0


def test_costs_count_all_experts_and_the_routers():
    layers = {layer.name: layer for layer, _ in counted(build_tagger(spec_of(experts=3)))}
    for kind, hidden in (("channel", 3), ("token", 2)):
        assert layers[f"{kind}_experts_1"].kernel.shape[1:] == (3, hidden)
        assert layers[f"{kind}_experts_scores"].kernel.shape[1] == 2


def test_the_use_of_the_experts_is_that_of_their_scores():
    model, x = build_tagger(spec_of(quantised=False)), jets(50)
    use = use_of_experts(model, x)
    assert [(mixture.name, mixture.tokens) for mixture in use.mixtures] == [
        ("channel_experts", 2), ("token_experts", 3),
    ]  # fmt: skip
    for mixture in use.mixtures:
        scores = keras.Model(model.input, model.get_layer(f"{mixture.name}_scores").output)
        first = np.asarray(scores(x))[..., 0] >= 0
        assert mixture.shares == pytest.approx((first.mean(), 1 - first.mean()))
        assert mixture.fixed == (first == first[0]).all(axis=0).sum()
    assert use_of_experts(build_tagger(spec_of(quantised=False, experts=1)), x) is None


def test_isolated_experts_change_no_answer():
    x = jets(100)
    keras.utils.set_random_seed(5)
    plain = build_tagger(spec_of(quantised=False))
    isolated = build_tagger(spec_of(quantised=False, isolate=True))
    isolated.set_weights([np.reshape(w, v.shape) for w, v in zip(
        plain.get_weights(), isolated.weights, strict=True)])  # fmt: skip
    seen = keras.Model(isolated.input, isolated.get_layer("channel_experts_isolated").output)
    assert ((np.asarray(seen(x)) != 0).any(axis=-1).sum(axis=-1) <= 1).all()
    for training in (False, True):
        one, other = (np.asarray(model(x, training=training)) for model in (plain, isolated))
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_order_of_the_particles_matters():
    model, x = build_tagger(spec_of(quantised=False)), jets(8)
    one, other = model.predict(x, verbose=0), model.predict(x[:, ::-1], verbose=0)
    assert not np.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"experts": 0}, "experts = .* must be above zero"),
        ({"experts": 2.5}, "experts"),
        ({"capacity": 0.0}, "capacity = .* must be above zero"),
        ({"capacity": -1.0}, "capacity = .* must be above zero"),
        ({"balance": -0.1}, "balance = .* must not be negative"),
        ({"particles": 0}, "particles = .* must be above zero"),
        ({"channels": -3}, "channels = .* must be above zero"),
        ({"particles": 17}, "17 re-represented particles are more than the 16 of a jet"),
        ({"expert": 2}, "unknown"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, problem):
    recipe = load_recipe("sparse-mixer-16-quick")
    tagger = dataclasses.replace(recipe.tagger, options=options)
    with pytest.raises(UsageError, match=problem):
        check_recipe(dataclasses.replace(recipe, tagger=tagger))


def test_the_quick_preset_trains_as_the_mixers_does():
    ours, mixers = load_recipe("sparse-mixer-16-quick"), load_recipe("mixer-16-quick")
    assert (ours.training, ours.quantiser, ours.data) == (
        mixers.training, mixers.quantiser, mixers.data,
    )  # fmt: skip
