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
# functions of keras.ops, whose axes are known when they are called
MOVING_FUNCTIONS = (
    "ExpandDims",
    "Flip",
    "Hstack",
    "Moveaxis",
    "Ravel",
    "Repeat",
    "Roll",
    "Split",
    "Squeeze",
    "Stack",
    "Swapaxes",
    "Tile",
    "Transpose",
    "Unstack",
    "Vstack",
)


def moved(layer: Callable[..., Any], arrays: Sequence[Any], kit: Kit) -> Any:
    """Return the elements of arrays where ``layer`` puts them, and zeros where it pads.

    Where it gives several tensors, a tuple of arrays is returned.

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
    given = layer(numbers[0] if len(numbers) == 1 else numbers)
    flat = [element for array in arrays for element in kit.elements(array).ravel()]
    found = tuple(
        kit.array(_placed(flat, keras.ops.convert_to_numpy(places)[0]), arrays[0])
        for places in (given if isinstance(given, list | tuple) else (given,))
    )
    return found if isinstance(given, list | tuple) else found[0]


def _placed(flat: list[Any], places: Any) -> Any:
    """Return the values whose numbers, counted from 1, stand in ``places``; 0 for none."""
    numbers = np.asarray(places).astype(np.int64)
    elements = np.empty(numbers.size, dtype=object)
    elements[:] = [flat[number - 1] if number else 0 for number in numbers.ravel()]
    return elements.reshape(numbers.shape)
