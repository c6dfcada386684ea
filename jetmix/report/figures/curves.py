"""Curves drawn from test scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jetmix.training.metrics import area, roc, softmax
from jetmix.training.scores import Scores

# points kept of a curve: enough for a figure, few enough for a page
KEPT_POINTS = 400
FLOOR = 1e-4


@dataclass(frozen=True, kw_only=True, eq=False)
class RocCurve:
    """Signal efficiency ``tpr`` against the share ``fpr`` of other classes that pass, (point,)."""

    name: str
    fpr: NDArray[np.float64]
    tpr: NDArray[np.float64]
    auc: float


def roc_curves(scores: Scores, class_names: tuple[str, ...]) -> tuple[RocCurve, ...]:
    """Return the curve of each class against all others, by its softmax score.

    A class that no test jet or every test jet belongs to has no curve.
    """
    chance = softmax(scores.logits)
    curves = []
    for index, name in enumerate(class_names):
        signal = scores.y == index
        if signal.any() and not signal.all():
            fpr, tpr = roc(chance[:, index], signal)
            curves.append(RocCurve(name=name, fpr=fpr, tpr=tpr, auc=area(fpr, tpr)))
    return tuple(curves)


def thinned(curve: RocCurve, points: int = KEPT_POINTS) -> tuple[NDArray[np.float64], ...]:
    """Return (signal efficiency, background rejection 1/FPR) at even steps of efficiency.

    Only where enough background passes for a rejection to mean something (FPR of at least 1e-4).
    """
    passing = curve.fpr >= FLOOR
    tpr, rejection = curve.tpr[passing], 1.0 / curve.fpr[passing]
    if len(tpr) <= points:
        return tpr, rejection
    chosen = np.unique(np.searchsorted(tpr, np.linspace(tpr[0], tpr[-1], points)))
    chosen = chosen[chosen < len(tpr)]
    return tpr[chosen], rejection[chosen]
