"""How well a tagger separates the classes and predicts its targets, with statistical errors."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from jetmix.support.arrays import Bools, Float64, Floats, Ints
from jetmix.support.records import (
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Check,
    checked,
    read,
    rule,
    write,
)
from jetmix.training.answers import Answers
from jetmix.training.target_metrics import TargetMetrics, target_metrics

if TYPE_CHECKING:
    from jetmix.data.dataset import JetDataset

FILE = "metrics.json"
ROUNDING = 1e-4
PER_CLASS = ("auc", "tpr_at_fpr10", "tpr_at_fpr1")
N_BINARY = 2
EFFICIENCIES = (0.3, 0.5)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is known of the jets that a tagger is measured on.

    Attributes:
        y: class of each jet, (jet,).
        class_names: in the order of the logits.
        targets: (jet, target) in the unit of the data, None without regression.
        target_names: of the targets.
        target_scales: what the tagger's answers are multiplied by; empty if they have the unit.
        pt: (jet,) transverse momentum to bin regression in, None where it is not known.
    """

    y: Ints
    class_names: tuple[str, ...]
    targets: Floats | None = None
    target_names: tuple[str, ...] = ()
    target_scales: tuple[float, ...] = ()
    pt: Floats | None = None

    @classmethod
    def of(cls, dataset: "JetDataset", target_scales: tuple[float, ...] = ()) -> "Truth":
        """Return what a data set knows of its jets.

        Args:
            dataset: one split, loaded.
            target_scales: those of the tagger; the data set's where it was loaded to train.
        """
        return cls(
            y=dataset.y,
            class_names=dataset.class_names,
            targets=dataset.targets,
            target_names=dataset.target_names,
            target_scales=target_scales or dataset.target_scales,
            pt=dataset.columns.get("pt"),
        )


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """Background rejection 1/FPR of a tagger of two classes; the second class is the signal.

    Attributes:
        efficiency: share of the signal jets that pass.
        n_background: background jets in all.
        rejection: one over the share of the background jets that pass; None if none does.
        error: its binomial standard error.
    """

    efficiency: float
    n_background: int
    rejection: float | None
    error: float | None

    CHECKS: ClassVar[dict[str, Check]] = {
        "efficiency": FRACTION,
        **checked(POSITIVE, "n_background", "rejection"),
        "error": NOT_NEGATIVE,
    }


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Content of ``metrics.json``; accuracies, AUCs and rates lie in 0 ... 1.

    Attributes:
        n_test: number of test jets.
        accuracy: fraction of test jets whose class is predicted.
        accuracy_error: binomial standard error of the accuracy.
        ebops: effective bit operations, None in full precision; those of folded layers are divided
            by the fold.
        class_names: the classes, in the order of ``confusion``.
        auc: area under the ROC curve per class, each against all others on its softmax score.
        tpr_at_fpr10: true-positive rate at a false-positive rate of 10%, per class.
        tpr_at_fpr1: true-positive rate at a false-positive rate of 1%, per class.
        confusion: number of jets (true class, predicted class).
        rejection: background rejection at 30% and 50% signal efficiency, for two classes alone.
        targets: bias and resolution of each regression target.
        ebops_unfolded: effective bit operations for one jet per clock, of a tagger that was trained
            to be folded.
    """

    n_test: int
    accuracy: float
    accuracy_error: float
    ebops: int | None
    class_names: tuple[str, ...]
    auc: dict[str, float]
    tpr_at_fpr10: dict[str, float]
    tpr_at_fpr1: dict[str, float]
    confusion: tuple[tuple[int, ...], ...]
    rejection: tuple[Rejection, ...] = ()
    targets: tuple[TargetMetrics, ...] = ()
    ebops_unfolded: int | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        "n_test": POSITIVE,
        **checked(NOT_NEGATIVE, "ebops", "ebops_unfolded"),
        **checked(FRACTION, "accuracy", "accuracy_error"),
        **checked(
            rule(
                lambda values: not any(FRACTION(value) for value in values.values()),
                "must hold numbers between 0 and 1",
            ),
            *PER_CLASS,
        ),
        "class_names": rule(
            lambda names: bool(names) and len(set(names)) == len(names),
            "must hold names that differ",
        ),
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        n_classes = len(self.class_names)
        for key in PER_CLASS:
            if set(getattr(self, key)) != set(self.class_names):
                yield key, f"one number per class ({', '.join(self.class_names)})"
        sizes = {len(self.confusion), *map(len, self.confusion)}
        counts = [count for row in self.confusion for count in row]
        if sizes != {n_classes} or min(counts, default=-1) < 0:
            yield "confusion", f"a matrix of {n_classes} x {n_classes} counts"
            return
        if sum(counts) != self.n_test:
            yield "confusion", f"counts of {self.n_test} jets (they add up to {sum(counts)})"
        right = sum(row[i] for i, row in enumerate(self.confusion)) / max(sum(counts), 1)
        if abs(right - self.accuracy) > ROUNDING:
            yield "accuracy", f"{right:.4f}, as the confusion matrix says,"
        if self.rejection and n_classes != N_BINARY:
            yield "rejection", f"empty for {n_classes} classes"

    @property
    def mean_auc(self) -> float:
        """Mean of the classes' AUC."""
        return sum(self.auc.values()) / len(self.auc)

    def write(self, folder: Path) -> None:
        """Write ``metrics.json`` into the folder of a training."""
        write(folder / FILE, self)


