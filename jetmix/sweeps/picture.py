"""The picture of a sweep: accuracy against what the taggers cost."""

from pathlib import Path
from typing import TYPE_CHECKING

from jetmix.support.files import atomic_path
from jetmix.sweeps.records import RunRecord, SweepRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = 10


def draw(sweep: SweepRecord, path: Path) -> None:
    """Draw the runs that are done and their front; nothing if none has a cost."""
    done = [run for run in sweep.of("done") if run.costs is not None]
    if not done:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lowered = any(run.firmware is not None for run in done)
    titles = ("LUT (estimate)", "latency (ns)") if lowered else ("EBOPs",)
    done = [run for run in done if (run.firmware is not None) == lowered]
    # no pyplot: it keeps global state and chooses a backend
    figure = Figure(figsize=(6.4 * len(titles), 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    for place, title in enumerate(titles):
        axes = figure.add_subplot(1, len(titles), place + 1)
        _panel(axes, sweep, done, place)
        axes.set(xscale="log", xlabel=title, ylabel="test accuracy (%)")
        axes.grid(visible=True, which="both", alpha=0.3)
    figure.axes[0].legend(loc="lower right", fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120)


def _panel(axes: "Axes", sweep: SweepRecord, done: list[RunRecord], place: int) -> None:
    """Draw every run with its error, coloured by architecture, those of the front ringed."""
    kinds = sorted({str(run.architecture) for run in done})
    for index, kind in enumerate(kinds):
        own = [run for run in done if run.architecture == kind]
        axes.errorbar(
            [_cost(run, place) for run in own],
            [100 * (run.accuracy or 0) for run in own],
            yerr=[100 * (run.accuracy_error or 0) for run in own],
            fmt="o", markersize=4, linewidth=0.8, color=f"C{index % COLOURS}", label=kind,
        )  # fmt: skip
    best = sorted((_cost(r, place), 100 * (r.accuracy or 0)) for r in done if r.name in sweep.front)
    axes.plot(
        *zip(*best, strict=True), "o", markersize=9, markerfacecolor="none",
        markeredgecolor="black", label="front",
    )  # fmt: skip


def _cost(run: RunRecord, place: int) -> float:
    costs = run.costs
    assert costs is not None  # noqa: S101 (the caller has chosen runs with costs)
    return max(costs[place], 1.0)
