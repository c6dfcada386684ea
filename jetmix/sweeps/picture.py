"""The picture of a sweep: accuracy against what the taggers cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jetmix.support.files import atomic_path
from jetmix.support.ticks import plain_ticks
from jetmix.sweeps.records import RunRecord, SweepRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class Look:
    """How runs are drawn: a marker and a colour per architecture, and the ring of the front."""

    markers: Sequence[str] = ("o",)
    colours: Sequence[str] = tuple(f"C{index}" for index in range(10))
    ink: str = "black"
    size: float = 4.0
    label: Callable[[str], str] = str


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
        panel(axes, sweep, done, place, Look())
        axes.set(xlabel=title, ylabel="test accuracy (%)")
        scaled(axes, place)
        axes.grid(visible=True, alpha=0.3)
    figure.axes[0].legend(loc="best", fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120)


def scaled(axes: "Axes", place: int) -> None:
    """Let the first cost have a logarithmic axis, and the second one, a latency, a linear one."""
    if place == 0:
        axes.set_xscale("log")
        plain_ticks(axes)


def panel(
    axes: "Axes", sweep: SweepRecord, done: list[RunRecord], place: int, look: Look
) -> list[tuple[float, float]]:
    """Draw every run with its error, coloured by architecture, those of the front ringed.

    Returns:
        Cost ``place`` and accuracy in percent of the runs on the front.
    """
    for index, kind in enumerate(sorted({str(run.architecture) for run in done})):
        own = [run for run in done if str(run.architecture) == kind]
        axes.errorbar(
            [_cost(run, place) for run in own],
            [100 * (run.accuracy or 0) for run in own],
            yerr=[100 * (run.accuracy_error or 0) for run in own],
            fmt=look.markers[index % len(look.markers)], markersize=look.size, linewidth=0.8,
            color=look.colours[index % len(look.colours)], label=look.label(kind),
        )  # fmt: skip
    best = sorted((_cost(r, place), 100 * (r.accuracy or 0)) for r in done if r.name in sweep.front)
    axes.plot(
        *zip(*best, strict=True), "o", markersize=2 * look.size + 1, markerfacecolor="none",
        markeredgecolor=look.ink, label="front",
    )  # fmt: skip
    return best


def _cost(run: RunRecord, place: int) -> float:
    costs = run.costs
    assert costs is not None  # noqa: S101 (the caller has chosen runs with costs)
    return max(costs[place], 1.0)
