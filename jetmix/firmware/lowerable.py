"""Which layers can be lowered; the others are refused here, before any work, in one sentence.

What hangs on widths (a table too large, a slope that Keras rounds, a mode at an input) is known
when the layer is traced, and refused there in the same form.
"""

import math
from typing import Any

from jetmix.errors import LoweringError
from jetmix.firmware.replay.kit import kind_of
from jetmix.firmware.replay.layers import PLAIN
from jetmix.firmware.replay.moves import MOVES
from jetmix.firmware.softmax import is_softmax

# the packages whose layers carry quantisers
QUANTISED = ("hgq", "qkeras")
# that of the layers that derive features and that choose experts, which round nothing
OWN = "jetmix"
POOLING = tuple(
    f"{kind}{n}D"
    for kind in ("MaxPooling", "AveragePooling", "GlobalMaxPooling", "GlobalAveragePooling")
    for n in (1, 2, 3)
)
EXACT = frozenset({"InputLayer", "Dot", *MOVES, *PLAIN, *POOLING})
# what hgq names otherwise than Keras, or has in two forms
INSTEAD = {
    "BatchNormalization": "QBatchNormalization, or QBatchNormDense for it and the layer before",
    "Normalization": "QBatchNormalization, or normalise the data before the model",
    "TimeDistributed": "QDense, which takes all particles at once",
    "Rescaling": "QBatchNormalization, or scale the data before the model",
    "AveragePooling1D": "QAvgPool1D",
    "AveragePooling2D": "QAvgPool2D",
    "AveragePooling3D": "QAvgPool3D",
}


def check_lowerable(model: Any) -> None:
    """Refuse a model with a layer that no engine can lower exactly, naming the layer.

    Args:
        model: a flat functional Keras model.

    Raises:
        LoweringError: for a layer that computes in floating point, or a softmax.
    """
    for layer in model.layers:
        package, kind = kind_of(layer)
        if is_softmax(layer) and kind != "QSoftmax":
            _refuse_softmax(layer, is_last=layer is model.layers[-1])
        if package in (*QUANTISED, OWN):
            continue
        if package != "keras" or kind not in EXACT or _rounds(layer):
            raise LoweringError(
                f"{kind} is not quantised, so it cannot be lowered exactly",
                where=f"layer {layer.name}",
                mend=_mend(kind),
            )


def _refuse_softmax(layer: Any, *, is_last: bool) -> None:
    if is_last:
        what = "the final softmax cannot be lowered; it does not change which class scores highest"
        mend = "leave it out with 'jetmix synth --logits', or use hgq's QSoftmax"
    else:
        what, mend = "the softmax is not quantised, so it cannot be lowered", "use hgq's QSoftmax"
    raise LoweringError(what, where=f"layer {layer.name}", mend=mend)


def _rounds(layer: Any) -> bool:
    """Return whether a layer of an exact kind divides by a number that is no power of two."""
    _, kind = kind_of(layer)
    if "Average" not in kind or "Pooling" not in kind:
        return kind == "Dot" and bool(layer.normalize)
    if kind.startswith("Global"):
        number = math.prod(layer.input.shape[1:-1])
    else:
        number = math.prod(layer.pool_size)
    padded = getattr(layer, "padding", "valid") == "same"
    return bool(number & (number - 1)) or padded


def _mend(kind: str) -> str:
    import hgq.layers

    instead = INSTEAD.get(kind) or (f"Q{kind}" if hasattr(hgq.layers, f"Q{kind}") else "")
    if instead:
        return f"use hgq's {instead}"
    return "leave it out or build it from layers of hgq, which has no layer of this kind"
