"""Reading test scores, which prove the metrics beside them."""

import zipfile
from pathlib import Path

import numpy as np

from jetmix.errors import ReportReadError
from jetmix.report.checked import MEND
from jetmix.report.records import ROUNDING
from jetmix.report.tagger import Gap, Metrics, Scores
from jetmix.support.files import JSON
from jetmix.training.metrics import metrics as recomputed


def read_scores(path: Path, metrics: Metrics, gaps: list[Gap]) -> Scores | None:
    """Read the test scores and hold the metrics against them; note a gap if there are none.

    Raises:
        ReportReadError: if the file is damaged, or the metrics are not those of the scores.
    """
    if not path.exists():
        why = f"{path.name} is absent"
        mend = "run 'jetmix train --resume' so that the test scores are written"
        gaps.append(Gap(what="ROC curves and score distributions", why=why, mend=mend))
        return None
    try:
        with np.load(path, allow_pickle=False) as content:
            y, logits = content["y"].astype(np.int64), content["logits"].astype(np.float32)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ReportReadError(
            f"not readable test scores ({error})", where=path, mend=MEND
        ) from None
    shape = (metrics.n_test, len(metrics.class_names))
    if y.shape != shape[:1] or logits.shape != shape or not np.isfinite(logits).all():
        raise ReportReadError(
            f"should hold finite logits of shape {shape} and as many labels", where=path, mend=MEND
        )
    if y.min() < 0 or y.max() >= shape[1]:
        raise ReportReadError(f"should hold labels from 0 to {shape[1] - 1}", where=path, mend=MEND)
    _agree(recomputed(logits, y, metrics.class_names, ebops=None), metrics, path)
    return Scores(y, logits)


def _agree(scored: JSON, metrics: Metrics, path: Path) -> None:
    """Refuse metrics that are not those of the scores."""
    stated: JSON = {"accuracy": {"": metrics.accuracy}}
    found: JSON = {"accuracy": {"": scored["accuracy"]}}
    for key in ("auc", "tpr_at_fpr10", "tpr_at_fpr1"):
        stated[key], found[key] = getattr(metrics, key), scored[key]
    for key, values in stated.items():
        for name, value in values.items():
            if abs(value - found[key][name]) > ROUNDING:
                raise ReportReadError(
                    f"the scores give {' '.join([key, name]).strip()} {found[key][name]:.4f}, "
                    f"metrics.json says {value:.4f}",
                    where=path,
                    mend=MEND,
                )
