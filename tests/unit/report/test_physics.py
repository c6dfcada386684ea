import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jetmix.report.physics import FLOOR, probabilities, roc_curve, roc_curves, thinned
from jetmix.report.tagger import Scores
from tests.unit.report.folders import CLASSES, logits_and_labels


def test_a_small_curve_by_hand():
    # in falling order of score: signal, other, (signal, other), signal, other
    truth = np.array([True, False, True, False, True, False])
    score = np.array([0.9, 0.8, 0.5, 0.5, 0.3, 0.1])
    curve = roc_curve(truth, score, "t")
    np.testing.assert_allclose(curve.tpr, [0, 1 / 3, 1 / 3, 2 / 3, 1, 1])
    np.testing.assert_allclose(curve.fpr, [0, 0, 1 / 3, 2 / 3, 2 / 3, 1])
    # 6 of 9 pairs in order, one tie counted half: (3 + 1.5 + 1) / 9
    assert curve.auc == pytest.approx(5.5 / 9)
    assert np.isinf(curve.rejection[0])
    assert curve.rejection[2] == pytest.approx(3)


@given(
    arrays(np.int64, 40, elements=st.integers(0, 1)).filter(lambda y: 0 < y.sum() < 40),
    arrays(np.float64, 40, elements=st.integers(0, 5).map(float)),
)
def test_auc_is_the_share_of_pairs_in_order(y, score):
    curve = roc_curve(y == 1, score, "x")
    gaps = score[y == 1][:, None] - score[y == 0][None, :]
    assert curve.auc == pytest.approx(float(((gaps > 0) + 0.5 * (gaps == 0)).mean()))
    assert (np.diff(curve.tpr) >= 0).all()
    assert (np.diff(curve.fpr) >= 0).all()


def test_one_kind_of_jets_has_no_curve():
    with pytest.raises(ValueError, match="no jets of one kind for class W"):
        roc_curve(np.array([True, True]), np.array([0.1, 0.2]), "W")
    scores = Scores(np.zeros(5, np.int64), np.zeros((5, 5)))
    assert roc_curves(scores, tuple(CLASSES)) == ()


def test_probabilities_of_large_logits_stay_finite():
    chance = probabilities(np.array([[1000.0, 1000.0], [-1000.0, 0.0]]))
    np.testing.assert_allclose(chance, [[0.5, 0.5], [0.0, 1.0]])


def test_a_thinned_curve_is_a_part_of_the_whole():
    logits, y = logits_and_labels(5000)
    curve = roc_curves(Scores(y, logits.astype(np.float64)), tuple(CLASSES))[0]
    tpr, rejection = thinned(curve, points=50)
    assert 40 <= len(tpr) <= 50
    assert np.isin(tpr, curve.tpr).all()
    assert rejection.max() <= 1 / FLOOR
    assert (np.diff(tpr) >= 0).all()
