"""What sets beta, the weight of the size (EBOPs or LUT) in the loss, from epoch to epoch."""

import math
from typing import Protocol

from jetmix.recipes.training_section import TrainingSection
from jetmix.support.files import JSON
from jetmix.training.schedules import beta

# Gains on log10(size / target), answer log10(beta). hgq2's own defaults are 1, 2e-3 an epoch and
# 0, for runs of ten thousand epochs: the integral gain is given for a whole run here.
PROPORTIONAL, INTEGRAL_OF_A_RUN, DERIVATIVE = 1.0, 20.0, 0.0
WARM_UP = 0.02
ARRIVAL, ARRIVAL_OF_BITS = 0.5, 0.75
LOWEST_BETA, HIGHEST_BETA = 1e-10, 1e-3


class BetaControl(Protocol):
    """Gives beta of each epoch; its ``state`` survives a resume."""

    def next(self, epoch: int, size: float | None) -> float:
        """Return beta of ``epoch``, given the size after the epoch before (None at first)."""

    def state(self) -> JSON:
        """Return what :func:`make_control` needs to go on."""


class ScheduledBeta:
    """Follows the recipe's key points, whatever the size is."""

    def __init__(self, settings: TrainingSection) -> None:
        self.settings = settings

    def next(self, epoch: int, size: float | None) -> float:
        """Return beta of the schedule."""
        return beta(epoch, self.settings.epochs, self.settings.beta)

    def state(self) -> JSON:
        """Return nothing: the epoch says it all."""
        return {}


class TargetBeta:
    """Drives the size to a target with hgq2's PID controller, in logarithms.

    The set point falls with the epochs from the size after the warm-up to the target, which it
    reaches after half of them, or three quarters of those in which bits are trained; then it
    stays, so that accuracy recovers at that size while the learning rate falls. Beta starts at the
    recipe's first key point.

    Args:
        settings: with ``target_ebops`` or ``target_lut`` set.
        state: what :meth:`state` returned, empty at the start.
    """

    def __init__(self, settings: TrainingSection, state: JSON) -> None:
        from hgq.utils.sugar.beta_pid import PID

        target = settings.target_lut or settings.target_ebops
        if target is None:
            raise ValueError("the settings have no target")
        self.target, self.epochs = target, settings.epochs
        self.arrival = min(ARRIVAL, ARRIVAL_OF_BITS * settings.bits_until)
        self.start = max(settings.beta[0][1], LOWEST_BETA)
        self.pid = PID(PROPORTIONAL, INTEGRAL_OF_A_RUN / self.epochs, DERIVATIVE, neg=True)
        self.begin: float | None = state.get("begin")
        self.pid.integral = state.get("integral", 0.0)
        self.pid.prev_error = state.get("previous", 0.0)

    def next(self, epoch: int, size: float | None) -> float:
        """Return beta that pulls ``size`` to the set point of ``epoch``."""
        if size is None or epoch < WARM_UP * self.epochs:
            return self.start
        size = max(size, 1)
        if self.begin is None:
            self.begin = size
            # the controller's first answer shall be the beta of now
            self.pid.integral = math.log10(self.start) / self.pid.i
        answer = self.pid(math.log10(self.set_point(epoch)), math.log10(size))
        return float(min(max(10.0**answer, LOWEST_BETA), HIGHEST_BETA))

    def set_point(self, epoch: int) -> float:
        """Return the size wanted at ``epoch``: falling exponentially, then the target."""
        begin = max(self.begin or self.target, self.target)
        part = min(epoch / (self.arrival * self.epochs), 1.0)
        return float(begin * (self.target / begin) ** part)

    def state(self) -> JSON:
        """Return the controller's memory."""
        return {
            "begin": self.begin,
            "integral": self.pid.integral,
            "previous": self.pid.prev_error,
        }


def make_control(settings: TrainingSection, state: JSON) -> BetaControl:
    """Return what the recipe asks for, going on from ``state``."""
    if settings.target_ebops is None and settings.target_lut is None:
        return ScheduledBeta(settings)
    return TargetBeta(settings, state)
