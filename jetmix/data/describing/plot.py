"""The page that shows what a file of jets holds."""

from pathlib import Path
from typing import Any

import numpy as np

from jetmix.data.describing.describe import Description
from jetmix.data.describing.separation import PUBLIC_ACCURACY
from jetmix.data.describing.survey import DISTANCE_EDGES, PT_EDGES_GEV, Survey
from jetmix.data.writer import writing
from jetmix.errors import UsageError
from jetmix.support.arrays import Float64
from jetmix.support.files import atomic_path

FORMATS = (".png", ".pdf", ".svg")
# Okabe and Ito's colours, which the colour-blind tell apart; more classes get another line
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
LINES = ("-", "--", ":")
LABELS = {"g": "gluon", "q": "light quark", "W": "W", "Z": "Z", "t": "top"}


def plot(found: Survey, description: Description, out: Path) -> None:
    """Draw masses, multiplicities, momenta and shapes of the classes into a PNG, PDF or SVG.

    Raises:
        UsageError: if the file name has another suffix.
        DataError: if the file cannot be written, for one when the disk is full.
    """
    if out.suffix not in FORMATS:
        raise UsageError("no format for a plot", where=out, mend="end it in " + ", ".join(FORMATS))
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt
    import mplhep

    with plt.style.context([mplhep.style.ROOT, {"font.size": 15, "axes.labelsize": 16}]):
        figure, axes = plt.subplots(2, 3, figsize=(19, 11.5), layout="constrained")
        _jet_histograms(axes[0], found)
        _spectra(axes[1], found)
        axes[1, 0].set_title(f"leading {found.n_constituents}", loc="right", fontsize=15)
        _separation(axes[1, 2], description)
        figure.suptitle(_title(description), fontsize=19)
        try:
            with writing(out), atomic_path(out) as temporary:
                figure.savefig(temporary, dpi=110)
        finally:
            plt.close(figure)


def _title(description: Description) -> str:
    kind = {"simulated": "Simulated jets", "public": "Public jets"}
    name = kind.get(description.origin, "Jets")
    if description.data_set:
        name = f"{name} ({description.data_set})"
    return f"{name}: {description.n_jets:,} in {description.path.name}"


def _jet_histograms(axes: Any, found: Survey) -> None:
    known = found.multiplicity[np.isfinite(found.multiplicity)]
    top = max(20.0, float(np.quantile(known, 0.999))) if len(known) else 20.0
    bins = np.arange(0, top + 2, 2 if top > 40 else 1) - 0.5
    for axis, values, edges, label in (
        (axes[0], found.mass_gev, _edges(found.mass_gev, 0, 101), "Jet mass [GeV]"),
        (axes[1], found.multiplicity, bins, "Constituents"),
        (axes[2], found.pt_gev, _edges(found.pt_gev, None, 81), "Jet $p_T$ [GeV]"),
    ):
        for index, name in enumerate(found.class_names):
            own = values[found.y == index]
            counts = np.histogram(own, bins=edges)[0] / max(len(own), 1)
            _step(axis, counts, edges, name, index)
        if not np.isfinite(values).any():
            axis.text(0.5, 0.5, "not in the file", ha="center", transform=axis.transAxes)
        axis.set(xlabel=label, ylabel="Share of the jets / bin", xlim=(edges[0], edges[-1]))
        axis.set_ylim(0, None)
    if np.isfinite(found.pt_gev).any():
        axes[2].set(yscale="log", ylim=(1e-4, None))
    axes[0].legend(fontsize=15)


def _edges(values: Float64, low: float | None, number: int) -> Float64:
    """Return edges of bins over all values but the outermost."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.linspace(0, 1, number)
    first, last = np.quantile(known, (0.002, 0.998))
    first = first if low is None else low
    return np.linspace(first, last if last > first else first + 1, number)


def _spectra(axes: Any, found: Survey) -> None:
    n_jets = np.maximum(np.bincount(found.y, minlength=len(found.class_names)), 1)
    for index, name in enumerate(found.class_names):
        decades = np.diff(np.log10(PT_EDGES_GEV))
        _step(
            axes[0], found.pt_spectrum[index] / n_jets[index] / decades, PT_EDGES_GEV, name, index
        )
        density = found.distance_spectrum[index] / n_jets[index] / np.diff(DISTANCE_EDGES)
        _step(axes[1], density, DISTANCE_EDGES, name, index)
    axes[0].set(xscale="log", xlabel="Constituent $p_T$ [GeV]",
                ylabel="Constituents / jet / decade", ylim=(0, None))  # fmt: skip
    if found.distance_spectrum.any():
        axes[1].set(yscale="log", ylim=(1e-3, None))
    axes[1].set(xlabel=r"$\Delta R$ from the jet axis",
                ylabel=r"Jet $p_T$ share / unit of $\Delta R$", xlim=(0, 0.6))  # fmt: skip


def _step(axis: Any, counts: Any, edges: Any, name: str, index: int) -> None:
    line, colour = divmod(index, len(COLOURS))
    axis.stairs(
        counts, edges, color=COLOURS[colour], linestyle=LINES[line % len(LINES)],
        label=LABELS.get(name, name), linewidth=2,
    )  # fmt: skip


def _separation(axis: Any, description: Description) -> None:
    names = list(description.bayes_accuracy)
    here = list(description.bayes_accuracy.values())
    there = [PUBLIC_ACCURACY.get(name) for name in names]
    place = np.arange(len(names))
    for shift, values, colour, label in (
        (0.19, here, "#0072B2", "this file"), (-0.19, there, "#999999", "public set"),
    ):  # fmt: skip
        lengths = [100 * (value or 0) for value in values]
        bars = axis.barh(place + shift, lengths, height=0.34, color=colour, label=label)
        words = ["not known" if value is None else f"{value:.1%}" for value in values]
        axis.bar_label(bars, words, padding=4)
    axis.set_yticks(place, [name.replace(" and ", " and\n") for name in names])
    axis.set(xlim=(0, 100), ylim=(-0.6, len(names) - 0.1),
             xlabel="Best accuracy from jet-level quantities alone [%]")  # fmt: skip
    axis.tick_params(axis="y", which="both", left=False, right=False)
    axis.xaxis.label.set_fontsize(13)
    axis.legend(loc="upper right", fontsize=14, ncols=2)
