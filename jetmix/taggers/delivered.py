"""Features in the fixed bits in which a trigger delivers them, and what is derived from those."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jetmix.recipes.derivation import Derivation
from jetmix.taggers.spec import Bits, TaggerSpec

# names of the quantisers that hold these bits, and of the layer that derives features
DELIVERED, BESIDE, DERIVED = "delivered", "delivered_beside", "derived"
# names of the inputs of a tagger that derives its features
CONSTITUENTS, JET = "constituents", "jet"


def delivered_as(x: Any, bits: Sequence[Bits], name: str = DELIVERED) -> Any:
    """Add a quantiser whose bits are not trained, and which changes no value that comes in them.

    The port of the firmware then has all these bits, whatever the layers behind it read.

    Args:
        x: (jet, ..., feature).
        bits: sign, integer and fraction bits of each feature.
        name: of the quantiser.
    """
    from hgq.quantizer import Quantizer, QuantizerConfig

    config = QuantizerConfig(
        "kif", "datalane", round_mode="TRN", overflow_mode="WRAP", trainable=False,
        homogeneous_axis=None, heterogeneous_axis=(-1,), ic=None, fc=None, ir=None, fr=None,
    )  # fmt: skip
    layer = Quantizer(config, name=name, trainable=False)
    out = layer(x)
    inner = layer.quantizer
    columns = np.array(bits, np.float32).T
    for variable, values in zip((inner._k, inner._i, inner._f), columns, strict=True):
        variable.assign(values.reshape(variable.shape))
    return out


def derived_input(spec: TaggerSpec, derivation: Derivation) -> Any:
    """Add the inputs of a tagger that derives its features, and return the features.

    Args:
        spec: of the tagger.
        derivation: what it derives.

    Returns:
        (jet, particle, feature), or (jet, feature) for features of the whole jet.
    """
    import keras

    from jetmix.models.derive_layer import Derive

    name = JET if spec.n_particles is None else CONSTITUENTS
    sizes = spec.input_shape[:-1]
    first = keras.Input((*sizes, len(derivation.columns)), name=name)
    inputs = [(first, spec.delivered, DELIVERED)]
    if derivation.jet_columns:
        beside = keras.Input((len(derivation.jet_columns),), name=JET)
        inputs.append((beside, spec.delivered_beside, BESIDE))
    held = [delivered_as(*one) if spec.quantised else one[0] for one in inputs]
    derive = Derive(derivation, spec.scales, name=DERIVED)
    return derive(held if len(held) > 1 else held[0])


def taken_in(seen: Any) -> Any:
    """Return the inputs of a model from what its network sees: a tensor, or a list of two."""
    layer = seen._keras_history.operation
    if layer.name not in (DELIVERED, BESIDE, DERIVED):
        return seen
    given = layer.input
    return [taken_in(one) for one in given] if isinstance(given, list) else taken_in(given)
