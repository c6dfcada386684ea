"""The answers of a tagger on the test jets, which prove the metrics beside them."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.errors import ReportReadError
from jetmix.support.arrays import Floats, Ints
from jetmix.support.files import atomic_path
from jetmix.support.records import MEND
from jetmix.training.metrics import PER_CLASS, ROUNDING, Metrics
from jetmix.training.metrics import metrics as recomputed

FILE = "test_scores.npz"


@dataclass(frozen=True, eq=False)
class Scores:
    """Labels (jet,) and logits (jet, class) of the test jets."""

    y: Ints
    logits: Floats

    def write(self, folder: Path) -> None:
        """Write ``test_scores.npz`` into the folder of a training."""
        with atomic_path(folder / FILE) as temporary:
            np.savez_compressed(temporary, y=self.y, logits=self.logits)


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
            y, logits = content["y"].astype(np.int64), content["logits"].astype(np.float32)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise _unfit(path, f"not readable test scores ({error})") from None
    shape = (metrics.n_test, len(metrics.class_names))
    if y.shape != shape[:1] or logits.shape != shape or not np.isfinite(logits).all():
        raise _unfit(path, f"should hold finite logits of shape {shape} and as many labels")
    if y.min() < 0 or y.max() >= shape[1]:
        raise _unfit(path, f"should hold labels from 0 to {shape[1] - 1}")
    _agree(recomputed(logits, y, metrics.class_names, ebops=None), metrics, path)
    return Scores(y, logits)


def _agree(scored: Metrics, stated: Metrics, path: Path) -> None:
    """Refuse metrics that are not those of the scores."""
    pairs = [("accuracy", scored.accuracy, stated.accuracy)]
    for key in PER_CLASS:
        pairs += [
            (f"{key} {name}", value, getattr(stated, key)[name])
            for name, value in getattr(scored, key).items()
        ]
    for name, found, value in pairs:
        if abs(value - found) > ROUNDING:
            text = f"the scores give {name} {found:.4f}, metrics.json says {value:.4f}"
            raise _unfit(path, text)


def _unfit(path: Path, what: str) -> ReportReadError:
    return ReportReadError(what, where=path, mend=MEND)
