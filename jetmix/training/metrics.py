"""How well a tagger separates the classes, with statistical errors."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jetmix.support.files import JSON

FALSE_POSITIVE_RATES = {"tpr_at_fpr10": 0.10, "tpr_at_fpr1": 0.01}


def metrics(
    logits: NDArray[np.float32],
    y: NDArray[np.int64],
    class_names: Sequence[str],
    *,
    ebops: int | None,
) -> JSON:
    """Return the content of ``metrics.json``.

    Args:
        logits: (jet, class).
        y: class of each jet.
        class_names: in the order of the logits.
        ebops: effective bit operations of the tagger, None in full precision.

    Returns:
        accuracy with its binomial standard error; AUC and true-positive rate at false-positive
        rates of 10% and 1% a class, each class against all others on its softmax score, all in
        0 ... 1; confusion counts (true class, predicted class).
    """
    scores = softmax(logits)
    n_classes = len(class_names)
    predicted = logits.argmax(axis=1)
    accuracy = float((predicted == y).mean())
    confusion = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(confusion, (y, predicted), 1)
    curves = {name: roc(scores[:, index], y == index) for index, name in enumerate(class_names)}
    return {
        "n_test": len(y),
        "accuracy": accuracy,
        "accuracy_error": math.sqrt(accuracy * (1 - accuracy) / len(y)),
        "ebops": ebops,
        "class_names": list(class_names),
        "auc": {name: area(*curve) for name, curve in curves.items()},
        **{
            key: {name: rate_at(*curve, rate) for name, curve in curves.items()}
            for key, rate in FALSE_POSITIVE_RATES.items()
        },
        "confusion": confusion.tolist(),
    }


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the class probabilities (jet, class)."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def roc(
    scores: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return false- and true-positive rates over all thresholds, from (0, 0) to (1, 1).

    Jets of equal score pass together, so ties make straight lines.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    passed = np.cumsum(positive[order])[ends]
    false = (ends + 1) - passed
    n_positive = max(int(positive.sum()), 1)
    n_negative = max(len(positive) - int(positive.sum()), 1)
    rates = (np.concatenate([[0], counts]) for counts in (false / n_negative, passed / n_positive))
    fpr, tpr = rates
    return fpr, tpr


def area(fpr: NDArray[np.float64], tpr: NDArray[np.float64]) -> float:
    """Return the area under a ROC curve by the trapezoidal rule (ties count one half)."""
    return float(np.trapezoid(tpr, fpr))


def rate_at(fpr: NDArray[np.float64], tpr: NDArray[np.float64], rate: float) -> float:
    """Return the true-positive rate at a false-positive rate, interpolated along the curve."""
    last = np.flatnonzero(fpr <= rate)[-1]
    if last == len(fpr) - 1 or fpr[last] == rate:
        return float(tpr[last])
    part = (rate - fpr[last]) / (fpr[last + 1] - fpr[last])
    return float(tpr[last] + part * (tpr[last + 1] - tpr[last]))


def summary(result: JSON) -> list[str]:
    """Return the lines that people read: accuracy, EBOPs, and a table a class."""
    ebops = "full precision" if result["ebops"] is None else f"{result['ebops']:,} EBOPs"
    accuracy = f"{100 * result['accuracy']:.2f} +- {100 * result['accuracy_error']:.2f}%"
    names = " ".join(f"{name:>6}" for name in result["class_names"])
    lines = [
        f"accuracy {accuracy} on {result['n_test']:,} jets, {ebops}",
        f"class     AUC   TPR at 10% FPR   TPR at 1% FPR   predicted as: {names}",
    ]
    for index, name in enumerate(result["class_names"]):
        counts = " ".join(f"{count:>6}" for count in result["confusion"][index])
        lines.append(
            f"{name:>5} {result['auc'][name]:>7.4f} {100 * result['tpr_at_fpr10'][name]:>15.1f}% "
            f"{100 * result['tpr_at_fpr1'][name]:>14.1f}%                {counts}"
        )
    return lines
