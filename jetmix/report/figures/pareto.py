"""Figures of accuracy against cost: our taggers beside published ones, and the training front."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jetmix import words
from jetmix.report.figures.style import (
    INK,
    OURS,
    THEIRS,
    Picture,
    drawing,
    finished,
    plain,
)
from jetmix.report.published.panels import COST_TITLES, Panel, Point
from jetmix.report.tagger import Tagger
from jetmix.support.files import JSON
from jetmix.support.ticks import plain_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Limits = tuple[float, float]
MARKERS = {True: "s", False: "o", None: "D"}
ORDER_WORDS = {
    True: "published, order-free",
    False: "published",
    None: "published, order not known",
}
COST_NAMES = {"lut": "LUT", "latency_ns": "latency"}
BREAK = "own axes: not comparable\nwith the public jets"


def pareto(panel: Panel, name: str, x: Limits, y: Limits) -> Picture:
    """Draw accuracy against cost for the points of one panel, the non-dominated ones joined.

    Args:
        panel: the points; ours carry their errors, published ones were quoted without.
        name: name of the figure's files.
        x: range of the cost, shared between panels of the same data set.
        y: range of the accuracy in per cent.
    """
    with drawing() as canvas:
        axes = canvas.subplots()
        axes.set(xscale="log", xlim=x, ylim=y, xlabel=COST_TITLES[panel.cost])
        plain_ticks(axes)
        axes.set_ylabel("Accuracy [%]")
        axes.set_title(plain(panel.title, 62), fontsize=9)
        axes.grid(visible=True)
        best = sorted((p.cost, p.accuracy_pct) for p in panel.points if p.nondominated)
        axes.step(*zip(*best, strict=True), where="post", color=INK, linewidth=0.8, zorder=1)
        for index, point in enumerate(panel.points):
            spot = (point.cost, point.accuracy_pct)
            below = sum((p.cost, p.accuracy_pct) == spot for p in panel.points[:index])
            _draw_point(axes, point, index, below)
        _legend(axes, panel)
        if not panel.public:
            axes.text(0.03, 0.03, BREAK, transform=axes.transAxes, fontsize=9, color=OURS)
        described = tuple(_described(point, panel) for point in panel.points)
        alt = _pareto_words(panel)
        title = f"Accuracy against {COST_NAMES[panel.cost]}: {panel.title}"
        return finished(canvas, name=name, title=title, alt=alt, points=described)


def _legend(axes: "Axes", panel: Panel) -> None:
    """Name the markers that stand in the panel."""
    from matplotlib.lines import Line2D

    kinds = [("*", OURS, "this report")] if any(point.ours for point in panel.points) else []
    published = [point for point in panel.points if not point.ours]
    kinds += [
        (marker, THEIRS, ORDER_WORDS[order])
        for order, marker in MARKERS.items()
        if any(point.permutation_invariant is order for point in published)
    ]
    handles = [
        Line2D([], [], marker=marker, color=colour, linestyle="none", markersize=6, label=label)
        for marker, colour, label in kinds
    ]
    axes.legend(handles=handles, loc="lower right", fontsize=8, handletextpad=0.2)


def _draw_point(axes: "Axes", point: Point, index: int, below: int) -> None:
    """Draw a point; its label stands below those of ``below`` other points on the same spot."""
    colour = OURS if point.ours else THEIRS
    cost_error = None
    if point.low is not None and point.high is not None:
        cost_error = [[point.cost - point.low], [point.high - point.cost]]
    drawn = axes.errorbar(
        point.cost,
        point.accuracy_pct,
        xerr=cost_error,
        yerr=point.accuracy_error_pct,
        marker="*" if point.ours else MARKERS[point.permutation_invariant],
        markersize=13 if point.ours else 6,
        color=colour,
        markerfacecolor="none" if point.seen == "quoted" else colour,
        linestyle="none",
        capsize=2,
        zorder=3 if point.ours else 2,
    )
    for number, part in enumerate(drawn.get_children()):
        part.set_gid(f"point-{index}-{number}")
    shown = plain(point.label, 24) if point.ours else str(point.n_particles or "")
    label = axes.annotate(
        shown,
        (point.cost, point.accuracy_pct),
        xytext=(7, 4 - 11 * below),
        textcoords="offset points",
        fontsize=9 if point.ours else 7,
        fontweight="bold" if point.ours else "normal",
        color=colour if point.ours else INK,
    )
    label.set_gid(f"point-{index}-label")


def _described(point: Point, panel: Panel) -> JSON:
    """Return what a page shows about a point, line by line."""
    error = "" if point.accuracy_error_pct is None else f" ± {point.accuracy_error_pct:.2f}"
    cost = f"{COST_TITLES[panel.cost]}: {point.cost:,.10g}"
    interval = "" if point.low is None else f" (90%: {point.low:,.0f} to {point.high:,.0f})"
    lines = [point.label, f"Accuracy: {point.accuracy_pct:.2f}{error}%", cost + interval]
    lines += [f"{point.n_particles} constituents"] if point.n_particles else []
    lines += [f"Order-free: {words.yes_no(point.permutation_invariant)}"]
    lines += [f"Read: {point.seen}"] if point.seen else []
    lines += ["On the Pareto front"] if point.nondominated else []
    return {"family": point.label, "ours": point.ours, "cost": point.cost, "lines": lines}


def _pareto_words(panel: Panel) -> str:
    best = [point.label for point in panel.points if point.nondominated]
    ours = [
        f"{point.label} at {point.accuracy_pct:.2f}% and {point.cost:,.0f}"
        for point in panel.points
        if point.ours
    ]
    cost = COST_TITLES[panel.cost]
    own = f" Of this report: {'; '.join(ours)}." if ours else " None of this report's taggers."
    return (
        f"Accuracy against {cost} on {panel.data}, origin {panel.origin}: {len(panel.points)} "
        f"taggers, {len(best)} of them not dominated.{own}"
    )


def shared_limits(panels: Sequence[Panel]) -> dict[bool, tuple[Limits, Limits]]:
    """Return the ranges of (cost, accuracy) of the panels on public and on other jets."""
    limits: dict[bool, tuple[Limits, Limits]] = {}
    for public in {panel.public for panel in panels}:
        points = [p for panel in panels if panel.public is public for p in panel.points]
        costs = [value for p in points for value in (p.low, p.cost, p.high) if value]
        errors = [p.accuracy_error_pct or 0.0 for p in points]
        accuracies = [
            p.accuracy_pct + sign * error
            for p, error in zip(points, errors, strict=True)
            for sign in (-1, 1)
        ]
        low, high = min(accuracies), max(accuracies)
        margin = max(1.0, 0.12 * (high - low))
        limits[public] = (min(costs) / 1.5, max(costs) * 2.2), (low - margin, high + margin)
    return limits


def front(tagger: Tagger, name: str) -> Picture:
    """Draw the front of validation accuracy against the size that training counted."""
    unit = "EBOPs" if tagger.front[0].lut is None else "LUT (estimated while training)"
    sizes = [max(point.size, 1.0) for point in tagger.front]
    accuracies = [100 * point.val_accuracy for point in tagger.front]
    chosen = [point.size for point in tagger.front if point.ebops == tagger.ebops]
    with drawing() as canvas:
        axes = canvas.subplots()
        axes.plot(sizes, accuracies, color=THEIRS, marker="o", markersize=4, linewidth=1)
        if chosen:
            axes.axvline(chosen[0], color=OURS, linestyle="--", label="chosen")
            axes.legend()
        axes.set(xscale="log", xlabel=unit, ylabel="Validation accuracy [%]")
        plain_ticks(axes)
        axes.grid(visible=True)
        alt = (
            f"Front of validation accuracy against {unit} of {tagger.name}: {len(sizes)} points, "
            f"from {min(accuracies):.2f}% at {sizes[0]:,.0f} to {max(accuracies):.2f}% at "
            f"{sizes[-1]:,.0f}."
        )
        return finished(canvas, name=name, title=f"Training front: {tagger.name}", alt=alt)
