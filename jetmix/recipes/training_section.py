"""The section [training] of a recipe: schedules, costs, guides, and what is chosen."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jetmix.support.records import (
    FRACTION,
    NOT_EMPTY,
    NOT_NEGATIVE,
    POSITIVE,
    SEED,
    Check,
    between,
    rule,
)

INTERPOLATIONS = ("linear", "log", "constant")
COSTS = ("ebops", "lut")
TARGET_LOSSES = ("huber", "squared", "absolute")
# a tagger that is trained first: that of the recipe in full precision
TWIN = "auto"
KeyPoint = tuple[float, float, str]


def _beta_problem(points: Sequence[KeyPoint]) -> str:
    """Return what is wrong with a beta schedule, "" if nothing."""
    if not points or points[0][0] != 0:
        return "is no schedule: the first key point must be at 0"
    positions = [point[0] for point in points]
    if sorted(set(positions)) != positions or positions[-1] > 1:
        return "is no schedule: positions are fractions of the epochs, rising from 0 to at most 1"
    for (_, beta, kind), after in zip(points, [*points[1:], points[-1]], strict=True):
        if kind not in INTERPOLATIONS:
            return f"is no schedule: '{kind}' is none of {', '.join(INTERPOLATIONS)}"
        if NOT_NEGATIVE(beta):
            return "is no schedule: beta must not be negative"
        if kind == "log" and min(beta, after[1]) <= 0:
            return "is no schedule: a log interpolation needs betas above zero"
    return ""


@dataclass(frozen=True, kw_only=True)
class TrainingSection:
    """Optimiser, schedules, guards, and which point of the Pareto front becomes the tagger.

    ``beta`` holds key points (fraction of the epochs, beta, interpolation to the next point).
    ``teacher`` is a run directory or model file, or :data:`TWIN`; so is
    ``start_from``.
    """

    seed: int
    epochs: int
    batch_size: int
    learning_rate: float
    learning_rate_floor: float
    learning_rate_cycles: int
    learning_rate_cycle_factor: float
    learning_rate_rest: float
    beta: tuple[KeyPoint, ...]
    target_ebops: int | None
    front_min_accuracy: float
    select_max_ebops: int | None
    select_within: float
    target_loss: str = TARGET_LOSSES[0]
    target_weight: float = 1.0
    stream_jets: int | None = None
    teacher: str | None = None
    teacher_weight: float = 0.9
    teacher_temperature: float = 2.0
    cost: str = COSTS[0]
    target_lut: int | None = None
    average_epochs: float | None = None
    start_from: str | None = None
    twin_epochs: int | None = None
    epoch_steps: int | None = None
    bits_until: float = 1.0

    CHECKS: ClassVar[dict[str, Check]] = {
        "seed": SEED,
        "epochs": POSITIVE,
        "batch_size": POSITIVE,
        "learning_rate": POSITIVE,
        "learning_rate_floor": NOT_NEGATIVE,
        "learning_rate_cycles": POSITIVE,
        "learning_rate_cycle_factor": POSITIVE,
        "learning_rate_rest": FRACTION,
        "beta": _beta_problem,
        "target_ebops": POSITIVE,
        "front_min_accuracy": FRACTION,
        "select_max_ebops": POSITIVE,
        "select_within": FRACTION,
        "target_loss": rule(TARGET_LOSSES.__contains__, f"is none of {', '.join(TARGET_LOSSES)}"),
        "target_weight": POSITIVE,
        "stream_jets": POSITIVE,
        "teacher": NOT_EMPTY,
        "teacher_weight": rule(lambda share: 0 < share <= 1, "must be above 0 and at most 1"),
        "teacher_temperature": between(0.1, 100),
        "cost": rule(COSTS.__contains__, f"is none of {', '.join(COSTS)}"),
        "target_lut": POSITIVE,
        "average_epochs": rule(lambda epochs: 1 <= epochs < math.inf, "must be at least 1"),
        "start_from": NOT_EMPTY,
        "twin_epochs": POSITIVE,
        "epoch_steps": POSITIVE,
        "bits_until": rule(lambda part: 0 < part <= 1, "must be above 0 and at most 1"),
    }
    # keys that came later: a recipe without them keeps the digest that it had
    LATER: ClassVar[tuple[str, ...]] = (
        "target_loss", "target_weight", "stream_jets", "teacher", "teacher_weight",
        "teacher_temperature", "cost", "target_lut", "average_epochs", "start_from",
        "twin_epochs", "epoch_steps", "bits_until",
    )  # fmt: skip

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        if self.target_lut is not None and self.target_ebops is not None:
            yield "target_lut", '"none" beside target_ebops'
        if self.twin_epochs is not None and TWIN not in (self.teacher, self.start_from):
            yield "twin_epochs", '"none" without teacher or start_from = "auto"'
        if self.epoch_steps is not None and self.stream_jets is not None:
            yield "epoch_steps", '"none" beside stream_jets'

    @property
    def counts_lut(self) -> bool:
        """Whether beta weighs LUT instead of EBOPs, and the front is one of LUT."""
        return self.cost == "lut" or self.target_lut is not None
