"""Functions of ``keras.ops`` that compute with values; ``moves`` has those that only move them."""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware.replay.kit import Deferred, Kit, kind_of


def negative(_: Any, x: Any, __: Kit) -> Any:
    """Replay ``keras.ops.negative``."""
    return -x


def relu(op: Any, x: Any, _: Kit) -> Any:
    """Replay ``keras.ops.relu`` and ``relu6``."""
    out = np.maximum(x, 0)
    return np.minimum(out, 6.0) if kind_of(op)[1] == "Relu6" else out


def waiting(op: Any, x: Any, _: Kit) -> Any:
    """Replay a function of single values, which becomes tables in the quantiser behind it."""
    return Deferred(x, op, kind_of(op)[1].lower(), op.name)


def clip(op: Any, x: Any, _: Kit) -> Any:
    """Replay ``keras.ops.clip``."""
    return np.minimum(np.maximum(x, float(op.x_min)), float(op.x_max))


def reduction(op: Any, x: Any, _: Kit) -> Any:
    """Replay ``keras.ops.sum``, ``mean``, ``max`` and ``min``.

    Raises:
        LoweringError: without the layer, if it runs over the jets, or is a mean that Keras rounds.
    """
    kind = kind_of(op)[1]
    axes = (op.axis,) if isinstance(op.axis, int) else tuple(op.axis or range(x.ndim + 1))
    if any(axis % (x.ndim + 1) == 0 for axis in axes):
        raise LoweringError(f"the {kind} is over all jets", mend="name its axes, from 1 on")
    out = REDUCTIONS[kind](x[None], axis=axes, keepdims=op.keepdims)[0]
    if kind != "Mean":
        return out
    count = prod(x.shape[axis % (x.ndim + 1) - 1] for axis in axes)
    if count & (count - 1):
        raise LoweringError(
            f"the mean of {count} values is no shift, so Keras rounds it",
            mend="use hgq's QSum, or take the mean of a power of two",
        )
    return out * (1.0 / count)


REDUCTIONS: Mapping[str, Callable[..., Any]] = {
    "Sum": np.sum,
    "Mean": np.sum,
    "Max": np.amax,
    "Min": np.amin,
}
TABLED = ("Elu", "Exp", "Gelu", "HardSigmoid", "Selu", "Sigmoid", "Silu", "Softplus", "Tanh")
# values in, values out
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "Negative": negative,
    "Clip": clip,
    "Relu": relu,
    "Relu6": relu,
    **dict.fromkeys(REDUCTIONS, reduction),
    **dict.fromkeys(
        ("Elu", "Exp", "Gelu", "HardSigmoid", "Selu", "Sigmoid", "Silu", "Softplus", "Tanh"),
        waiting,
    ),
}
