"""Permutation-invariant Deep Sets (arXiv 1703.06114) as in arXiv 2402.01876.

A network phi, shared by all particles, of dense layers with ReLU; the mean over the particles;
a network rho of dense layers with ReLU; the output layer. Default sizes are those of the
published configuration for 16 particles: phi 32, 32, 32 and rho 32.

What differs: bit widths are trained (HGQ) instead of 8 bits throughout, a batch normalisation is
fused into every dense layer of the quantised form, the mean divides by the power of two next to
the number of particles (a shift in firmware), and the logits are the output. The answer does not
depend on the order of the particles, to the last bit, if the quantiser's ``uniform_particles``
is set; bit widths per particle would break that.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jetmix.support.records import POSITIVE_SIZES, Check
from jetmix.taggers.layers import Layers, mean_scale
from jetmix.taggers.spec import TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Options:
    """Sizes of the two networks."""

    phi: tuple[int, ...] = (32, 32, 32)
    rho: tuple[int, ...] = (32,)

    CHECKS: ClassVar[dict[str, Check]] = {"phi": POSITIVE_SIZES, "rho": POSITIVE_SIZES}


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, particle, feature) to the outputs."""
    x = jets = layers.input(spec.input_shape)
    for number, units in enumerate(options.phi, start=1):
        x = layers.per_particle(x, units, name=f"phi_{number}")
    x = layers.sum(x, scale=mean_scale(jets.shape[1]), name="mean")
    return layers.model(jets, layers.head(x, options.rho, spec), name="deepsets")


def folded_sizes(n_particles: int, _n_features: int, _options: Options) -> dict[str, int]:
    """Return the sizes that a fold must divide, by their keys in a recipe."""
    return {"n_particles": n_particles}
