import numpy as np
import pytest

from jetmix.report.figures.curves import FLOOR, roc_curves, thinned
from jetmix.training.scores import Scores
from tests.unit.report.folders import CLASSES, logits_and_labels


def scores(n_jets: int = 5000) -> Scores:
    logits, y = logits_and_labels(n_jets)
    return Scores(y, logits)


def test_each_class_has_a_curve_from_none_to_all():
    curves = roc_curves(scores(), tuple(CLASSES))
    assert [curve.name for curve in curves] == list(CLASSES)
    for curve in curves:
        assert (curve.fpr[0], curve.tpr[0], curve.fpr[-1], curve.tpr[-1]) == (0, 0, 1, 1)


def test_auc_is_the_share_of_pairs_in_order():
    logits, y = logits_and_labels(500)
    chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for index, curve in enumerate(roc_curves(Scores(y, logits), tuple(CLASSES))):
        gaps = chance[y == index, index][:, None] - chance[y != index, index][None, :]
        assert curve.auc == pytest.approx(float((gaps > 0).mean()), abs=1e-6)


def test_a_class_without_jets_has_no_curve():
    alone = Scores(np.zeros(5, np.int64), np.zeros((5, 5), np.float32))
    assert roc_curves(alone, tuple(CLASSES)) == ()


def test_a_thinned_curve_is_a_part_of_the_whole():
    curve = roc_curves(scores(), tuple(CLASSES))[0]
    tpr, rejection = thinned(curve, points=50)
    assert 40 <= len(tpr) <= 50
    assert np.isin(tpr, curve.tpr).all()
    assert rejection.max() <= 1 / FLOOR
    assert (np.diff(tpr) >= 0).all()
    whole_tpr, _ = thinned(curve, points=10**6)
    assert len(whole_tpr) == (curve.fpr >= FLOOR).sum()
