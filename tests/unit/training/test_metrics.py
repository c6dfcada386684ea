import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix import words
from jetmix.training.answers import Answers
from jetmix.training.metrics import (
    Truth,
    area,
    false_rate_at,
    measured,
    metrics,
    rate_at,
    roc,
    softmax,
)
from jetmix.training.target_metrics import binned, target_metrics

NAMES = ["g", "q", "W", "Z", "t"]


def perfect(y):
    return np.eye(5, dtype=np.float32)[y] * 10


def test_perfect_tagger():
    y = np.arange(100) % 5
    result = metrics(perfect(y), y, NAMES, ebops=7)
    assert result.accuracy == 1.0
    assert result.accuracy_error == 0.0
    assert result.ebops == 7
    assert result.auc == dict.fromkeys(NAMES, 1.0)
    assert result.tpr_at_fpr1 == dict.fromkeys(NAMES, 1.0)
    assert result.confusion == tuple(map(tuple, np.eye(5, dtype=int) * 20))


def test_error_is_binomial():
    y = np.arange(100) % 5
    logits = perfect(y)
    logits[:36] = np.roll(logits[:36], 1, axis=1)
    result = metrics(logits, y, NAMES, ebops=None)
    assert result.accuracy == 0.64
    assert result.accuracy_error == pytest.approx(math.sqrt(0.64 * 0.36 / 100))
    assert sum(map(sum, result.confusion)) == 100


def test_constant_tagger_has_the_diagonal():
    y = np.arange(1000) % 5
    result = metrics(np.zeros((1000, 5), np.float32), y, NAMES, ebops=None)
    assert result.auc == pytest.approx(dict.fromkeys(NAMES, 0.5))
    assert result.tpr_at_fpr10 == pytest.approx(dict.fromkeys(NAMES, 0.1))


def test_rate_between_two_thresholds_is_interpolated():
    fpr, tpr = np.array([0.0, 0.05, 0.15, 1.0]), np.array([0.0, 0.4, 0.8, 1.0])
    assert rate_at(fpr, tpr, 0.1) == pytest.approx(0.6)
    assert rate_at(fpr, tpr, 0.05) == 0.4
    assert rate_at(fpr, tpr, 1.0) == 1.0


@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=60).filter(
        lambda rows: {flag for _, flag in rows} == {True, False}
    )
)
def test_area_is_the_probability_that_a_signal_scores_higher(rows):
    scores = np.array([score for score, _ in rows], dtype=float)
    positive = np.array([flag for _, flag in rows])
    pairs = scores[positive][:, None] - scores[~positive][None, :]
    expected = float(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    assert area(*roc(scores, positive)) == pytest.approx(expected)


def test_softmax_survives_large_logits():
    out = softmax(np.array([[1e4, 0, 0, 0, 0]], dtype=np.float32))
    assert out.tolist() == [[1.0, 0.0, 0.0, 0.0, 0.0]]


def test_summary_says_accuracy_size_and_classes():
    y = np.arange(1000) % 5
    lines = words.metrics(metrics(perfect(y), y, NAMES, ebops=4022))
    assert lines[0] == "accuracy 100.00 ± 0.00% on 1,000 jets, 4,022 EBOPs"
    assert len(lines) == 7
    twin = words.metrics(metrics(perfect(y), y, NAMES, ebops=None))
    assert "full precision" in twin[0]


def test_false_rate_is_that_where_the_efficiency_is_reached():
    fpr, tpr = np.array([0.0, 0.0, 0.2, 0.6, 1.0]), np.array([0.0, 0.4, 0.4, 0.8, 1.0])
    assert false_rate_at(fpr, tpr, 0.3) == 0.0
    assert false_rate_at(fpr, tpr, 0.4) == 0.0  # not 0.2: reached before the background passes
    assert false_rate_at(fpr, tpr, 0.6) == pytest.approx(0.4)


def test_rejection_of_two_classes_counts_the_background_that_passes():
    # 1,000 background jets of even scores, signal jets above a tenth, a quarter ... of them
    y = np.repeat([0, 1], 1000)
    scores = np.concatenate([np.arange(1000), np.full(500, 899.5), np.full(500, 0.5)])
    logits = np.stack([np.zeros(2000), scores / 1000], axis=1).astype(np.float32)
    low, high = metrics(logits, y, ["qcd", "top"], ebops=None).rejection
    assert (low.efficiency, high.efficiency) == (0.3, 0.5)
    assert high.n_background == 1000
    assert high.rejection == pytest.approx(10)
    assert high.error == pytest.approx(10 * math.sqrt(0.9 / 100))
    assert metrics(np.eye(5)[np.arange(50) % 5], np.arange(50) % 5, NAMES, ebops=1).rejection == ()


def test_no_background_passing_is_a_limit():
    y = np.repeat([0, 1], 500)
    logits = np.stack([np.zeros(1000), y * 4.0], axis=1).astype(np.float32)
    found = metrics(logits, y, ["qcd", "top"], ebops=None)
    assert found.rejection[0].rejection is None
    assert "above 217 at 90% CL" in "\n".join(words.metrics(found))


def test_bias_and_resolution_of_a_gaussian_response():
    rng = np.random.default_rng(1)
    true = rng.uniform(50, 150, (40_000, 1))
    predicted = true * rng.normal(1.05, 0.1, true.shape)
    pt = rng.uniform(0, 1000, 40_000)
    (found,) = target_metrics(predicted, true, ["mass"], pt)
    assert found.relative
    assert found.overall.bias == pytest.approx(0.05, abs=4 * found.overall.bias_error)
    assert found.overall.resolution == pytest.approx(0.0995, abs=4 * found.overall.resolution_error)
    assert [part.n_jets for part in found.bins] == [5000] * 8
    assert found.bins[0].high == found.bins[1].low == pytest.approx(125, abs=5)


def test_errors_of_bias_and_resolution_are_their_spread_over_samples():
    rng = np.random.default_rng(2)
    true = np.zeros((400, 1))
    samples = [target_metrics(rng.normal(size=(400, 1)), true, ["x"], None)[0] for _ in range(300)]
    for name in ("bias", "resolution"):
        spread = np.std([getattr(one.overall, name) for one in samples])
        stated = np.mean([getattr(one.overall, f"{name}_error") for one in samples])
        assert spread == pytest.approx(stated, rel=0.15)


def test_target_that_may_be_negative_is_judged_by_its_difference_and_binned_in_itself():
    true = np.linspace(-2, 2, 1000)[:, None]
    (found,) = target_metrics(true + 0.5, true, ["shift"], None)
    assert not found.relative
    assert found.binned_in == "shift"
    assert found.overall.bias == pytest.approx(0.5)
    assert found.overall.resolution == pytest.approx(0, abs=1e-12)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=400))
def test_every_jet_is_in_the_bin_of_its_value(values):
    values = np.array(values, float)
    edges, places = binned(values)
    low, high = np.array(edges)[places], np.array(edges)[places + 1]
    assert (values >= low).all()
    assert (values <= high).all()
    assert set(places) == set(range(len(edges) - 1))


def test_answers_are_brought_to_the_unit_of_the_data():
    y = np.arange(100) % 5
    truth = Truth(
        y=y, class_names=tuple(NAMES), targets=np.full((100, 1), 16.0, np.float32),
        target_names=("mass",), target_scales=(8.0,),
    )  # fmt: skip
    found = measured(Answers(logits=perfect(y), targets=np.full((100, 1), 2.0)), truth, ebops=1)
    assert found.targets[0].overall.bias == 0
