"""The perceptron of LUT layers on sixteen high-level features (arXiv 2604.22293).

Input: one row of jet-level features. A LUT layer of 20 and the output: every pair of an input and
an output is a small network that becomes a table in firmware. Default sizes are those of the
taggers on OpenML 42468 that its authors published, with 8 hidden neurons per pair.

What differs: the output has a batch normalisation inside as well.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from jetmix.support.records import POSITIVE, POSITIVE_SIZES, Check, between
from jetmix.taggers.layers import Layers
from jetmix.taggers.spec import TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Options:
    """Sizes of the layers, hidden neurons per pair, and bits of a table's output at the start."""

    hidden: tuple[int, ...] = (20,)
    neurons: int = 8
    table_bits: int = 7

    CHECKS: ClassVar[dict[str, Check]] = {
        "hidden": POSITIVE_SIZES,
        "neurons": POSITIVE,
        "table_bits": between(1, 16),
    }


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, feature) to the outputs."""
    lut = partial(layers.lut, neurons=options.neurons, bits=options.table_bits)
    x = jets = layers.input(spec.input_shape)
    for number, units in enumerate(options.hidden, start=1):
        x = lut(x, units, name=f"head_{number}")
    return layers.model(jets, layers.outputs(x, spec, lut), name="hlf_mlp_lut")
