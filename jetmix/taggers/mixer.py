"""The MLP-Mixer tagger of arXiv 2503.03103.

Input (particle N, feature n). Two channel-mixing layers (to ``width``, back to n), a
token-mixing layer over the particles (N to N), a residual add with the input, two more
channel-mixing layers, a learned weighted sum over the particles, ``head`` dense layers and the
output. ReLU follows every dense layer but the token mixing, the sum and the output.

The quantised form fuses a batch normalisation into every dense layer but the sum. The
full-precision twin has biases and no batch normalisation: 2278, 3078, 6214 and 18630 parameters
for N of 16, 32, 64 and 128 with n = 16 and 5 classes, which are the paper's counts.

What differs from the paper's text: nothing in the twin. In the quantised form the sum has no
bias unless ``sum_bias`` is set, as in the authors' published models: without a ReLU behind it,
the bias of the next layer absorbs it.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jetmix.support.records import POSITIVE, POSITIVE_SIZES, Check
from jetmix.taggers.layers import Layers
from jetmix.taggers.spec import TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of the Mixer; the defaults are the paper's."""

    width: int = 16
    head: tuple[int, ...] = (16, 16, 16)
    relu_after_token_mixing: bool = False
    relu_after_sum: bool = False
    sum_bias: bool = False

    CHECKS: ClassVar[dict[str, Check]] = {
        "width": POSITIVE,
        "head": POSITIVE_SIZES,
    }


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, particle, feature) to the outputs."""
    particles, features = spec.input_shape
    jets = layers.input(spec.input_shape)
    x = layers.per_particle(jets, options.width, name="channel_mixing_1")
    x = layers.per_particle(x, features, name="channel_mixing_2")
    x = layers.dense(
        x,
        "bnc,nN->bNc",
        (particles, features),
        bias_axes="N",
        relu=options.relu_after_token_mixing,
        name="token_mixing",
    )
    x = layers.add([jets, x], name="residual")
    x = layers.per_particle(x, options.width, name="channel_mixing_3")
    x = layers.per_particle(x, options.width, name="channel_mixing_4")
    x = layers.weighted_sum(
        x, bias=options.sum_bias or not spec.quantised, relu=options.relu_after_sum
    )
    return layers.model(jets, layers.head(x, options.head, spec), name="mixer")
