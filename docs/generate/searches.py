"""The search of docs/results.md against its grid: hypervolume against hours."""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from pages import table
from sweeps import Kept

from jetmix.report.figures.style import COLOURS, drawing, finished
from jetmix.sweeps.records import RunRecord

# a tagger that is less accurate or larger adds nothing to the hypervolume
WORST_ACCURACY, WORST_LUT = 0.5, 60_000.0
ORDERS = 1000
GRID = np.linspace(0.02, 1.0, 50)


def hypervolume(runs: Sequence[RunRecord]) -> float:
    """Return the share of the plane of accuracy and LUT that these runs beat, 0 ... 1."""
    points = sorted(
        (run.firmware.lut, run.accuracy)
        for run in runs
        if run.firmware is not None and run.firmware.lut is not None and run.accuracy is not None
    )
    volume, best = 0.0, WORST_ACCURACY
    for lut, accuracy in points:
        if lut < WORST_LUT and accuracy > best:
            volume += (WORST_LUT - lut) * (accuracy - best)
            best = accuracy
    return volume / (WORST_LUT * (1 - WORST_ACCURACY))


def growth(one: Kept, order: Sequence[RunRecord]) -> np.ndarray:
    """Return the hypervolume after each part of all hours of a sweep, ``GRID``, for an order."""
    hours = np.array(list(accumulate(one.more[run.name].hours for run in order)))
    reached = np.array([0.0, *(hypervolume(order[: n + 1]) for n in range(len(order)))])
    return reached[np.searchsorted(hours, GRID * hours[-1] * (1 + 1e-9), side="right")]


def any_order(one: Kept) -> np.ndarray:
    """Return the mean of :func:`growth` over orders of the runs, since a grid has none."""
    runs, chance = one.sweep.of("done"), np.random.default_rng(1)
    orders = (chance.permutation(len(runs)) for _ in range(ORDERS))
    return np.mean([growth(one, [runs[place] for place in order]) for order in orders], axis=0)


def search_table(grid: Kept, search: Kept) -> str:
    """Return what each reached after parts of its hours."""
    parts = (0.25, 0.5, 0.75, 1.0)
    places = [int(np.argmin(np.abs(GRID - part))) for part in parts]
    head = ["Runs chosen by", "Runs", "Hours", *(f"after {100 * part:.0f}%" for part in parts)]
    rows = []
    for title, one, reached in (
        ("grid, in any order", grid, any_order(grid)),
        ("Optuna", search, growth(search, search.sweep.of("done"))),
    ):
        done = len(one.sweep.of("done"))
        cells = [f"{reached[place]:.4f}" for place in places]
        rows.append([title, f"{done}", f"{one.hours:.2f}", *cells])
    return table(head, rows)


def search_picture(grid: Kept, search: Kept) -> str:
    """Return the hypervolume against hours, as SVG."""
    with drawing() as canvas:
        axes = canvas.subplots()
        for title, one, reached, colour in (
            ("grid, mean over orders", grid, any_order(grid), COLOURS[0]),
            ("Optuna", search, growth(search, search.sweep.of("done")), COLOURS[1]),
        ):
            hours = GRID * one.hours
            axes.plot(hours, reached, drawstyle="steps-post", color=colour, label=title)
        axes.set(xlabel="Hours of one core's training and lowering", ylabel="Hypervolume")
        axes.grid(visible=True)
        axes.legend(loc="lower right")
        return finished(canvas, name="search-8", title="Search", alt="").svg
