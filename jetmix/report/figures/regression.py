"""Bias and resolution of a regression target against what it is binned in."""

import numpy as np

from jetmix import words
from jetmix.report.figures.style import COLOURS, INK, Picture, drawing, finished, plain
from jetmix.report.tagger import Tagger
from jetmix.training.target_metrics import TargetMetrics


def response(tagger: Tagger, target: TargetMetrics, name: str) -> Picture:
    """Draw bias above resolution, one point per bin with its statistical error."""
    factor, unit = (100, " [%]") if target.relative else (1, "")
    low, high = (
        np.array([getattr(part, edge) for part in target.bins]) for edge in ("low", "high")
    )
    with drawing(5.2, 4.8) as canvas:
        panels = canvas.subplots(2, sharex=True)
        for axes, kind, colour, marker in zip(
            panels, ("bias", "resolution"), COLOURS, "os", strict=False
        ):
            values, errors = (
                factor * np.array([getattr(part, key) for part in target.bins])
                for key in (kind, f"{kind}_error")
            )
            axes.errorbar(
                (low + high) / 2,
                values,
                xerr=(high - low) / 2,
                yerr=errors,
                color=colour,
                marker=marker,
                markersize=5,
                linestyle="none",
            )
            axes.set_ylabel(f"{kind.capitalize()}{unit}")
            axes.grid(visible=True)
        panels[0].axhline(0, color=INK, linewidth=0.8, linestyle=":")
        panels[1].set_ylim(bottom=0)
        panels[1].set_xlabel(plain(words.binned_in(target)))
        panels[0].set_title(plain(f"{target.name}: {words.response_of(target)}"), fontsize=9)
        canvas.align_ylabels(panels)
        listed = "; ".join(
            f"{words.span(part)}: bias {bias}, resolution {resolution}"
            for part in target.bins
            for bias, resolution in [words.response(part, relative=target.relative)]
        )
        title = f"Bias and resolution of {target.name}: {tagger.name}"
        alt = (
            f"Bias and resolution of {target.name} ({words.response_of(target)}) predicted by "
            f"{tagger.name}, in bins of {words.binned_in(target)}. {listed}."
        )
        return finished(canvas, name=name, title=title, alt=alt)
