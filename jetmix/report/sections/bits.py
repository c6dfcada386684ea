"""Bits, weights and LUT by layer: where the tagger spends its resources."""

from collections.abc import Iterator, Sequence

from jetmix import words
from jetmix.report.figures import bits as figures
from jetmix.report.figures.style import Picture
from jetmix.report.render.model import Cell, Row, Section, Table, columns, number, per_tagger, text
from jetmix.report.tagger import LayerBits, Tagger, models

OF_MAPS = (
    "The widths show how the tagger ranks constituents and features. Dark cells have 0 bits: the "
    "tagger ignores that value."
)


def section(taggers: Sequence[Tagger]) -> Section | None:
    """Return the bits and LUT of each layer; None if there is nothing to show."""
    tables = [layers(taggers), costs(taggers)]
    shown = tuple(table for table in tables if table.groups)
    if not shown:
        return None
    pictures = tuple(_pictures(taggers))
    about = "HGQ gives every value its own bit width." if shown[0].name == "layers" else ""
    has_maps = any(picture.name.startswith("bits-") for picture in pictures)
    return Section(
        name="bits",
        title="Where the bits go",
        text=f"{about} {OF_MAPS}" if has_maps else about,
        tables=shown,
        pictures=pictures,
    )


def _pictures(taggers: Sequence[Tagger]) -> Iterator[Picture]:
    widths = (
        draw(tagger, f"{name}-{index}")
        for index, tagger in models(taggers)
        for name, draw in (
            ("bits-input", figures.input_bits),
            ("bits-inside", figures.activation_bits),
        )
    )
    costs = (figures.lut_by_layer(t, f"lut-by-layer-{i}") for i, t in enumerate(taggers, 1))
    yield from (picture for picture in (*widths, *costs) if picture is not None)


def layers(taggers: Sequence[Tagger]) -> Table:
    """Return EBOPs, weights and mean bit widths per layer."""
    rows = [[_layer(layer) for layer in tagger.layers] for tagger in taggers]
    titles = ("Layer", "Kind", "EBOPs", "Weights", "Not zero", "Bits per weight", "Bits per input")
    return Table(
        name="layers",
        caption="Bits, weights and EBOPs by layer",
        columns=columns(*titles, numeric=titles[2:]),
        groups=per_tagger(taggers, rows),
        sortable=True,
        note=(
            "Bits do not count the sign. Means are over weights other than zero and all inputs. "
            "Of a layer of lookup tables the weights are its tables, with the bits of an entry."
        ),
    )


def _layer(layer: LayerBits) -> Row:
    total = sum(bits.size for bits in layer.inputs)
    mean = sum(float(bits.sum()) for bits in layer.inputs) / total if total else None
    share = f" ({100 * layer.n_nonzero / layer.n_weights:.0f}%)" if layer.n_weights else ""
    return (
        text(layer.name),
        text(layer.kind),
        number(layer.ebops),
        number(layer.n_weights or None),
        Cell(text=f"{words.count(layer.n_nonzero)}{share}", sort=layer.n_nonzero)
        if share
        else number(None),
        number(layer.weight_bits, 2),
        number(mean, 2),
    )


FOLDED = (
    "Of a folded tagger the last column is what is built, and the others are what one jet per "
    "clock would take."
)


def costs(taggers: Sequence[Tagger]) -> Table:
    """Return what each layer costs."""
    titles = ["Layer", "LUT (estimate)", "Share [%]", "DA cost", "Depth [adders]"]
    folded = any(cost.folded_lut is not None for tagger in taggers for cost in tagger.costs)
    titles += ["LUT, folded (estimate)"] if folded else []
    rows = [
        [
            (
                text(cost.layer),
                number(cost.lut),
                number(100 * cost.share, 1),
                number(cost.da4ml_cost, 1),
                number(cost.depth_adders),
                *([number(cost.folded_lut)] if folded else []),
            )
            for cost in tagger.costs
        ]
        for tagger in taggers
    ]
    return Table(
        name="costs",
        caption="LUT by layer",
        columns=columns(*titles, numeric=titles[1:]),
        groups=per_tagger(taggers, rows),
        sortable=True,
        note=(
            "The LUT estimate, divided among the layers by their cost in the adder graph. Depth: "
            "longest chain of adders from the inputs to the layer's outputs."
            + (f" {FOLDED}" if folded else "")
        ),
    )
