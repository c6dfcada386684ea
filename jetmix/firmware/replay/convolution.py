"""Convolutions of hgq whose channels stand in groups, which da4ml takes for one group."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from jetmix.firmware.replay.kit import Kit, kind_of
from jetmix.firmware.replay.moves import moved

CONVOLUTIONS = ("QConv1D", "QConv2D", "QConv3D")


def grouped(op: Any) -> Callable[..., Any] | None:
    """Return the replay of a convolution of groups of channels, which da4ml takes for one."""
    if getattr(op, "groups", 1) == 1 or kind_of(op)[1] not in CONVOLUTIONS:
        return None
    return convolution


def convolution(op: Any, x: Any, kit: Kit) -> Any:
    """Replay a convolution of hgq with all its groups, on patches of its input."""
    import keras

    last = op.data_format == "channels_last"
    x = x if last else np.moveaxis(x, 0, -1)
    kernel = np.asarray(keras.ops.convert_to_numpy(op.qkernel), np.float64)
    *shape, n_in, n_out = kernel.shape
    n = prod(shape) * n_in
    # a kernel that gives each value of a patch by itself
    each = np.eye(n, dtype=np.float32).reshape(*shape, n_in, n)

    def patches(images: Any) -> Any:
        return keras.ops.conv(
            images, each, op.strides, op.padding, "channels_last", op.dilation_rate
        )

    width = n_out // op.groups
    parts = [
        moved(patches, [x[..., group * n_in : (group + 1) * n_in]], kit)
        @ kernel[..., group * width : (group + 1) * width].reshape(n, width)
        for group in range(op.groups)
    ]
    out = moved(lambda parts: keras.ops.concatenate(parts, -1), parts, kit)
    if op.use_bias:
        out = out + np.asarray(keras.ops.convert_to_numpy(op.qbias), np.float64)
    return out if last else np.moveaxis(out, -1, 0)
