"""Makes docs/notes/ways-of-training.md from the figures of benchmarks/ways_of_training.py.

python benchmarks/ways_of_training.py measure FOLDER docs/generate/ways.json
python docs/generate/ways.py
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pages import filled, spread, table

from jetmix.report.figures.style import COLOURS, drawing, finished
from jetmix.support.ticks import plain_ticks

HERE = Path(__file__).parent
PAGE = HERE.parent / "notes" / "ways-of-training.md"
WAYS = {
    "plain": "the recipe as it is",
    "hgq2": "loop of hgq2, published schedule and bits",
    "sized": "`target_ebops`",
    "taught": '`target_ebops`, `teacher = "auto"`',
    "started": '`target_ebops`, `start_from = "auto"`, half of the steps each',
    "averaged": "`target_ebops`, `average_epochs = 3`",
    "kept-bits": "`target_ebops`, `bits_until = 0.7`",
    "lut": "`target_lut`",
    "lut-kept-bits": "`target_lut`, `bits_until = 0.7`",
    "lut-taught": "`target_lut`, a teacher of 64 constituents",
    "lut-taught-averaged": "the same with `average_epochs = 3`",
}
# in the picture: at the ceiling, and at the best points whatever their size
DRAWN = {
    "sized": "target in EBOPs",
    "taught": "in EBOPs, distilled",
    "started": "in EBOPs, started from its twin",
    "averaged": "in EBOPs, averages",
    "kept-bits": "in EBOPs, bits kept",
    "lut": "target in LUT",
    "lut-kept-bits": "in LUT, bits kept",
}
BEST = {"plain": "the recipe, best point", "hgq2": "hgq2's loop, best point"}
MARKERS = "osD^vPX*<"
Rows = Sequence[dict[str, Any]]


def of(rows: Rows, way: str, point: str) -> Rows:
    """Return the rows of one way, at its ``best`` point or below the ``ceiling``."""
    return [row for row in rows if (row["way"], row["point"]) == (way, point)]


def _cells(own: Rows) -> list[str]:
    accuracy = [100 * row["test_accuracy"] for row in own]
    sizes = (spread([row[key] for row in own], ",.0f") for key in ("lut", "ebops"))
    return [str(len(own)), spread(accuracy, ".2f"), *sizes]


def ceiling_table(rows: Rows) -> str:
    """Return a row per way below the ceiling, with its distance from the best point of plain."""
    plain = np.mean([row["test_accuracy"] for row in of(rows, "plain", "best")])
    head = ["Way", "Seeds", "Accuracy, %", "LUT", "EBOPs", "Against the best of the recipe"]
    lines = []
    for way, title in WAYS.items():
        own = of(rows, way, "ceiling")
        if own:
            gain = 100 * (np.mean([row["test_accuracy"] for row in own]) - plain)
            lines.append([title, *_cells(own), f"{gain:+.2f}"])
    return table(head, lines)


def best_table(rows: Rows) -> str:
    """Return a row per way at the point of its front with the highest validation accuracy."""
    head = ["Way", "Seeds", "Accuracy, %", "LUT", "EBOPs"]
    found = {title: of(rows, way, "best") for way, title in WAYS.items()}
    return table(head, [[title, *_cells(own)] for title, own in found.items() if own])


def picture(rows: Rows) -> str:
    """Return accuracy against LUT below the ceiling, with two best points beside, as SVG."""
    with drawing() as canvas:
        axes = canvas.subplots()
        shown = [("plain", "best"), *((way, "ceiling") for way in DRAWN), ("hgq2", "best")]
        for place, (way, point) in enumerate(shown):
            own = of(rows, way, point)
            accuracy = [100 * row["test_accuracy"] for row in own]
            lut = [row["lut"] for row in own]
            axes.errorbar(
                np.mean(lut), np.mean(accuracy), xerr=np.std(lut, ddof=1),
                yerr=np.std(accuracy, ddof=1), marker=MARKERS[place], linestyle="none",
                color=COLOURS[place % len(COLOURS)], label=DRAWN.get(way, BEST.get(way)),
            )  # fmt: skip
        axes.set(xlabel="LUT of the graph", ylabel="Accuracy [%]", xscale="log")
        plain_ticks(axes)
        axes.grid(visible=True)
        axes.legend(loc="lower right", fontsize=8)
        return finished(canvas, name="ways", title="Ways of training", alt="").svg


def figures() -> dict[str, Any]:
    """Return what was measured."""
    return dict(json.loads((HERE / "ways.json").read_text()))


def page(figures: dict[str, Any]) -> str:
    """Return the page."""
    asked, rows = figures["asked"], figures["rows"]
    return filled(
        HERE / "ways.md.in",
        {
            "CEILING_TABLE": ceiling_table(rows),
            "BEST_TABLE": best_table(rows),
            "CEILING": f"{figures['ceiling_lut']:,.0f}",
            "STEPS": f"{asked['epochs'] * asked['steps']:,}",
            "RECIPE": asked["recipe"],
            "SIZE": f"{asked['size']:,}",
            "LUT": f"{asked['lut']:,}",
            "SHA256": asked["sha256"],
        },
    )


if __name__ == "__main__":
    PAGE.write_text(page(figures()))
