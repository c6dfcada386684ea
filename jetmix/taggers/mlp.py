"""A multi-layer perceptron on all particles' features in one row.

The baseline of "Ultrafast jet classification on FPGAs for the HL-LHC" (arXiv 2402.01876): the
input (particle, feature) is flattened, then dense layers with ReLU and an output layer follow.
The default sizes are those of its published configuration for 16 particles (88, 88, 44, 44, 44).

What differs: bit widths are trained (HGQ) instead of 8 bits throughout, a batch normalisation is
fused into every layer of the quantised form, there is no L1 on the weights, and the logits are
the output. It depends on the order of the particles.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jetmix.support.records import POSITIVE_SIZES, Check
from jetmix.taggers.layers import Layers
from jetmix.taggers.spec import TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Options:
    """Sizes of the hidden layers."""

    hidden: tuple[int, ...] = (88, 88, 44, 44, 44)

    CHECKS: ClassVar[dict[str, Check]] = {"hidden": POSITIVE_SIZES}


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, particle, feature) to the outputs."""
    jets = layers.input(spec.input_shape)
    x = layers.flatten(jets)
    return layers.model(jets, layers.head(x, options.hidden, spec), name="mlp")
