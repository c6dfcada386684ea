"""The interaction network of linear complexity, JEDI-linear (arXiv 2508.15468).

A dense layer on every particle; one on every particle again, and one on the mean over the
particles, added to it: this is the message passing, linear in the number of particles. Another
dense layer on every particle, the sum over the particles, dense layers and the output. ReLU
follows every dense layer but the output. Default widths are those of the taggers that its
authors published (16); their code also offers 64 with a head of 64, 32, 16.

What differs: nothing in the quantised form, with batch normalisation fused into the dense layers.
The mean divides by the power of two next to the number of particles and the last sum by 16, as in
the authors' code. The answer does not depend on the order of the particles, to the last bit, if
the quantiser's ``uniform_particles`` is set; bit widths per particle would break that.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jetmix.support.records import POSITIVE, POSITIVE_SIZES, Check
from jetmix.taggers.layers import Layers, mean_scale
from jetmix.taggers.spec import TaggerSpec

SUM_SCALE = 1 / 16


@dataclass(frozen=True, kw_only=True)
class Options:
    """Width of the layers on particles, and sizes of those on the sum."""

    width: int = 16
    head: tuple[int, ...] = (16, 16, 16)

    CHECKS: ClassVar[dict[str, Check]] = {"width": POSITIVE, "head": POSITIVE_SIZES}


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, particle, feature) to the outputs."""
    jets = layers.input(spec.input_shape)
    x = layers.per_particle(jets, options.width, name="embedding")
    mean = layers.sum(x, scale=mean_scale(jets.shape[1]), keep_axis=True, name="mean")
    own = layers.per_particle(x, options.width, name="own")
    others = layers.per_particle(mean, options.width, name="others")
    x = layers.add([own, others], name="message")
    x = layers.per_particle(x, options.width, name="update")
    x = layers.sum(x, scale=SUM_SCALE, name="sum")
    return layers.model(jets, layers.head(x, options.head, spec), name="gnn")


def folded_sizes(n_particles: int, _n_features: int, _options: Options) -> dict[str, int]:
    """Return the sizes that a fold must divide, by their keys in a recipe."""
    return {"n_particles": n_particles}
