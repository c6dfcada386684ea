"""Figures of the scores themselves: their distributions, and efficiencies against pT and mass."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jetmix.report.figures.curves import roc_curves, thinned
from jetmix.report.figures.style import (
    COLOURS,
    GRID,
    INK,
    LINES,
    Picture,
    drawing,
    finished,
    plain,
)
from jetmix.report.kinematics import WORKING_FPR, efficiencies
from jetmix.report.tagger import Tagger
from jetmix.training.metrics import Metrics, softmax
from jetmix.training.scores import Scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

N_BINS = 25
MARKERS = "osD^vP*"
DARK_CELL = 0.5


# with more curves their legend would cover them
INSIDE = 5


def roc(tagger: Tagger, scores: Scores, metrics: Metrics, name: str) -> Picture:
    """Draw background rejection against signal efficiency, one curve per class."""
    curves = roc_curves(scores, metrics.class_names)
    with drawing() as canvas:
        axes = canvas.subplots()
        for index, curve in enumerate(curves):
            tpr, rejection = thinned(curve)
            axes.plot(
                tpr,
                rejection,
                color=COLOURS[index % len(COLOURS)],
                linestyle=LINES[index % len(LINES)],
                linewidth=1.6,
                label=f"{plain(curve.name, 12)}  AUC {curve.auc:.4f}",
            )
        axes.set(yscale="log", xlim=(0, 1), xlabel="Signal efficiency")
        axes.set_ylim(bottom=1)
        axes.set_ylabel("Background rejection 1/FPR")
        axes.grid(visible=True)
        if len(curves) > INSIDE:
            canvas.legend(ncols=3, loc="outside upper center", columnspacing=1.0)
        else:
            axes.legend(title="class against the rest", title_fontsize=9)
        listed = ", ".join(f"{curve.name} {curve.auc:.4f}" for curve in curves)
        alt = f"ROC curves of {tagger.name}, each class against the rest. AUC: {listed}."
        return finished(canvas, name=name, title=f"ROC curves: {tagger.name}", alt=alt)


def confusion(tagger: Tagger, metrics: Metrics, name: str) -> Picture:
    """Draw the confusion matrix, in per cent of the jets of each true class."""
    counts = np.array(metrics.confusion, float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    labels = [plain(label, 12) for label in metrics.class_names]
    with drawing(4.6, 4.2) as canvas:
        axes = canvas.subplots()
        axes.pcolormesh(shares, cmap="cividis", vmin=0, vmax=1, edgecolors=GRID, linewidth=0.5)
        for (row, column), share in np.ndenumerate(shares):
            colour = "#ffffff" if share < DARK_CELL else "#000000"
            text = f"{100 * share:.1f}"
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=colour)
        middles = np.arange(len(labels)) + 0.5
        axes.set_xticks(middles, labels)
        axes.set_yticks(middles, labels)
        axes.tick_params(which="both", length=0)
        axes.minorticks_off()
        axes.invert_yaxis()
        axes.set(xlabel="Predicted class", ylabel="True class")
        axes.set_title("Share of the true class [%]", fontsize=9)
        listed = ", ".join(
            f"{name_} {100 * shares[i, i]:.1f}%" for i, name_ in enumerate(metrics.class_names)
        )
        alt = f"Confusion matrix of {tagger.name}. Correctly classified: {listed}."
        return finished(canvas, name=name, title=f"Confusion matrix: {tagger.name}", alt=alt)


def distributions(tagger: Tagger, scores: Scores, metrics: Metrics, name: str) -> Picture:
    """Draw, for each class, how its score is distributed over jets of each true class."""
    import mplhep

    chance = softmax(scores.logits)
    edges = np.linspace(0, 1, N_BINS + 1)
    size = len(metrics.class_names)
    with drawing(6.0, 0.4 + 1.9 * -(-size // 3)) as canvas:
        grid = canvas.subplots(-(-size // 3), min(3, size), squeeze=False, sharey=True)
        for axes in grid.flat[size:]:
            axes.set_axis_off()
        for index, axes in enumerate(grid.flat[:size]):
            for truth, label in enumerate(metrics.class_names):
                counts, _ = np.histogram(chance[scores.y == truth, index], edges)
                mplhep.histplot(
                    counts / max(counts.sum(), 1),
                    edges,
                    ax=axes,
                    color=COLOURS[truth % len(COLOURS)],
                    linestyle=LINES[truth % len(LINES)],
                    linewidth=1.6 if truth == index else 0.9,
                    label=plain(label, 12),
                )
            axes.set(yscale="log", xlim=(0, 1))
            axes.set_title(f"score of {plain(metrics.class_names[index], 12)}", fontsize=9)
            axes.tick_params(which="both", labelsize=8)
        _legend(canvas, grid, size)
        canvas.supylabel("Share of the jets", fontsize=10)
        means = ", ".join(
            f"{label} {float(chance[scores.y == i, i].mean()):.2f}"
            for i, label in enumerate(metrics.class_names)
            if (scores.y == i).any()
        )
        alt = (
            f"Distributions of the scores of {tagger.name} by true class. Mean score of the own "
            f"class: {means}."
        )
        return finished(canvas, name=name, title=f"Scores: {tagger.name}", alt=alt)


def _legend(canvas: "Canvas", grid: NDArray[Any], size: int) -> None:
    """Name the classes in the last place if no plot stands there, else beside the plots."""
    found = grid.flat[0].get_legend_handles_labels()
    if size < grid.size:
        grid.flat[-1].legend(*found, title="true class", loc="center", fontsize=10)
    else:
        canvas.legend(*found, title="true class", loc="outside right center")


def efficiency(
    tagger: Tagger,
    scores: Scores,
    metrics: Metrics,
    variable: NDArray[np.float64],
    *,
    quantity: str,
    name: str,
) -> Picture:
    """Draw signal efficiency at 10% FPR against a quantity of the jet in GeV."""
    with drawing() as canvas:
        axes = canvas.subplots()
        found = efficiencies(scores, variable, metrics.class_names)
        for index, curve in enumerate(found):
            axes.errorbar(
                curve.centres,
                100 * curve.values,
                xerr=curve.half_widths,
                yerr=100 * curve.errors,
                color=COLOURS[index % len(COLOURS)],
                marker=MARKERS[index % len(MARKERS)],
                markersize=5,
                linestyle="none",
                label=plain(curve.name, 12),
            )
        axes.axhline(100 * WORKING_FPR, color=INK, linewidth=0.8, linestyle=":")
        axes.set(xlabel=f"Jet {quantity} [GeV]", ylabel="Signal efficiency at 10% FPR [%]")
        axes.set_ylim(0, 105)
        # the outermost bins reach out to the last jet, far from all others
        axes.set_xlim(*np.quantile(variable, (0.005, 0.995)))
        axes.grid(visible=True)
        canvas.legend(ncols=5, loc="outside upper center", columnspacing=1.0, handletextpad=0.3)
        spans = ", ".join(
            f"{curve.name} {100 * curve.values.min():.0f} to {100 * curve.values.max():.0f}%"
            for curve in found
        )
        title = f"Efficiency against jet {quantity}: {tagger.name}"
        alt = f"Signal efficiency of {tagger.name} at 10% FPR in bins of jet {quantity}: {spans}."
        return finished(canvas, name=name, title=title, alt=alt)
