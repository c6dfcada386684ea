"""The Pareto front of (validation accuracy, size) of a training run; size is in EBOPs or LUT."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jetmix.errors import TrainingError
from jetmix.recipes.training_section import TrainingSection
from jetmix.support.records import FRACTION, NOT_NEGATIVE, Check, checked, read, write

FILE = "pareto.json"
TARGET_SLACK = 1.05


@dataclass(frozen=True, kw_only=True)
class FrontPoint:
    """One tagger of the front.

    Attributes:
        val_accuracy: accuracy on the validation jets, 0 ... 1.
        ebops: effective bit operations.
        epoch: epoch that it is from.
        path: its model file, relative to the file of the front.
        lut: LUT of the firmware as the training estimates them, None where it counts EBOPs.
    """

    val_accuracy: float
    ebops: int
    epoch: int
    path: str
    lut: int | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        "val_accuracy": FRACTION,
        **checked(NOT_NEGATIVE, "ebops", "epoch", "lut"),
    }

    @property
    def size(self) -> int:
        """What the front counts: LUT, or EBOPs where these are not known."""
        return self.ebops if self.lut is None else self.lut


@dataclass(frozen=True, kw_only=True)
class Front:
    """Content of ``pareto.json``.

    Attributes:
        points: the points that were kept, by rising size.
    """

    points: tuple[FrontPoint, ...]

    def write(self, folder: Path) -> None:
        """Write ``pareto.json`` into the folder of a training."""
        write(folder / FILE, self)


def read_front(folder: Path) -> Front | None:
    """Return the front of a training, None if the folder holds no ``pareto.json``.

    Raises:
        ReportReadError: if the file is damaged.
    """
    return read(Front, folder / FILE) if (folder / FILE).exists() else None


def dominates(one: FrontPoint, other: FrontPoint) -> bool:
    """Tell whether ``one`` is at least as good in both, and better in accuracy or in size.

    A point that equals another in one measure and is worse in the other is dominated.
    """
    no_worse = one.val_accuracy >= other.val_accuracy and one.size <= other.size
    better = one.val_accuracy > other.val_accuracy or one.size < other.size
    return no_worse and better


def pruned(points: Iterable[FrontPoint]) -> list[FrontPoint]:
    """Return the points that no other dominates, by rising size; of equal ones the first."""
    front: list[FrontPoint] = []
    for point in sorted(points, key=lambda p: (p.size, -p.val_accuracy, p.epoch)):
        if not front or point.val_accuracy > front[-1].val_accuracy:
            front.append(point)
    return front


def size_limit(settings: TrainingSection) -> int | None:
    """Return the EBOPs that the tagger may have: 5% above a target, or ``select_max_ebops``."""
    limits = [settings.select_max_ebops]
    if settings.target_ebops is not None:
        limits.append(int(TARGET_SLACK * settings.target_ebops))
    return min((limit for limit in limits if limit is not None), default=None)


def lut_limit(settings: TrainingSection) -> int | None:
    """Return the LUT that the tagger may have: 5% above a target."""
    return None if settings.target_lut is None else int(TARGET_SLACK * settings.target_lut)


def select(
    points: Iterable[FrontPoint],
    *,
    max_ebops: int | None,
    within: float,
    max_lut: int | None = None,
) -> FrontPoint:
    """Choose the point that becomes the tagger.

    Among the points with at most ``max_ebops`` and ``max_lut``, the smallest one whose validation
    accuracy is within ``within`` (absolute, 0 ... 1) of the best. If no point is that small, the
    smallest of all; the caller says so.

    Raises:
        TrainingError: if there is no point.
    """
    points = list(points)
    if not points:
        raise TrainingError(
            "the front is empty: no epoch reached front_min_accuracy",
            mend="lower front_min_accuracy or train longer",
        )
    allowed = [p for p in points if fits(p, max_ebops=max_ebops, max_lut=max_lut)]
    allowed = allowed or [min(points, key=lambda p: p.size)]
    best = max(p.val_accuracy for p in allowed)
    near = [p for p in allowed if p.val_accuracy >= best - within]
    return min(near, key=lambda p: (p.size, -p.val_accuracy, p.epoch))


def fits(point: FrontPoint, *, max_ebops: int | None, max_lut: int | None) -> bool:
    """Tell whether a point keeps to both limits; None is no limit."""
    small = max_ebops is None or point.ebops <= max_ebops
    return small and (max_lut is None or point.size <= max_lut)
