"""The picture of a training's Pareto front, redrawn while it trains."""

import time
from collections.abc import Sequence
from pathlib import Path

from jetmix.support.files import atomic_path
from jetmix.training.pareto import FrontPoint

REDRAW_SECONDS = 60.0


class FrontPicture:
    """Draws ``pareto.png``, at most once a minute while it is trained.

    Args:
        path: the PNG file.
        quantised: a full-precision run has no size and gets no picture.
        unit: of the size.
    """

    def __init__(self, path: Path, *, quantised: bool, unit: str = "EBOPs") -> None:
        self.path, self.quantised, self.unit = path, quantised, unit
        self.drawn = time.monotonic()

    def update(self, points: Sequence[FrontPoint], seen: Sequence[tuple[float, float]]) -> None:
        """Draw again if the last drawing is old enough."""
        if time.monotonic() - self.drawn >= REDRAW_SECONDS:
            self.draw(points, seen)

    def draw(
        self,
        points: Sequence[FrontPoint],
        seen: Sequence[tuple[float, float]],
        chosen: FrontPoint | None = None,
    ) -> None:
        """Draw the front over all epochs ``seen`` (size, validation accuracy) now."""
        self.drawn = time.monotonic()
        if not self.quantised or not points:
            return
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        # no pyplot: it keeps global state and chooses a backend
        figure = Figure(figsize=(6.4, 4.4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        if seen:
            axes.plot(*zip(*seen, strict=True), ".", color="0.8", markersize=3, label="epochs")
        sizes, accuracies = [p.size for p in points], [100 * p.val_accuracy for p in points]
        axes.step(sizes, accuracies, "o-", where="post", color="tab:blue", label="Pareto front")
        if chosen is not None:
            axes.plot(
                chosen.size, 100 * chosen.val_accuracy, "*", color="tab:red", markersize=14,
                label="tagger",
            )  # fmt: skip
        axes.set(xscale="log", xlabel=self.unit, ylabel="validation accuracy (%)")
        axes.set_ylim(min(accuracies) - 2, max(accuracies) + 1)
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend(loc="lower right")
        with atomic_path(self.path) as temporary:
            figure.savefig(temporary, dpi=120)
