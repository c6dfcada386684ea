"""Folds the shift of a normalisation into the first layers of a fresh tagger.

With normalisation 'power-of-two' jets come scaled but not shifted. A dense layer with a batch
normalisation gives the same answer either way: its mean takes the shift along. The bias of one
without becomes b - W s, s being the mean of its input, which is what (x - s) would have given. In
a LUT layer this holds for the first layer of its networks.
"""

from typing import Any

import numpy as np

from jetmix.support.arrays import Float64
from jetmix.taggers.delivered import DELIVERED, DERIVED


def absorb_shift(model: Any, shift: Float64) -> list[str]:
    """Lower the biases of all dense layers that see the input by what its mean adds.

    The answer on jets x becomes that of the unchanged tagger on x - s. A bias of fixed bits goes as
    far as its range.

    Args:
        model: a tagger with fresh weights.
        shift: s, the mean of each feature over the scaled training jets and their particles.

    Returns:
        the names of the layers whose biases were changed.
    """
    changed = []
    for layer in model.layers:
        first = _first_linear(layer)
        if first is None:
            continue
        seen = _shift_at(layer.input, shift)
        if seen.any():
            lowered = _pair_bias(first, seen) if first is not layer else _bias_of(layer, seen)
            first.bias.assign_sub(lowered.astype(np.float32))
            changed.append(layer.name)
    return changed


def _first_linear(layer: Any) -> Any:
    """Return what adds a bias to the layer's input as it is, None if nothing does.

    In a LUT layer it is the first layer of the networks, one of which stands for each pair.
    """
    networks = getattr(layer, "module", None)
    if networks is not None:
        return networks.layers[0]
    if getattr(layer, "bias", None) is None or hasattr(layer, "moving_mean"):
        return None
    return layer


def _pair_bias(first: Any, seen: Float64) -> Float64:
    """Return W s of each pair of an input and an output, in the shape of (input, output, ...)."""
    mean = seen.reshape(-1, seen.shape[-1]).mean(axis=0)
    kernel = np.asarray(first.kernel, np.float64)
    response = kernel * mean.reshape(-1, *(1,) * (kernel.ndim - 1))
    return np.asarray(response.reshape(first.bias.shape))


def _shift_at(tensor: Any, shift: Float64) -> Float64:
    """Return what of the input's shift reaches a tensor past layers that move or add values.

    Any other layer ends it: its own bias, or its batch normalisation, takes the shift away.
    """
    import keras

    layer, shape = tensor._keras_history.operation, tensor.shape[1:]
    if isinstance(layer, keras.layers.InputLayer) or layer.name == DERIVED:
        return np.broadcast_to(shift, shape)
    if layer.name == DELIVERED:
        return _shift_at(layer.input, shift)
    if isinstance(layer, keras.layers.Flatten | keras.layers.Reshape):
        return _shift_at(layer.input, shift).reshape(shape)
    if type(layer).__name__ in ("Add", "QAdd"):
        return np.broadcast_to(sum(_shift_at(part, shift) for part in layer.input), shape)
    return np.zeros(shape)


def _bias_of(layer: Any, seen: Float64) -> Float64:
    """Return W s in the shape of the bias; axes that share a bias see the same shift."""
    equation = getattr(layer, "equation", "bc,cC->bC")
    response = np.einsum(equation, seen[None], np.asarray(layer.kernel, np.float64))[0]
    extra = response.ndim - layer.bias.ndim
    shared = tuple(range(extra)) + tuple(
        extra + axis for axis, size in enumerate(layer.bias.shape) if size == 1
    )
    return np.asarray(response.mean(axis=shared).reshape(layer.bias.shape))
