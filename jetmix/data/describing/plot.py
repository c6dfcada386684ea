"""The page that shows what a file of jets holds."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.data.describing.describe import Description
from jetmix.data.describing.separation import PUBLIC_ACCURACY
from jetmix.data.describing.survey import DISTANCE_EDGES, PT_EDGES_GEV, Survey
from jetmix.data.schema import CLASS_NAMES
from jetmix.data.writer import writing
from jetmix.errors import UsageError
from jetmix.support.arrays import Float64
from jetmix.support.files import atomic_path

FORMATS = (".png", ".pdf", ".svg")
# Okabe and Ito's colours, which the colour-blind tell apart; more classes get another line
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
LINES = ("-", "--", ":")
# with more constituents a bin holds two numbers of them
MANY = 40
# draws itself into an axis
Panel = Callable[[Any], None]
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

    panels = [*_jet_panels(found), *_constituent_panels(found), *_separation_panel(description)]
    n_columns = min(3, len(panels))
    n_rows = -(-len(panels) // n_columns)
    with plt.style.context([mplhep.style.ROOT, {"font.size": 15, "axes.labelsize": 16}]):
        size = (6.4 * n_columns, 5.7 * n_rows)
        figure, axes = plt.subplots(n_rows, n_columns, figsize=size, layout="constrained")
        places = np.atleast_1d(axes).ravel()
        for axis, panel in zip(places, panels, strict=False):
            panel(axis)
        for axis in places[len(panels) :]:
            axis.set_visible(False)
        places[0].legend(fontsize=15)
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


def _jet_panels(found: Survey) -> Iterator[Panel]:
    """Yield a panel for each quantity of whole jets that the file holds."""
    top = max(20.0, _highest(found.multiplicity))
    counts = np.arange(0, top + 2, 2 if top > MANY else 1) - 0.5
    for values, edges, label, scale in (
        (found.mass_gev, _edges(found.mass_gev, 0, 101), "Jet mass [GeV]", "linear"),
        (found.multiplicity, counts, "Constituents", "linear"),
        (found.pt_gev, _edges(found.pt_gev, None, 81), "Jet $p_T$ [GeV]", "log"),
    ):
        if np.isfinite(values).any():
            yield partial(_jets, found=found, values=values, edges=edges, label=label, scale=scale)


def _jets(
    axis: Any, *, found: Survey, values: Float64, edges: Float64, label: str, scale: str
) -> None:
    for index, name in enumerate(found.class_names):
        own = values[found.y == index]
        _step(axis, np.histogram(own, bins=edges)[0] / max(len(own), 1), edges, name, index)
    axis.set(xlabel=label, ylabel="Share of the jets / bin", xlim=(edges[0], edges[-1]))
    axis.set(yscale=scale, ylim=(1e-4 if scale == "log" else 0, None))


def _highest(values: Float64) -> float:
    known = values[np.isfinite(values)]
    return float(np.quantile(known, 0.999)) if len(known) else 0.0


def _edges(values: Float64, low: float | None, number: int) -> Float64:
    """Return edges of bins over all values but the outermost."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.linspace(0, 1, number)
    first, last = np.quantile(known, (0.002, 0.998))
    first = first if low is None else low
    return np.linspace(first, last if last > first else first + 1, number)


def _constituent_panels(found: Survey) -> Iterator[Panel]:
    """Yield the spectra of the constituents where the file has what they are made of."""
    n_jets = np.maximum(np.bincount(found.y, minlength=len(found.class_names)), 1)[:, None]
    if found.pt_spectrum.any():
        spectrum = found.pt_spectrum / n_jets / np.diff(np.log10(PT_EDGES_GEV))
        yield partial(_momenta, found=found, spectrum=spectrum)
    if found.distance_spectrum.any():
        density = found.distance_spectrum / n_jets / np.diff(DISTANCE_EDGES)
        yield partial(_distances, found=found, density=density)


def _momenta(axis: Any, *, found: Survey, spectrum: Float64) -> None:
    for index, name in enumerate(found.class_names):
        _step(axis, spectrum[index], PT_EDGES_GEV, name, index)
    unit = found.units.get("pt", "GeV")
    axis.set(xscale="log", xlabel=f"Constituent $p_T$ [{unit}]",
             ylabel="Constituents / jet / decade", ylim=(0, None))  # fmt: skip
    axis.set_title(f"leading {found.n_constituents}", loc="right", fontsize=15)


def _distances(axis: Any, *, found: Survey, density: Float64) -> None:
    for index, name in enumerate(found.class_names):
        _step(axis, density[index], DISTANCE_EDGES, name, index)
    axis.set(yscale="log", ylim=(1e-3, None), xlabel=r"$\Delta R$ from the jet axis",
             ylabel=r"Jet $p_T$ share / unit of $\Delta R$", xlim=(0, 0.6))  # fmt: skip


def _step(axis: Any, counts: Any, edges: Any, name: str, index: int) -> None:
    line, colour = divmod(index, len(COLOURS))
    axis.stairs(
        counts, edges, color=COLOURS[colour], linestyle=LINES[line % len(LINES)],
        label=LABELS.get(name, name), linewidth=2,
    )  # fmt: skip


def _separation_panel(description: Description) -> Iterator[Panel]:
    if any(value is not None for value in description.bayes_accuracy.values()):
        yield partial(_separation, description=description)


def _separation(axis: Any, *, description: Description) -> None:
    names = list(description.bayes_accuracy)
    place = np.arange(len(names))
    kinds = [("this file", "#0072B2", [description.bayes_accuracy[name] for name in names])]
    if tuple(description.counts) == CLASS_NAMES:
        kinds.append(("public set", "#999999", [PUBLIC_ACCURACY.get(name) for name in names]))
    for shift, (label, colour, values) in zip((0.19, -0.19), kinds, strict=False):
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
