"""Tables of what Keras itself answers to all codes of its inputs.

A LUT layer (HGQ-LUT, arXiv 2604.22293) quantises each of its inputs, sends every one alone through
a small network, quantises what comes out and adds. An activation such as tanh between two
quantisers is a function of one code too. They are asked from the very layer, compiled as
``model.predict`` compiles it, in its own precision, so a table equals its layer on every code.
"""

from collections.abc import Callable
from math import ceil, prod, sqrt
from typing import Any

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware.replay.kit import Deferred, Kit, codes_of, require_narrow
from jetmix.firmware.replay.moves import moved
from jetmix.support.arrays import Float64

# values that the small networks hold at once, each of 4 bytes
CHUNK = 2**24


def dense(op: Any, x: Any, kit: Kit) -> Any:
    """Replay ``QDenseT``: (..., input) to (..., output)."""

    def small_networks(codes: Any) -> Any:
        out = _layers(op.module, codes[..., None])
        if op.enable_bn:
            out = op.bn_module(out, training=False) / sqrt(op.n_in)
        return op.toq(out, training=False)

    wide = np.broadcast_to(x[..., None], (*x.shape, op.n_out))
    wide = kit.quantise(op.iq, wide) if op.enable_iq else wide
    return np.sum(tabled(wide, small_networks, kit, what="LUT layer", width=op.d_hl), axis=-2)


def convolution(op: Any, x: Any, kit: Kit) -> Any:
    """Replay ``QConvT1D`` and ``QConvT2D``, on patches of their input."""
    import keras

    def patches(images: Any) -> Any:
        images = images[:, :, None] if op.rank == 1 else images
        found = keras.ops.image.extract_patches(images, **op.im2col_params)
        return found[:, :, 0] if op.rank == 1 else found

    return dense(op, moved(patches, [x], kit), kit)


def einsum(op: Any, x: Any, kit: Kit) -> Any:
    """Replay ``QEinsumDenseT``."""

    def small_networks(codes: Any) -> Any:
        out = _layers(op.module, codes[..., None])
        return op.toq(op._apply_batch_norm(out, training=False), training=False)

    given, wanted = op._broadcast_shapes((1, *x.shape))
    wide = np.broadcast_to(x.reshape(tuple(given[1:])), tuple(wanted[1:]))
    wide = kit.quantise(op.iq, wide) if op.enable_iq else wide
    out = tabled(wide, small_networks, kit, what="LUT layer", width=op.d_hl)
    axes = tuple(axis - 1 for axis in op._contract_axes)
    out = np.sum(out, axis=axes) if axes else out
    return np.transpose(out, [axis - 1 for axis in op._output_transpose[1:]])


def settled(deferred: Deferred, quantiser: Any, kit: Kit) -> Any:
    """Return a deferred function of values as its quantiser takes it."""

    def function(codes: Any) -> Any:
        return quantiser(deferred.function(codes), training=False)

    try:
        return tabled(deferred.inner, function, kit, what=deferred.what)
    except LoweringError as error:
        raise LoweringError(error.what, mend=error.mend, where=f"layer {deferred.layer}") from error


def tabled(x: Any, function: Callable[[Any], Any], kit: Kit, *, what: str, width: int = 1) -> Any:
    """Return ``function`` of all elements of ``x``, one table for each.

    Args:
        x: traced values.
        function: takes a tensor (code, *shape of x) and returns one of the same shape; every answer
            hangs on its own code alone.
        kit: the engine.
        what: how to call it in an error.
        width: values that it holds at once for each code.

    Raises:
        LoweringError: if a table is too large.
    """
    low, _, step = grids = kit.grids(x)
    counts = codes_of(grids)
    require_narrow(counts, what)
    number = np.arange(counts.max(initial=1)).reshape(-1, *(1,) * counts.ndim)
    # codes beyond an element's own are its last: they are not looked up
    codes = (low + step * np.minimum(number, counts - 1)).astype(np.float32)
    answers = _answers(function, codes, max(1, CHUNK // (prod(counts.shape) * max(width, 1))))
    rows = zip(answers, counts.ravel(), strict=True)
    return kit.lookup(x, [row[:count] for row, count in rows])


def _answers(function: Callable[[Any], Any], codes: Any, most: int) -> Float64:
    """Return the answers (element, code) to ``codes`` (code, ...), at most ``most`` at a time."""
    batches = ceil(len(codes) / most)
    size = ceil(len(codes) / batches)
    # batches of one size: each other size would be compiled anew
    padded = np.concatenate([codes, *[codes[-1:]] * (batches * size - len(codes))])
    values = _compiled(function).predict(padded, batch_size=size, verbose=0)
    return np.asarray(values, dtype=np.float64)[: len(codes)].reshape(len(codes), -1).T


def _compiled(function: Callable[[Any], Any]) -> Any:
    import keras

    class Tables(keras.Model):  # type: ignore[misc]
        """Runs a function as ``predict`` runs a model."""

        def call(self, codes: Any) -> Any:
            return function(codes)

    return Tables()


def _layers(module: Any, x: Any) -> Any:
    # one after the other: the Sequential model itself insists on the batch that it was built with
    for layer in module.layers:
        x = layer(x)
    return x
