"""The MLP-Mixer tagger of arXiv 2503.03103.

Input (particle N, feature n). Two channel-mixing layers (to ``width``, back to n), a
token-mixing layer over the particles (N to N), a residual add with the input, two more
channel-mixing layers, a learned weighted sum over the particles, ``head`` dense layers and the
output. ReLU follows every dense layer but the token mixing, the sum and the output.

The quantised form fuses a batch normalisation into every dense layer but the sum. The
full-precision twin has biases and no batch normalisation: 2278, 3078, 6214 and 18630 parameters
for N of 16, 32, 64 and 128 with n = 16 and 5 classes, which are the paper's counts.

``mixing`` restricts the token mixing to neighbours in the order of the particles, which is that of
falling pT. With "strip" every strip of ``strip`` particles has a token-mixing layer of its own, so
a fraction ``strip`` / N of the weights is left. With "shift" there is none: a third of the features
comes from the particle before, a third from the one behind, and the next channel mixing joins them
(arXiv 2106.07477, 2107.08391); in firmware these are wires, and no ReLU follows.

What differs from the paper's text: nothing in the twin with full mixing. In the quantised form the
sum has no bias unless ``sum_bias`` is set, as in the authors' published models: without a ReLU
behind it, the bias of the next layer absorbs it.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jetmix.errors import UsageError
from jetmix.support.records import POSITIVE, POSITIVE_SIZES, Check, rule
from jetmix.taggers.layers import Layers
from jetmix.taggers.spec import TaggerSpec

MIXINGS = ("full", "strip", "shift")
NAME = "token_mixing"
SHIFTED_GROUPS = 3


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of the Mixer; the defaults are the paper's. ``strip`` is used by strips alone."""

    width: int = 16
    head: tuple[int, ...] = (16, 16, 16)
    relu_after_token_mixing: bool = False
    relu_after_sum: bool = False
    sum_bias: bool = False
    mixing: str = MIXINGS[0]
    strip: int = 4

    CHECKS: ClassVar[dict[str, Check]] = {
        "mixing": rule(MIXINGS.__contains__, f"is none of {', '.join(MIXINGS)}"),
        "strip": POSITIVE,
        "width": POSITIVE,
        "head": POSITIVE_SIZES,
    }
    # options that came later: a recipe without them keeps the digest that it had
    LATER: ClassVar[tuple[str, ...]] = ("mixing", "strip")


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, particle, feature) to the outputs."""
    particles, features = spec.input_shape
    jets = layers.input(spec.input_shape)
    x = layers.per_particle(jets, options.width, name="channel_mixing_1")
    x = layers.per_particle(x, features, name="channel_mixing_2")
    if options.mixing == "full":
        x = layers.dense(
            x,
            "bnc,nN->bNc",
            (particles, features),
            bias_axes="N",
            relu=options.relu_after_token_mixing,
            name=NAME,
        )
    elif options.mixing == "strip":
        x = _mixed_in_strips(x, options, layers)
    else:
        x = layers.shift(x, name=NAME)
    x = layers.add([jets, x], name="residual")
    x = layers.per_particle(x, options.width, name="channel_mixing_3")
    x = layers.per_particle(x, options.width, name="channel_mixing_4")
    x = layers.weighted_sum(
        x, bias=options.sum_bias or not spec.quantised, relu=options.relu_after_sum
    )
    return layers.model(jets, layers.head(x, options.head, spec), name="mixer")


def _mixed_in_strips(x: Any, options: Options, layers: Layers) -> Any:
    """Mix the particles of each strip: (jet, n, c) to the same."""
    _, particles, features = x.shape
    size = options.strip
    strips = (particles // size, size, features)
    x = layers.reshape(x, strips, name="to_strips")
    x = layers.dense(
        x,
        "bsnc,snN->bsNc",
        strips,
        bias_axes="sN",
        relu=options.relu_after_token_mixing,
        name=NAME,
    )
    return layers.reshape(x, (particles, features), name="from_strips")


def check(input_shape: tuple[int, ...], options: Options) -> None:
    """Refuse strips that do not divide the particles, and too few features to shift.

    Raises:
        UsageError: with the numbers.
    """
    particles, features = input_shape
    if options.mixing == "strip" and particles % options.strip:
        raise UsageError(
            f"strips of {options.strip} do not divide {particles} particles",
            where="[tagger.options] strip",
            mend=f"choose a divisor of {particles}, or other n_particles",
        )
    if options.mixing == "shift" and features < SHIFTED_GROUPS:
        raise UsageError(
            f"{features} features cannot be shifted in {SHIFTED_GROUPS} groups",
            where="[tagger.options] mixing",
            mend=f"name {SHIFTED_GROUPS} features or more, or choose another mixing",
        )


def folded_sizes(n_particles: int, n_features: int, options: Options) -> dict[str, int] | None:
    """Return the sizes that a fold must divide, by their keys in a recipe.

    Strips and shifts do not fold: None.
    """
    if options.mixing != "full":
        return None
    return {"n_particles": n_particles, "features": n_features, "width": options.width}
