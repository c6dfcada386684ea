import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix import words
from jetmix.training.metrics import area, metrics, rate_at, roc, softmax

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
