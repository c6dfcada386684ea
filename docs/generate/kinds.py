"""The page of all kinds of layers: where each lowers, and its limits."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pages import filled, table

from jetmix.firmware.hls_ways import EXACT_ACTIVATIONS, EXACT_IN_HLS4ML, EXACT_OVERFLOW
from jetmix.firmware.hls_ways import EXACT_ROUNDING as HLS_ROUNDING
from jetmix.firmware.lowerable import INSTEAD, POOLING
from jetmix.firmware.replay.functions import FUNCTIONS, TABLED
from jetmix.firmware.replay.kit import MAX_CODES
from jetmix.firmware.replay.moves import MOVES, MOVING_FUNCTIONS
from jetmix.firmware.replay.rounding import MODES, OVERFLOW_AT_INPUTS, OVERFLOWS, ROUNDING_AT_INPUTS
from jetmix.models.prepare import IDENTITIES
from jetmix.verification.precision import BITS

BOTH, DA4ML, ALKAID = ("da4ml", "alkaid"), ("da4ml",), ("alkaid",)
TABLE_BITS = MAX_CODES.bit_length() - 1


@dataclass(frozen=True)
class Row:
    """Kinds of layers that lower alike.

    Attributes:
        title: what they are.
        kinds: names of their classes.
        engines: the engines that lower them, at ir, rtl and netlist.
        limits: what of them is refused.
    """

    title: str
    kinds: tuple[str, ...]
    engines: tuple[str, ...] = BOTH
    limits: str = ""


def _ranks(*names: str, of: tuple[int, ...] = (1, 2, 3)) -> tuple[str, ...]:
    return tuple(f"{name}{n}D" for name in names for n in of)


HGQ = (
    Row("dense", ("QDense", "QEinsumDense", "QEinsumDenseBatchnorm", "QBatchNormDense")),
    Row("batch normalisation", ("QBatchNormalization",)),
    Row(
        "convolution",
        _ranks("QConv"),
        limits="with groups, dilation or channels first as `graph`",
    ),
    Row(
        "LUT layers",
        ("QDenseT", *_ranks("QConvT", of=(1, 2)), "QEinsumDenseT"),
        limits=f"at most {TABLE_BITS} bits per input",
    ),
    Row(
        "function by table",
        ("QUnaryFunctionLUT", "QAffinedUnaryFunctionLUT"),
        limits=f"at most {TABLE_BITS} bits per input",
    ),
    Row("softmax", ("QSoftmax",), limits=f"at most {TABLE_BITS} bits per table"),
    Row("attention", ("QMultiHeadAttention", "QLinformerAttention")),
    Row("attention of LUT layers", ("QMultiHeadAttentionT", "QLinformerAttentionT"), ALKAID),
    Row("sum and mean", ("QAdd", "QSubtract", "QSum", "QMeanPow2", "QAveragePow2")),
    Row("product of two tensors", ("QMultiply", "QDot", "QEinsum")),
    Row(
        "maximum and minimum",
        ("QMaximum", "QMinimum", *_ranks("QMaxPooling", "QGlobalMaxPooling")),
    ),
    Row(
        "average pooling",
        _ranks("QAveragePooling", "QGlobalAveragePooling"),
        limits="with alkaid only over a power of two",
    ),
    Row("recurrent", ("QGRU", "QSimpleRNN"), ALKAID),
    Row("spiking", ("QSimpleSNN", "QLIF"), ALKAID),
    Row("quantiser", ("Quantizer",)),
)
KERAS = (
    Row("input", ("InputLayer",), limits="of full shape; its quantiser wraps, see [modes](#modes)"),
    Row("moves of values", MOVES),
    Row(
        "activation",
        ("ReLU", "LeakyReLU", "PReLU", "Activation"),
        limits="slopes that float32 multiplies exactly, such as 0.25; other functions than relu "
        "only in front of a quantiser",
    ),
    Row(
        "element by element",
        ("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average"),
        limits="the average of 2 or 4 tensors",
    ),
    Row("product of two tensors", ("Dot",), limits="not with `normalize`"),
    Row(
        "pooling",
        POOLING,
        limits="averages only over a power of two, without padding",
    ),
    Row("without effect", IDENTITIES, limits="left out"),
)


def kinds_page() -> str:
    """Return the page."""
    instead = [(f"`{kind}`", f"`{words.split(',')[0]}`") for kind, words in INSTEAD.items()]
    values = {
        "HGQ": _rows(HGQ),
        "KERAS": _rows(KERAS),
        "FUNCTIONS": _functions({*MOVING_FUNCTIONS, *FUNCTIONS} - set(TABLED)),
        "TABLED": _functions(TABLED),
        "INSTEAD": table(("Layer of Keras", "Use"), instead),
        "MODES": _modes(),
        "ACTIVATIONS": _list(EXACT_ACTIVATIONS),
        "TABLE_BITS": TABLE_BITS,
    }
    return filled(Path(__file__).with_suffix(".md.in"), values | {"BITS": BITS["float64"]})


def _rows(rows: tuple[Row, ...]) -> str:
    head = ("Layers", "Classes", "ir, rtl, netlist", "csim", "Limits")
    return table(head, [cells for row in rows for cells in _cells(row)])


def _cells(row: Row) -> Iterator[tuple[str, ...]]:
    """Yield a row for each way that its kinds take into the HLS project."""
    for way, kinds in ways(row).items():
        if kinds:
            names = ", ".join(f"`{kind}`" for kind in _shortened(kinds))
            yield row.title, names, ", ".join(row.engines), way, row.limits


def ways(row: Row) -> dict[str, list[str]]:
    """Return the kinds of a row by their way into the HLS project, whose graph is da4ml's."""
    if row.kinds == IDENTITIES:
        return {"": list(row.kinds)}
    other = "graph" if "da4ml" in row.engines else "no"
    found: dict[str, list[str]] = {"hls4ml": [], other: []}
    for kind in row.kinds:
        found["hls4ml" if kind in EXACT_IN_HLS4ML else other].append(kind)
    return found


def _shortened(kinds: list[str]) -> list[str]:
    """Return names with those that differ in the number of dimensions alone as one."""
    stems: dict[str, list[str]] = {}
    for kind in kinds:
        ranked = kind[-1] == "D" and kind[-2:-1].isdigit()
        stems.setdefault(kind[:-2] if ranked else kind, []).append(kind[-2:-1] if ranked else "")
    return [
        f"{stem}{'/'.join(ranks)}D" if ranks[0] else stem for stem, ranks in sorted(stems.items())
    ]


def _modes() -> str:
    inside = f"{_list(MODES)}, also stochastic (`S_...`)"
    rows = [
        ("at an input of the model", _list([OVERFLOW_AT_INPUTS]), _list(ROUNDING_AT_INPUTS)),
        ("inside, with da4ml", _list(OVERFLOWS), inside),
        ("through hls4ml; others as `graph`", _list(EXACT_OVERFLOW), _list(HLS_ROUNDING)),
    ]
    return table(("Where", "Overflow", "Rounding"), rows)


def _functions(classes: Iterable[str]) -> str:
    """Return the functions of keras.ops that the classes of Keras stand for."""
    return _list(sorted(re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in classes))


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
