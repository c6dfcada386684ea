"""Schedules of the learning rate and of beta, the weight of the EBOPs in the loss.

All take the epoch, counted from 0, and the number of epochs, so that a shorter run goes through
the same schedule faster.
"""

import math
from collections.abc import Sequence

from jetmix.recipes.training_section import KeyPoint, TrainingSection


def learning_rate(epoch: int, settings: TrainingSection) -> float:
    """Return the learning rate of an epoch: cosine decay with restarts.

    Each of ``learning_rate_cycles`` equal cycles falls from its peak to the floor along half a
    cosine (SGDR, arXiv 1608.03983), and rests there for ``learning_rate_rest`` of its length.
    """
    length = settings.epochs / settings.learning_rate_cycles
    cycle = min(int(epoch / length), settings.learning_rate_cycles - 1)
    falling = length * (1 - settings.learning_rate_rest)
    part = min((epoch - cycle * length) / falling, 1.0) if falling else 1.0
    peak = settings.learning_rate * settings.learning_rate_cycle_factor**cycle
    floor = min(settings.learning_rate_floor, peak)
    return floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * part))


def beta(epoch: int, epochs: int, points: Sequence[KeyPoint]) -> float:
    """Return beta of an epoch, interpolated between key points (fraction, beta, interpolation).

    After the last key point beta stays constant.
    """
    at = epoch / max(epochs - 1, 1)
    before = [point for point in points if point[0] <= at][-1]
    later = [point for point in points if point[0] > at]
    if not later or before[2] == "constant":
        return before[1]
    part = (at - before[0]) / (later[0][0] - before[0])
    if before[2] == "log":
        return float(before[1] * (later[0][1] / before[1]) ** part)
    return before[1] + (later[0][1] - before[1]) * part
