"""Layers that only move values: Keras is asked where each goes, by running it on their numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jetmix.firmware.replay.kit import Kit

MOVES = (
    "Permute",
    "Reshape",
    "Flatten",
    "RepeatVector",
    "Concatenate",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
)


def moved(layer: Callable[..., Any], arrays: Sequence[Any], kit: Kit) -> Any:
    """Return the elements of arrays where ``layer`` puts them, and zeros where it pads.

    Args:
        layer: takes a tensor (1, ...), or a list of them for several arrays.
        arrays: traced values, without the axis of jets.
        kit: the engine.
    """
    import keras

    ends = np.cumsum([0, *(array.size for array in arrays)])
    # float32 counts to 2**24, far beyond any graph
    numbers = [
        keras.ops.convert_to_tensor(
            np.arange(start + 1, start + array.size + 1, dtype=np.float32).reshape(1, *array.shape)
        )
        for start, array in zip(ends, arrays, strict=False)
    ]
    places = layer(numbers[0] if len(numbers) == 1 else numbers)
    places = np.asarray(keras.ops.convert_to_numpy(places))[0].astype(np.int64)
    flat = [element for array in arrays for element in kit.elements(array).ravel()]
    elements = np.empty(places.size, dtype=object)
    elements[:] = [flat[place - 1] if place else 0 for place in places.ravel()]
    return kit.array(elements.reshape(places.shape), arrays[0])
