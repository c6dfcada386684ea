"""The Pareto front of (validation accuracy, EBOPs) of a training run."""

from collections.abc import Iterable
from dataclasses import dataclass

from jetmix.errors import TrainingError
from jetmix.runs import JSON


@dataclass(frozen=True, kw_only=True)
class FrontPoint:
    """One tagger of the front; ``val_accuracy`` lies in 0 ... 1."""

    val_accuracy: float
    ebops: int
    epoch: int
    path: str

    def as_json(self) -> JSON:
        """Return the entry of ``pareto.json``."""
        return {
            "val_accuracy": self.val_accuracy,
            "ebops": self.ebops,
            "epoch": self.epoch,
            "path": self.path,
        }


def dominates(one: "FrontPoint", other: "FrontPoint") -> bool:
    """Tell whether ``one`` is at least as good in both, and better in accuracy or in EBOPs.

    A point that equals another in one measure and is worse in the other is dominated.
    """
    no_worse = one.val_accuracy >= other.val_accuracy and one.ebops <= other.ebops
    better = one.val_accuracy > other.val_accuracy or one.ebops < other.ebops
    return no_worse and better


def pruned(points: Iterable[FrontPoint]) -> list[FrontPoint]:
    """Return the points that no other dominates, by rising EBOPs; of equal ones the first."""
    front: list[FrontPoint] = []
    for point in sorted(points, key=lambda p: (p.ebops, -p.val_accuracy, p.epoch)):
        if not front or point.val_accuracy > front[-1].val_accuracy:
            front.append(point)
    return front


TARGET_SLACK = 1.05


def near_target(points: Iterable[FrontPoint], target: int) -> list[FrontPoint]:
    """Return the points of at most 5% above the wanted size, or the smallest if none is."""
    points = list(points)
    small = [point for point in points if point.ebops <= TARGET_SLACK * target]
    return small or sorted(points, key=lambda p: p.ebops)[:1]


def select(points: Iterable[FrontPoint], *, max_ebops: int | None, within: float) -> FrontPoint:
    """Choose the point that becomes the tagger.

    Among the points with at most ``max_ebops``, the smallest one whose validation accuracy is
    within ``within`` (absolute, 0 ... 1) of the best.

    Raises:
        TrainingError: if there is no point, or none is small enough.
    """
    points = list(points)
    if not points:
        raise TrainingError(
            "the front is empty: no epoch reached front_min_accuracy",
            mend="lower front_min_accuracy or train longer",
        )
    allowed = [p for p in points if max_ebops is None or p.ebops <= max_ebops]
    if not allowed:
        smallest = min(p.ebops for p in points)
        raise TrainingError(
            f"no tagger of the front has at most {max_ebops} EBOPs (the smallest has {smallest})",
            mend="train longer, end with a larger beta, or raise select_max_ebops",
        )
    best = max(p.val_accuracy for p in allowed)
    near = [p for p in allowed if p.val_accuracy >= best - within]
    return min(near, key=lambda p: (p.ebops, -p.val_accuracy, p.epoch))
