"""Makes docs/notes/folded-taggers.md from the figures of benchmarks/folded_taggers.py.

python benchmarks/folded_taggers.py JETS docs/generate/folded_taggers.json SWEEP ...
python docs/generate/folded.py
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pages import filled, table, trimmed
from sweeps import TITLES, kept

from jetmix.report.figures.style import COLOURS, drawing, finished
from jetmix.support.files import read_json, write_text
from jetmix.support.ticks import plain_ticks
from jetmix.sweeps.summary import combinations

HERE = Path(__file__).parent
PAGE = HERE.parent / "notes" / "folded-taggers.md"
MARKERS = "osD^vP"


@dataclass(frozen=True)
class Tagger:
    """What was measured of a tagger."""

    found: dict[str, Any]

    def __getattr__(self, key: str) -> Any:
        """Return a figure."""
        return self.found[key]

    @property
    def shape(self) -> str:
        """Kind, particles and features."""
        return f"{TITLES[self.architecture]} {self.n_particles}x{self.n_features}"

    @property
    def percent(self) -> str:
        """Accuracy in percent."""
        return f"{100 * self.accuracy:.2f}"

    @property
    def per_clock(self) -> bool:
        """Whether it takes a jet per clock, a Mixer with bit widths of each particle's own."""
        return bool(self.fold == 1 and (self.architecture == "gnn" or not self.uniform_particles))


def figures() -> dict[str, dict[str, Any]]:
    """Return what was measured, by sweep and run."""
    return dict(read_json(HERE / "folded_taggers.json"))


def taggers(found: dict[str, dict[str, Any]]) -> list[Tagger]:
    """Return the taggers by shape, fold and size."""
    return sorted(
        (Tagger(one) for one in found.values()),
        key=lambda one: (one.architecture, -one.n_particles, one.steps, one.fold,
                         not one.uniform_particles, one.target_lut),
    )  # fmt: skip


def tagger_table(every: Sequence[Tagger]) -> str:
    """Return a row per tagger."""
    head = ["Tagger", "II", "Bit widths", "Accuracy, %", "LUT", "LUT (estimate)", "FF",
            "Latency, cycles", "LUT at II = 1 (estimate)"]  # fmt: skip
    rows = []
    for one in every:
        assert not any(level["differ"] for level in one.levels.values())
        rows.append([
            one.shape, str(one.fold), "uniform" if one.uniform_particles else "each", one.percent,
            f"{one.lut:,.0f}", f"{one.lut_estimate:,.0f}", f"{one.ff:,.0f}",
            str(one.latency_cycles), f"{one.lut_ii1:,.0f}",
        ])  # fmt: skip
    return table(head, rows)


def partner(one: Tagger, every: Sequence[Tagger]) -> Tagger:
    """Return the tagger for a jet per clock whose accuracy is nearest."""
    alike = [
        other
        for other in every
        if other.per_clock and (other.shape, other.steps) == (one.shape, one.steps)
    ]
    return min(alike, key=lambda other: abs(other.accuracy - one.accuracy))


def ratio_table(every: Sequence[Tagger]) -> str:
    """Return each folded tagger beside that for a jet per clock whose accuracy is nearest."""
    head = ["Tagger", "II", "Accuracy, %", "LUT", "at II = 1: accuracy, %", "LUT", "Ratio of LUT",
            "Points of accuracy", "More cycles", "2K + 10"]  # fmt: skip
    rows = []
    for one in every:
        if one.fold > 1:
            flat = partner(one, every)
            rows.append([
                one.shape, str(one.fold), one.percent, f"{one.lut:,.0f}", flat.percent,
                f"{flat.lut:,.0f}", f"{one.lut / flat.lut:.2f}",
                f"{100 * (one.accuracy - flat.accuracy):+.2f}",
                str(one.latency_cycles - flat.latency_cycles), str(2 * one.fold + 10),
            ])  # fmt: skip
    return table(head, rows)


def seeds_table() -> str:
    """Return the Mixers on sixteen constituents that were trained with several seeds."""
    rows = []
    for name in ("front-16", "fold-16-larger", "fold-16-sizes"):
        for one in combinations(kept(name).sweep):
            run = one.runs[0]
            if run.architecture == "mixer" and "tagger.options.mixing" not in one.values:
                assert run.firmware is not None
                every = ", ".join(f"{100 * (run.accuracy or 0):.2f}" for run in one.runs)
                lut = statistics.mean(run.firmware.lut or 0 for run in one.runs if run.firmware)
                rows.append([str(run.firmware.ii), f"{lut:,.0f}", every])
    return table(["II", "LUT (estimate, mean)", "Accuracy of each seed, %"], rows)


def picture(every: Sequence[Tagger]) -> str:
    """Return accuracy against LUT of the Mixers on sixteen constituents, as SVG."""
    with drawing() as canvas:
        axes = canvas.subplots()
        shown = [one for one in every if one.shape == "Mixer 16x16"]
        kinds = sorted({(one.fold, not one.per_clock) for one in shown})
        for place, (fold, uniform) in enumerate(kinds):
            own = [one for one in shown if (one.fold, not one.per_clock) == (fold, uniform)]
            alike = ", uniform bit widths" if uniform and fold == 1 else ""
            axes.errorbar(
                [one.lut for one in own],
                [100 * one.accuracy for one in own],
                yerr=[100 * one.accuracy_error for one in own],
                marker=MARKERS[place], linestyle="none", color=COLOURS[place],
                label=f"II = {fold}{alike}",
            )  # fmt: skip
        axes.set(xlabel="LUT (Yosys)", ylabel="Accuracy [%]", xscale="log")
        plain_ticks(axes)
        axes.grid(visible=True)
        axes.legend(loc="lower right", fontsize=8)
        return trimmed(finished(canvas, name="folded", title="Folded taggers", alt="").svg)


def page(found: dict[str, dict[str, Any]]) -> str:
    """Return the page."""
    every = taggers(found)
    levels = [level for one in found.values() for level in one["levels"].values()]
    values = {
        "TAGGERS": tagger_table(every),
        "RATIOS": ratio_table(every),
        "SEEDS": seeds_table(),
        "LEAST": f"{min(level['vectors'] for level in levels):,}",
        "N": str(len(found)),
    }
    return filled(HERE / "folded.md.in", {key: text.rstrip() for key, text in values.items()})


def main() -> None:
    """Write the page and its picture."""
    write_text(PAGE, page(figures()))
    write_text(PAGE.with_suffix(".svg"), picture(taggers(figures())))


if __name__ == "__main__":
    main()
