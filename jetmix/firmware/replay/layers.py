"""Layers replayed by jetmix instead of the engine's own handlers, which lack or miscompute them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware.replay import convolution, tables
from jetmix.firmware.replay.experts import choose, isolate, route
from jetmix.firmware.replay.functions import FUNCTIONS
from jetmix.firmware.replay.kit import Deferred, Kit, kind_of
from jetmix.firmware.replay.moves import MOVES, MOVING_FUNCTIONS, moved
from jetmix.models.deriving import derived

# float32, in which Keras multiplies, holds so many bits
FLOAT_BITS = 24
LINEAR = ("linear", "relu")
WAIT = "use QUnaryFunctionLUT for that activation: it quantises what it gives"


def relu(op: Any, x: Any, kit: Kit) -> Any:
    """Replay Keras' ``ReLU``, ``LeakyReLU`` and ``PReLU``."""
    import keras

    kind = kind_of(op)[1]
    top = getattr(op, "max_value", None) if kind == "ReLU" else None
    threshold = float(op.threshold) if kind == "ReLU" else 0.0
    slope = np.asarray(
        keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(op.alpha))
        if kind == "PReLU"
        else op.negative_slope,
        np.float64,
    )
    require_exact_slope(x, slope, kit)
    if threshold == 0.0 and not slope.any():
        out = np.maximum(x, 0)
    else:
        # at a threshold itself Keras takes the lower part
        step = kit.grids(x - threshold)[2] if threshold else 0.0
        below = x - (threshold + step)
        out = kit.choose(below, (x - threshold) * np.broadcast_to(slope, x.shape), x)
    return out if top is None else np.minimum(out, float(top))


def require_exact_slope(x: Any, slope: Any, kit: Kit) -> None:
    """Refuse a slope whose products Keras rounds to float32.

    Raises:
        LoweringError: without the layer, which the caller knows.
    """
    low, high, step = kit.grids(x)
    widths = np.ceil(np.log2(np.maximum(np.maximum(abs(low), abs(high)) / step, 1))) + 1
    bits = np.vectorize(_bits)(np.broadcast_to(slope, x.shape))
    if (widths + bits > FLOAT_BITS).any():
        raise LoweringError(
            f"the slope {float(np.ravel(slope)[0]):g} is no power of two, so Keras rounds its "
            "products",
            mend="take a slope such as 0.25 or 0.125, or QUnaryFunctionLUT('leaky_relu')",
        )


def _bits(value: float) -> int:
    """Return how many bits lie between the highest and the lowest set bit, both included."""
    mantissa, bits = abs(float(np.frexp(value)[0])), 0
    while mantissa:
        mantissa, bits = mantissa * 2 % 1, bits + 1
    return bits


def activation(op: Any, x: Any, _: Kit) -> Any:
    """Replay Keras' ``Activation``."""
    return activated(op, x)


def activated(op: Any, x: Any) -> Any:
    """Return a layer's activation of values; all but linear and relu wait for a quantiser."""
    name = getattr(getattr(op, "activation", None), "__name__", "linear")
    if name == "linear":
        return x
    if name == "relu":
        return np.maximum(x, 0)
    return Deferred(x, op.activation, name, op.name)


def unary(op: Any, x: Any, _: Kit) -> Any:
    """Replay ``QUnaryFunctionLUT`` and ``QAffinedUnaryFunctionLUT``."""

    def function(codes: Any) -> Any:
        if kind_of(op)[1] == "QAffinedUnaryFunctionLUT":
            codes = codes * op.scale + op.bias
        return op.activation(codes)

    return Deferred(x, function, getattr(op.activation, "__name__", "function"), op.name)


def merge(op: Any, x: Sequence[Any], _: Kit) -> Any:
    """Replay Keras' layers that merge tensors element by element."""
    first, *others = x
    combine = MERGES[kind_of(op)[1]]
    for other in others:
        first = combine(first, other)
    if kind_of(op)[1] != "Average":
        return first
    if len(x) & (len(x) - 1):
        raise LoweringError(
            f"the average of {len(x)} tensors is no shift, so Keras rounds it",
            mend="use hgq's QAdd, or average 2 or 4 tensors",
        )
    return first * (1.0 / len(x))


MERGES: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": lambda a, b: a + b,
    "Average": lambda a, b: a + b,
    "Subtract": lambda a, b: a - b,
    "Multiply": lambda a, b: a * b,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
}


def _summing(op: Any) -> Callable[..., Any] | None:
    """Return the replay of a dense layer whose equation sums an axis of its input alone.

    Engines multiply matrices: they want such an axis summed before.
    """
    equation = getattr(op, "equation", "")
    if kind_of(op)[1] not in EINSUM_DENSE or "." in equation:
        return None
    given, kernel, out = equation.replace("->", ",").split(",")
    alone = tuple(n for n, axis in enumerate(given) if axis not in kernel + out)
    kept = "".join(axis for axis in given if axis in kernel + out)

    def function(op: Any, x: Any, _: Kit) -> Any:
        import keras

        weights, bias = (
            0.0 if part is None else np.asarray(keras.ops.convert_to_numpy(part), np.float64)
            for part in (op.qkernel, op.qbias)
        )
        summed = np.sum(x[None], axis=alone)
        return (np.einsum(f"{kept},{kernel}->{out}", summed, weights) + bias)[0]

    return function if alone else None


