"""What sets beta, the weight of the EBOPs in the loss, from epoch to epoch."""

from typing import Protocol

from jetmix.recipe import TrainingSection
from jetmix.runs import JSON
from jetmix.training.schedules import beta


class BetaControl(Protocol):
    """Gives beta of each epoch; its ``state`` survives a resume."""

    def next(self, epoch: int, ebops: int | None) -> float:
        """Return beta of ``epoch``, given the EBOPs after the epoch before (None at first)."""

    def state(self) -> JSON:
        """Return what :func:`make_control` needs to go on."""


class ScheduledBeta:
    """Follows the recipe's key points, whatever the EBOPs are."""

    def __init__(self, settings: TrainingSection) -> None:
        self.settings = settings

    def next(self, epoch: int, ebops: int | None) -> float:
        """Return beta of the schedule."""
        return beta(epoch, self.settings.epochs, self.settings.beta)

    def state(self) -> JSON:
        """Return nothing: the epoch says it all."""
        return {}


def make_control(settings: TrainingSection, state: JSON) -> BetaControl:  # noqa: ARG001
    """Return what the recipe asks for, going on from ``state``."""
    return ScheduledBeta(settings)
