"""The MLP-Mixer of arXiv 2503.03103 with the LUT layers of arXiv 2604.22293.

In a LUT layer every pair of an input and an output is a small network that becomes a table in
firmware; one layer stands for two dense ones, since it is not linear by itself. Input (particle N,
feature n): a channel-mixing LUT layer (n to n), a token-mixing one over the particles (N to N, the
same for all features), a residual add with the input, another channel-mixing LUT layer (to
``width``), the learned weighted sum over the particles of the Mixer, LUT layers of ``head`` and the
output. It depends on the order of the particles.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from jetmix.taggers import gnn_lut
from jetmix.taggers.layers import Layers
from jetmix.taggers.spec import TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Options(gnn_lut.Options):
    """The options of the interaction network with LUT layers, with a smaller head."""

    head: tuple[int, ...] = (16,)


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, particle, feature) to the outputs."""
    particles, features = spec.input_shape
    lut = partial(layers.lut, neurons=options.neurons, bits=options.table_bits)
    jets = layers.input(spec.input_shape)
    x = lut(jets, features, name="channel_mixing_1")
    x = layers.permute(x, name="to_tokens")
    x = lut(x, particles, name="token_mixing")
    x = layers.permute(x, name="from_tokens")
    x = layers.add([jets, x], name="residual")
    x = lut(x, options.width, name="channel_mixing_2")
    x = layers.weighted_sum(x, bias=not spec.quantised, relu=False)
    for number, units in enumerate(options.head, start=1):
        x = lut(x, units, name=f"head_{number}")
    return layers.model(jets, layers.outputs(x, spec, lut), name="mixer_lut")