EINSUM_DENSE = ("QEinsumDense", "QEinsumDenseBatchnorm")
# layers of keras: values in, values out
PLAIN: Mapping[str, Callable[..., Any]] = {
    "ReLU": relu,
    "LeakyReLU": relu,
    "PReLU": relu,
    "Activation": activation,
    **dict.fromkeys(MERGES, merge),
}
# layers of hgq that are themselves an activation
ACTIVATIONS: Mapping[str, Callable[..., Any]] = {
    "QUnaryFunctionLUT": unary,
    "QAffinedUnaryFunctionLUT": unary,
}
# layers of hgq that use their input quantisers themselves
LUT: Mapping[str, Callable[..., Any]] = {
    "QDenseT": tables.dense,
    "QConvT1D": tables.convolution,
    "QConvT2D": tables.convolution,
    "QEinsumDenseT": tables.einsum,
}


def _derived(op: Any, x: Any, kit: Kit) -> Any:
    arrays = list(x) if isinstance(x, list | tuple) else [x]
    return derived(op.derivation, arrays, op.scales, kit)


# jetmix' own layers: values in, values out
OWN: Mapping[str, Callable[..., Any]] = {
    "Derive": _derived,
    "Route": route,
    "Isolate": isolate,
    "Choose": choose,
}


def replayed(op: Any, x: Any, kit: Kit, shipped: Callable[[Any], Any] | None) -> Any:
    """Return the traces of a layer by part, or None where the engine's handler is to do it.

    Args:
        op: the layer.
        x: its input, or a list of several.
        kit: the engine.
        shipped: what the engine does between the quantisers of the layer, None where it does not
            tell.

    Raises:
        LoweringError: without the layer, which the caller knows.
    """
    arrays = list(x) if isinstance(x, list | tuple) else [x]
    waiting = next((array.what for array in arrays if isinstance(array, Deferred)), "")
    package, kind = kind_of(op)
    if package == "jetmix" and not waiting:
        return {"final": OWN[kind](op, x, kit)}
    is_keras = package == "keras"
    if is_keras and kind in (*MOVES, *MOVING_FUNCTIONS):
        return {"final": _moved(op, arrays, kit)}
    plain = (PLAIN.get(kind) or FUNCTIONS.get(kind)) if is_keras and not waiting else None
    if plain is not None:
        return {"final": plain(op, x, kit)}
    if kind == "Quantizer" and waiting:
        return {"final": tables.settled(arrays[0], op, kit)}
    function = LUT.get(kind) or ACTIVATIONS.get(kind) or _summing(op) or convolution.grouped(op)
    if function is None and shipped is not None and (waiting or _has_function(op)):
        function = lambda _, given, __: shipped(given)  # noqa: E731
    if function is not None and not (waiting and kind in LUT):
        return _framed(op, x, kit, function)
    if waiting:
        raise LoweringError(f"the {waiting} before it is not quantised where it goes in", mend=WAIT)
    return None


def _has_function(op: Any) -> bool:
    """Return whether a layer has an activation that the engines do not take."""
    name = getattr(getattr(op, "activation", None), "__name__", "linear")
    return kind_of(op)[0] == "hgq" and name not in LINEAR


# layers that quantise inside what they take
ATTENTION = ("QMultiHeadAttention", "QLinformerAttention", "QSALTAttention")


def require_quantised(op: Any, x: Any, kit: Kit) -> None:
    """Refuse a layer that computes with inputs of the model as they come.

    Raises:
        LoweringError: without the layer, which the caller knows.
    """
    _, kind = kind_of(op)
    if kind in (*MOVES, *MOVING_FUNCTIONS, *ATTENTION, "Quantizer") or getattr(
        op, "enable_iq", False
    ):
        return
    arrays = x if isinstance(x, list | tuple) else [x]
    if any(hasattr(a, "shape") and not isinstance(a, Deferred) and kit.is_raw(a) for a in arrays):
        raise LoweringError(
            f"the {kind} takes an input of the model that nothing has quantised, so the width of "
            "its port is not known",
            mend="put an hgq Quantizer before it, or let it have its input quantiser "
            "(enable_iq=True), and calibrate again",
        )


def _moved(op: Any, arrays: Sequence[Any], kit: Kit) -> Any:
    waiting = [array for array in arrays if isinstance(array, Deferred)]
    if waiting and len(arrays) > 1:
        raise LoweringError(f"it joins a {waiting[0].what} that is not quantised", mend=WAIT)
    if waiting:
        inner = moved(op, [waiting[0].inner], kit)
        if isinstance(inner, tuple):
            return tuple(replace(waiting[0], inner=one) for one in inner)
        return replace(waiting[0], inner=inner)
    return moved(op, arrays, kit)


def _framed(op: Any, x: Any, kit: Kit, function: Callable[..., Any]) -> dict[str, Any]:
    """Return the traces of a layer: input quantisers, function, activation, output quantiser."""
    parts: dict[str, Any] = {}
    if op.enable_iq and kind_of(op)[1] not in LUT:
        arrays = list(x) if isinstance(x, list | tuple) else [x]
        quantisers = op.iq.quantizers if hasattr(op.iq, "quantizers") else [op.iq]
        taken = [_quantised(q, array, kit) for q, array in zip(quantisers, arrays, strict=True)]
        parts["post_iq"] = tuple(taken)
        x = tuple(taken) if len(taken) > 1 else taken[0]
    out = parts["post_call"] = function(op, x, kit)
    if kind_of(op)[1] not in ACTIVATIONS:
        out = activated(op, out)
    if op.enable_oq:
        out = parts["post_oq"] = _quantised(op.oq, out, kit)
    return {**parts, "final": out}


def _quantised(quantiser: Any, x: Any, kit: Kit) -> Any:
    if isinstance(x, Deferred):
        return tables.settled(x, quantiser, kit)
    return kit.quantise(quantiser, x)
