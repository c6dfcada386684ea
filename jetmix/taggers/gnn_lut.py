"""The interaction network of linear complexity with LUT layers (arXiv 2604.22293).

The network of :mod:`jetmix.taggers.gnn` with LUT layers instead of dense layers with ReLU: every
pair of an input and an output is a small network that becomes a table in firmware. A LUT layer on
every particle; one on every particle again, and one on the mean over the particles, added to it;
the sum over the particles; a LUT layer and the output. Default sizes are those of the tagger of
32 particles and 3 features that its authors published: 8 values per particle, 24 in the head, and
8 hidden neurons per pair.

What differs: every LUT layer but the output has a batch normalisation inside, as only the head of
the published tagger has. The mean divides by the power of two next to the number of particles and
the last sum by 16. The answer does not depend on the order of the particles, to the last bit, if
the quantiser's ``uniform_particles`` is set; bit widths per particle would break that.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from jetmix.support.records import POSITIVE, POSITIVE_SIZES, Check, between
from jetmix.taggers.gnn import SUM_SCALE
from jetmix.taggers.layers import Layers, mean_scale
from jetmix.taggers.spec import TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Options:
    """Sizes of the layers, hidden neurons per pair, and bits of a table's output at the start."""

    width: int = 8
    head: tuple[int, ...] = (24,)
    neurons: int = 8
    table_bits: int = 7

    CHECKS: ClassVar[dict[str, Check]] = {
        "width": POSITIVE,
        "head": POSITIVE_SIZES,
        "neurons": POSITIVE,
        "table_bits": between(1, 16),
    }


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, particle, feature) to the outputs."""
    lut = partial(layers.lut, neurons=options.neurons, bits=options.table_bits)
    jets = layers.input(spec.input_shape)
    x = lut(jets, options.width, name="embedding")
    mean = layers.sum(x, scale=mean_scale(jets.shape[1]), keep_axis=True, name="mean")
    own = lut(x, options.width, name="own")
    others = lut(mean, options.width, name="others")
    x = layers.add([own, others], name="message")
    x = layers.sum(x, scale=SUM_SCALE, name="sum")
    for number, units in enumerate(options.head, start=1):
        x = lut(x, units, name=f"head_{number}")
    return layers.model(jets, layers.outputs(x, spec, lut), name="gnn_lut")
