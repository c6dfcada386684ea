"""The classic perceptron on sixteen high-level features, with HGQ (arXiv 1804.06913, 2405.00645).

Input: one row of jet-level features (mass, multiplicity, energy correlations). Three dense layers
of 64, 32 and 32 with ReLU, and an output of five classes: 4,389 parameters.

What differs from arXiv 1804.06913: the logits are the output, not a softmax; in the quantised
form bit widths are trained and a batch normalisation is fused into every dense layer.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jetmix.support.records import POSITIVE_SIZES, Check
from jetmix.taggers.layers import Layers
from jetmix.taggers.spec import TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Options:
    """Sizes of the hidden layers."""

    hidden: tuple[int, ...] = (64, 32, 32)

    CHECKS: ClassVar[dict[str, Check]] = {"hidden": POSITIVE_SIZES}


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, feature) to the outputs."""
    jets = layers.input(spec.input_shape)
    return layers.model(jets, layers.head(jets, options.hidden, spec), name="hlf_mlp")