def read_metrics(folder: Path) -> Metrics | None:
    """Return the metrics of a training, None if the folder holds no ``metrics.json``.

    Raises:
        ReportReadError: if the file is damaged, or its numbers contradict each other.
    """
    return read(Metrics, folder / FILE) if (folder / FILE).exists() else None


def measured(answers: Answers, truth: Truth, *, ebops: int | None) -> Metrics:
    """Measure a tagger by its answers.

    Args:
        answers: on all jets, targets in units of their scales.
        truth: what they should be.
        ebops: effective bit operations of the tagger, None in full precision.
    """
    found = metrics(answers.logits, truth.y, truth.class_names, ebops=ebops)
    predicted = answers.in_units(truth.target_scales).targets
    if predicted is None or truth.targets is None:
        return found
    targets = target_metrics(predicted, truth.targets, truth.target_names, truth.pt)
    return replace(found, targets=targets)


def metrics(logits: Floats, y: Ints, class_names: Sequence[str], *, ebops: int | None) -> Metrics:
    """Measure the class scores of a tagger.

    Args:
        logits: (jet, class).
        y: class of each jet.
        class_names: in the order of the logits.
        ebops: effective bit operations of the tagger, None in full precision.
    """
    scores = softmax(logits)
    n_classes = len(class_names)
    predicted = logits.argmax(axis=1)
    accuracy = float((predicted == y).mean())
    confusion = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(confusion, (y, predicted), 1)
    curves = {name: roc(scores[:, index], y == index) for index, name in enumerate(class_names)}
    return Metrics(
        n_test=len(y),
        accuracy=accuracy,
        accuracy_error=math.sqrt(accuracy * (1 - accuracy) / len(y)),
        ebops=ebops,
        class_names=tuple(class_names),
        auc={name: area(*curve) for name, curve in curves.items()},
        tpr_at_fpr10=_rates(curves, 0.10),
        tpr_at_fpr1=_rates(curves, 0.01),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        rejection=_rejections(*curves[class_names[1]], int((y == 0).sum()))
        if n_classes == N_BINARY
        else (),
    )


def _rates(curves: Mapping[str, tuple[Float64, Float64]], rate: float) -> dict[str, float]:
    return {name: rate_at(*curve, rate) for name, curve in curves.items()}


def _rejections(fpr: Float64, tpr: Float64, n_background: int) -> tuple[Rejection, ...]:
    if n_background == 0:
        return ()
    return tuple(_rejection(fpr, tpr, wanted, n_background) for wanted in EFFICIENCIES)


def _rejection(fpr: Float64, tpr: Float64, efficiency: float, n_background: int) -> Rejection:
    passed = false_rate_at(fpr, tpr, efficiency)
    found = passed * n_background >= 1
    return Rejection(
        efficiency=efficiency,
        n_background=n_background,
        rejection=1 / passed if found else None,
        error=math.sqrt((1 - passed) / (passed**3 * n_background)) if found else None,
    )


def softmax(logits: Floats) -> Float64:
    """Return the class probabilities (jet, class)."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def roc(scores: Float64, positive: Bools) -> tuple[Float64, Float64]:
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


def area(fpr: Float64, tpr: Float64) -> float:
    """Return the area under a ROC curve by the trapezoidal rule (ties count one half)."""
    return float(np.trapezoid(tpr, fpr))


def rate_at(fpr: Float64, tpr: Float64, rate: float) -> float:
    """Return the true-positive rate at a false-positive rate, interpolated along the curve."""
    last = np.flatnonzero(fpr <= rate)[-1]
    if last == len(fpr) - 1 or fpr[last] == rate:
        return float(tpr[last])
    part = (rate - fpr[last]) / (fpr[last + 1] - fpr[last])
    return float(tpr[last] + part * (tpr[last + 1] - tpr[last]))


def false_rate_at(fpr: Float64, tpr: Float64, efficiency: float) -> float:
    """Return the false-positive rate where a true-positive rate is reached, interpolated."""
    first = int(np.argmax(tpr >= efficiency))
    if first == 0 or tpr[first] == efficiency:
        return float(fpr[first])
    part = (efficiency - tpr[first - 1]) / (tpr[first] - tpr[first - 1])
    return float(fpr[first - 1] + part * (fpr[first] - fpr[first - 1]))
