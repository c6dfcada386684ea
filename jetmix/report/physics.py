"""ROC curves and the figures that the literature quotes, from test scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jetmix.report.tagger import Scores

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

    @property
    def rejection(self) -> NDArray[np.float64]:
        """Background rejection 1/fpr, (point,); infinite where no background passes."""
        with np.errstate(divide="ignore"):
            return 1.0 / self.fpr


def probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the softmax of logits, (jet, class)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float64)


def roc_curve(is_signal: NDArray[np.bool_], score: NDArray[np.float64], name: str) -> RocCurve:
    """Return the ROC curve of a class against all others; jets of equal score move together.

    Args:
        is_signal: truth, (jet,).
        score: larger is more like the signal, (jet,).
        name: name of the signal class.

    Raises:
        ValueError: if one of the two kinds of jets is absent.
    """
    n_signal, n_other = int(is_signal.sum()), int((~is_signal).sum())
    if not n_signal or not n_other:
        raise ValueError(f"no jets of one kind for class {name}")
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    tpr = np.concatenate([[0.0], np.cumsum(is_signal[order])[ends] / n_signal])
    fpr = np.concatenate([[0.0], np.cumsum(~is_signal[order])[ends] / n_other])
    return RocCurve(name=name, fpr=fpr, tpr=tpr, auc=float(np.trapezoid(tpr, fpr)))


def roc_curves(scores: Scores, class_names: tuple[str, ...]) -> tuple[RocCurve, ...]:
    """Return the curve of each class that the test jets hold, by its softmax probability."""
    chance = probabilities(scores.logits)
    return tuple(
        roc_curve(scores.y == index, chance[:, index], name)
        for index, name in enumerate(class_names)
        if (scores.y == index).any() and (scores.y != index).any()
    )


def thinned(curve: RocCurve, points: int = KEPT_POINTS) -> tuple[NDArray[np.float64], ...]:
    """Return (tpr, rejection) at evenly spaced efficiencies, where background still passes."""
    passing = curve.fpr >= FLOOR
    tpr, rejection = curve.tpr[passing], curve.rejection[passing]
    if len(tpr) <= points:
        return tpr, rejection
    chosen = np.unique(np.searchsorted(tpr, np.linspace(tpr[0], tpr[-1], points)))
    chosen = chosen[chosen < len(tpr)]
    return tpr[chosen], rejection[chosen]
