"""Template of an architecture: dense layers per particle, then one row of all particles.

Say here which paper it follows, what differs, and whether the order of the particles matters.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jetmix.support.records import POSITIVE, POSITIVE_SIZES, Check
from jetmix.taggers.layers import Layers
from jetmix.taggers.spec import TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Options:
    """Width of the layer that all particles share, and sizes of the hidden layers after it."""

    width: int = 8
    hidden: tuple[int, ...] = (32, 32)

    CHECKS: ClassVar[dict[str, Check]] = {"width": POSITIVE, "hidden": POSITIVE_SIZES}


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, particle, feature) to the outputs."""
    jets = layers.input(spec.input_shape)
    x = layers.per_particle(jets, options.width, name="embed")
    x = layers.flatten(x)
    return layers.model(jets, layers.head(x, options.hidden, spec), name="embedded-mlp")
