"""Features in the fixed bits in which a trigger delivers them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

# name of the quantiser that holds these bits
DELIVERED = "delivered"


def delivered_as(x: Any, bits: Sequence[tuple[int, int, int]]) -> Any:
    """Add a quantiser whose bits are not trained, and which changes no value that comes in them.

    The port of the firmware then has all these bits, whatever the layers behind it read.

    Args:
        x: (jet, ..., feature).
        bits: sign, integer and fraction bits of each feature.
    """
    from hgq.quantizer import Quantizer, QuantizerConfig

    config = QuantizerConfig(
        "kif", "datalane", round_mode="TRN", overflow_mode="WRAP", trainable=False,
        homogeneous_axis=None, heterogeneous_axis=(-1,), ic=None, fc=None, ir=None, fr=None,
    )  # fmt: skip
    layer = Quantizer(config, name=DELIVERED, trainable=False)
    out = layer(x)
    inner = layer.quantizer
    columns = np.array(bits, np.float32).T
    for variable, values in zip((inner._k, inner._i, inner._f), columns, strict=True):
        variable.assign(values.reshape(variable.shape))
    return out
