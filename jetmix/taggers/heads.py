"""Where regression outputs start: at the mean of their targets."""

import math
from typing import Any

import numpy as np

from jetmix.support.arrays import Float64
from jetmix.taggers.layers import TARGETS


def start_targets(model: Any, means: Float64) -> None:
    """Set the bias of the regression output of a fresh tagger.

    Args:
        model: a tagger; one without targets is left alone.
        means: of each target over the training jets, in units of its scale.
    """
    names = {layer.name: layer for layer in model.layers}
    if TARGETS not in names:
        return
    layer, values = names[TARGETS], np.asarray(means, np.float32)
    tables = getattr(layer, "bn_module", None)
    if tables is not None:
        # each of the n_in tables of an output adds its part, divided by sqrt(n_in)
        tables.beta.assign(values / math.sqrt(layer.n_in))
    else:
        names.get(f"{TARGETS}_pairs", layer).bias.assign(values)
