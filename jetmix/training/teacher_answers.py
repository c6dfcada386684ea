"""A teacher's answers on the training jets of a run.

They are found once and kept with the data of the run; a training that goes on takes them from
there.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from jetmix.data.dataset import JetDataset, Sums, opened
from jetmix.errors import TrainingError
from jetmix.models.run import BATCH, fed
from jetmix.support import console
from jetmix.support.arrays import Floats, Ints
from jetmix.support.files import atomic_path, content_digest
from jetmix.support.records import FRACTION, NOT_EMPTY, Check, checked, dump, read, write
from jetmix.training.answers import Answers
from jetmix.training.teacher import Teacher

RECORD, LOGITS = "teacher.json", "teacher_logits.npy"
# of a sum of probabilities
ROUNDING = 1e-3


@dataclass(frozen=True, kw_only=True)
class TeacherUsed:
    """Content of ``teacher.json``: the teacher that a tagger learnt from.

    Attributes:
        path: the run or model, as it was given.
        sha256: SHA-256 of its model file.
        digest: digest of teacher and jets, which decides whether its answers are found again.
        accuracy: its accuracy on the jets that the tagger was trained on.
    """

    path: str
    sha256: str
    digest: str
    accuracy: float

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_EMPTY, "path", "sha256", "digest"),
        "accuracy": FRACTION,
    }


def logits_of(teacher: Teacher, train: JetDataset, folder: Path) -> Floats:
    """Return the logits of a teacher on training jets, float32 (jet, class).

    They are kept in ``folder``; what is there already of the same teacher and jets is read.

    Raises:
        TrainingError: if an answer is not finite, or the jets are not those of the tagger.
    """
    digest = content_digest(
        {
            "teacher": teacher.sha256,
            "jets": train.source.sha256,
            "selection": dump(teacher.selection),
            "normalisation": dump(teacher.normalisation),
        }
    )
    kept = _kept(folder, digest, (len(train.y), len(train.class_names)))
    if kept is not None:
        return kept
    console.say(f"the teacher {teacher.path} judges {len(train.y):,} jets")
    logits, y = _judged(teacher, Path(train.source.path))
    if not np.array_equal(y, train.y):
        raise TrainingError(
            "the teacher is shown other jets than the tagger",
            where=teacher.path,
            mend="name a teacher that was trained on a file of the same columns",
        )
    if not np.isfinite(logits).all():
        raise TrainingError(
            "the teacher's answers are not finite",
            where=teacher.path,
            mend="name another teacher, or one with the constants of its own run",
        )
    logits = _unnormalised(logits)
    with atomic_path(folder / LOGITS) as temporary:
        np.save(temporary, logits)
    accuracy = float((logits.argmax(axis=1) == y).mean())
    console.say(f"the teacher is right on {accuracy:.1%} of the training jets")
    record = TeacherUsed(
        path=str(teacher.path), sha256=teacher.sha256, digest=digest, accuracy=accuracy
    )
    write(folder / RECORD, record)
    return logits


def read_teacher(folder: Path) -> TeacherUsed | None:
    """Return what the folder of a run's data says of its teacher, None without one.

    Raises:
        ReportReadError: if the file is damaged.
    """
    return read(TeacherUsed, folder / RECORD) if (folder / RECORD).exists() else None


def _kept(folder: Path, digest: str, shape: tuple[int, int]) -> Floats | None:
    """Return the logits in a folder, None if there are none of this digest."""
    record = read_teacher(folder)
    if record is None or record.digest != digest or not (folder / LOGITS).is_file():
        return None
    try:
        with (folder / LOGITS).open("rb") as handle:
            logits = np.load(handle, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None  # damaged: found again
    sound = logits.shape == shape and logits.dtype == np.float32
    return np.asarray(logits, np.float32) if sound else None


def _judged(teacher: Teacher, file: Path) -> tuple[Floats, Ints]:
    """Return the answers on the training jets of a file, and their classes."""
    logits, classes = [], []
    for x, y in _shown(teacher, file):
        # whole batches: every other size is compiled anew
        padded = np.concatenate([x, np.repeat(x[-1:], -len(x) % BATCH, axis=0)])
        found = teacher.model.predict(fed(teacher.model, padded), batch_size=BATCH, verbose=0)
        logits.append(Answers.of(found).logits[: len(x)])
        classes.append(y)
    return np.concatenate(logits), np.concatenate(classes)


def _shown(teacher: Teacher, file: Path) -> Iterator[tuple[Floats, Ints]]:
    """Yield the training jets as the teacher takes them, and their classes, some at a time."""
    with opened(file, teacher.selection) as reader:
        constants = teacher.normalisation
        if constants is None:
            sums = Sums(reader)
            for block in reader.blocks():
                sums.add(block)
            constants = sums.features.normalisation("standard")
        for block in reader.blocks():
            rows = block.in_split("train")
            x = block.x[rows]
            if len(x):
                # a tagger that derives its features scales them itself
                yield x if teacher.selection.derivation else constants.apply(x), block.y[rows]


def _unnormalised(answers: Floats) -> Floats:
    """Return logits also of a model that ends in a softmax: logarithms of its probabilities."""
    sums = answers.sum(axis=1)
    if answers.min() < 0 or np.abs(sums - 1).max() > ROUNDING:
        return answers
    console.say("the teacher answers with probabilities; their logarithms are its logits")
    return np.log(np.maximum(answers, np.finfo(np.float32).tiny))
