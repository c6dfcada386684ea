"""Heat maps of bit widths, the ranking of the particles that they show, and LUT by layer."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jetmix.report.figures.style import INK, OURS, THEIRS, Picture, drawing, finished, plain
from jetmix.report.tagger import LayerBits, Tagger

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TWO = 2
MAPS_A_ROW = 3
MAX_FEATURE_LABELS = 20


def first_map(tagger: Tagger) -> NDArray[np.float32] | None:
    """Return the widths at the input, (particle, feature); None for a tagger without particles."""
    first = tagger.layers[0].inputs if tagger.layers else ()
    return first[0] if first and first[0].ndim == TWO else None


def input_bits(tagger: Tagger, name: str) -> Picture | None:
    """Draw the widths at the input, and what each particle and each feature gets in sum."""
    bits = first_map(tagger)
    if bits is None:
        return None
    with drawing(6.4, 4.6) as canvas:
        left, right = canvas.subplots(1, 2, width_ratios=(3, 1), sharey=True)
        image = left.imshow(bits, aspect="auto", cmap="cividis", vmin=0, interpolation="none")
        canvas.colorbar(image, ax=left, label="Bits without sign", pad=0.02)
        left.set(xlabel="Feature", ylabel="Constituent, by falling pT")
        names = _feature_names(tagger, bits.shape[1])
        if names and len(names) <= MAX_FEATURE_LABELS:
            left.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        _whole_ticks(left)
        right.barh(range(len(bits)), bits.sum(axis=1), color=OURS, height=0.8)
        right.set(xlabel="Sum of bits")
        title = f"Bits at the input: {tagger.name}"
        return finished(canvas, name=name, title=title, alt=_input_words(tagger, bits))


def _whole_ticks(axes: "Axes") -> None:
    """Count constituents and features in whole numbers."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    axes.minorticks_off()
    for axis in (axes.xaxis, axes.yaxis):
        if not isinstance(axis.get_major_locator(), FixedLocator):
            axis.set_major_locator(MaxNLocator(5, integer=True))


def _feature_names(tagger: Tagger, size: int) -> list[str]:
    names = tagger.data.feature_names if tagger.data else ()
    return [plain(name, 14) for name in names] if len(names) == size else []


def _input_words(tagger: Tagger, bits: NDArray[np.float32]) -> str:
    per_particle = bits.sum(axis=1)
    unused = int((per_particle == 0).sum())
    return (
        f"Heat map of the bit widths at the input of {tagger.name}: {bits.shape[0]} constituents "
        f"by {bits.shape[1]} features, {bits.sum():.0f} bits in all. The first constituent has "
        f"{per_particle[0]:.0f} bits, the last {per_particle[-1]:.0f}; {unused} constituents "
        f"are ignored, and {100 * float((bits == 0).mean()):.0f}% of the values."
    )


def activation_bits(tagger: Tagger, name: str) -> Picture | None:
    """Draw the widths at the input of every later layer that still holds particles."""
    maps = [
        (layer, bits) for layer in tagger.layers[1:] for bits in layer.inputs if bits.ndim == TWO
    ]
    if not maps:
        return None
    rows = -(-len(maps) // MAPS_A_ROW)
    top = max(1.0, *(float(bits.max()) for _, bits in maps))
    with drawing(6.0, 0.6 + 1.7 * rows) as canvas:
        grid = canvas.subplots(rows, min(MAPS_A_ROW, len(maps)), squeeze=False)
        for axes in grid.flat[len(maps) :]:
            axes.set_axis_off()
        for axes, (layer, bits) in zip(grid.flat, maps, strict=False):
            image = axes.imshow(
                bits, aspect="auto", cmap="cividis", vmin=0, vmax=top, interpolation="none"
            )
            axes.set_title(plain(layer.name, 22), fontsize=9)
            axes.tick_params(which="both", labelsize=8, length=2)
            _whole_ticks(axes)
        canvas.colorbar(image, ax=grid, label="Bits without sign", pad=0.01)
        canvas.supxlabel("Channel", fontsize=10)
        canvas.supylabel("Constituent", fontsize=10)
        alt = f"Heat maps of the bit widths inside {tagger.name}: {_listed(maps)}."
        title = f"Bits at the input of the later layers: {tagger.name}"
        return finished(canvas, name=name, title=title, alt=alt)


def _listed(maps: list[tuple[LayerBits, NDArray[np.float32]]]) -> str:
    return ", ".join(f"{layer.name} {bits.sum():.0f} bits" for layer, bits in maps)


def lut_by_layer(tagger: Tagger, name: str) -> Picture | None:
    """Draw the estimated LUT of each layer as bars, in order of data flow from the top."""
    if not tagger.costs:
        return None
    rows = range(len(tagger.costs))
    with drawing(6.4, 1.2 + 0.32 * len(rows)) as canvas:
        axes = canvas.subplots()
        bars = axes.barh(rows, [cost.lut for cost in tagger.costs], color=THEIRS, height=0.75)
        shares = [f" {100 * cost.share:.0f}%" for cost in tagger.costs]
        axes.bar_label(bars, shares, fontsize=9, color=INK, padding=2)
        axes.set_yticks(rows, [plain(cost.layer, 22) for cost in tagger.costs], fontsize=9)
        axes.set(xlabel="LUT (estimate)", xlim=(0, 1.12 * max(c.lut for c in tagger.costs) or 1))
        axes.invert_yaxis()
        axes.minorticks_off()
        axes.tick_params(axis="y", length=0)
        listed = ", ".join(
            f"{cost.layer} {cost.lut:,.0f} ({100 * cost.share:.0f}%)" for cost in tagger.costs
        )
        alt = f"Bars of the estimated LUT of each layer of {tagger.name}: {listed}."
        return finished(canvas, name=name, title=f"LUT by layer: {tagger.name}", alt=alt)
