"""The answers of a tagger on the test jets, which prove the metrics beside them."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.errors import ReportReadError
from jetmix.support.arrays import AnyArray, Floats, Ints
from jetmix.support.files import atomic_path
from jetmix.support.records import MEND
from jetmix.training.answers import Answers
from jetmix.training.metrics import PER_CLASS, ROUNDING, Metrics, Truth
from jetmix.training.metrics import measured as recomputed

FILE = "test_scores.npz"


@dataclass(frozen=True, eq=False)
class Scores:
    """Labels and answers on the test jets.

    Attributes:
        y: classes (jet,).
        logits: (jet, class).
        targets: true values (jet, target) in the unit of the data, None without regression.
        predicted: those that the tagger gives.
        pt: (jet,) what regression is binned in; None where the jets have no such column.
    """

    y: Ints
    logits: Floats
    targets: Floats | None = None
    predicted: Floats | None = None
    pt: Floats | None = None

    @classmethod
    def of(cls, answers: Answers, truth: Truth) -> "Scores":
        """Return the scores of a tagger's answers."""
        known = truth.targets is not None
        predicted = answers.in_units(truth.target_scales).targets if known else None
        return cls(truth.y, answers.logits, truth.targets, predicted, truth.pt if known else None)

    def write(self, folder: Path) -> None:
        """Write ``test_scores.npz`` into the folder of a training."""
        optional = {"targets": self.targets, "predicted": self.predicted, "pt": self.pt}
        known: dict[str, AnyArray] = {k: v for k, v in optional.items() if v is not None}
        with atomic_path(folder / FILE) as temporary:
            np.savez_compressed(temporary, y=self.y, logits=self.logits, **known)  # type: ignore[arg-type]


def read_scores(folder: Path, metrics: Metrics) -> Scores | None:
    """Read the test scores and hold the metrics against them; None if there are none.

    Raises:
        ReportReadError: if the file is damaged, or the metrics are not those of the scores.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as content:
            y = content["y"].astype(np.int64)
            numbers = {key: content[key].astype(np.float32) for key in content if key != "y"}
            scores = Scores(y, **numbers)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise _unfit(path, f"not readable test scores ({error})") from None
    _check_shapes(scores, metrics, path)
    names = tuple(target.name for target in metrics.targets)
    truth = Truth(
        y=y,
        class_names=metrics.class_names,
        targets=scores.targets,
        target_names=names,
        pt=scores.pt,
    )
    answers = Answers(logits=scores.logits, targets=scores.predicted)
    _agree(recomputed(answers, truth, ebops=None), metrics, path)
    return scores


def _check_shapes(scores: Scores, metrics: Metrics, path: Path) -> None:
    n_jets, n_classes = metrics.n_test, len(metrics.class_names)
    if (
        scores.y.shape != (n_jets,)
        or scores.logits.shape != (n_jets, n_classes)
        or not np.isfinite(scores.logits).all()
    ):
        shape = (n_jets, n_classes)
        raise _unfit(path, f"should hold finite logits of shape {shape} and as many labels")
    if scores.y.min() < 0 or scores.y.max() >= n_classes:
        raise _unfit(path, f"should hold labels from 0 to {n_classes - 1}")
    shape = (n_jets, len(metrics.targets))
    for values in (scores.targets, scores.predicted):
        found = (n_jets, 0) if values is None else values.shape
        if found != shape or (values is not None and not np.isfinite(values).all()):
            raise _unfit(path, f"should hold finite targets and predictions of shape {shape}")
    if scores.pt is not None and (scores.pt.shape != (n_jets,) or np.isnan(scores.pt).any()):
        raise _unfit(path, f"should hold the pt of {n_jets} jets")


def _agree(scored: Metrics, stated: Metrics, path: Path) -> None:
    """Refuse metrics that are not those of the scores."""
    for name, found, value in _pairs(scored, stated):
        if abs(value - found) > ROUNDING * max(1.0, abs(found)):
            text = f"the scores give {name} {found:.4f}, metrics.json says {value:.4f}"
            raise _unfit(path, text)


def _pairs(scored: Metrics, stated: Metrics) -> Iterator[tuple[str, float, float]]:
    """Yield each figure that follows from the scores, and what the metrics say."""
    yield "accuracy", scored.accuracy, stated.accuracy
    for key in PER_CLASS:
        for name, value in getattr(scored, key).items():
            yield f"{key} {name}", value, getattr(stated, key)[name]
    for one, other in zip(scored.rejection, stated.rejection, strict=False):
        name = f"background rejection at {one.efficiency:.0%} efficiency"
        yield name, one.rejection or 0.0, other.rejection or 0.0
    for found, said in zip(scored.targets, stated.targets, strict=True):
        for name in ("bias", "resolution"):
            yield (
                f"{name} of {found.name}",
                getattr(found.overall, name),
                getattr(said.overall, name),
            )


def _unfit(path: Path, what: str) -> ReportReadError:
    return ReportReadError(what, where=path, mend=MEND)
