"""The start of a quantised tagger from a trained one in full precision.

The dense layers of the quantised tagger carry a batch normalisation which their twin in full
precision does not have. Its scale and offset become the deviation and the mean of what the layer
gives in the twin, so that both taggers give the same answers before the bits are cut.
"""

from typing import Any

import numpy as np

from jetmix.errors import UsageError
from jetmix.models.run import BATCH, fed
from jetmix.support.arrays import Float64, Floats
from jetmix.taggers.registry import build_tagger
from jetmix.taggers.spec import TaggerSpec
from jetmix.training.engine import hgq_variables
from jetmix.training.teacher import Teacher

# jets from which means and deviations are taken
JETS = 8192


def start_from(model: Any, twin: Teacher, x: Floats) -> None:
    """Give a quantised tagger with fresh weights those of its trained twin.

    Args:
        model: the tagger, of dense layers.
        twin: the same tagger in full precision; :func:`check_start` has judged it.
        x: jets as both take them, (jet, ...), of which the first are used.
    """
    import keras

    for layer in _dense(model):
        source = twin.model.get_layer(layer.name)
        layer.kernel.assign(np.reshape(source.kernel, layer.kernel.shape))
        if hasattr(layer, "moving_mean"):
            values = _linear(twin.model, source, x[:JETS])
            axes = tuple(layer._reduction_axes)
            # the bias comes after the normalisation, which adds this epsilon to the variance
            layer.bias.assign(values.mean(axis=axes).reshape(layer.bias.shape))
            layer.bn_gamma.assign(np.sqrt(values.var(axis=axes) + keras.config.epsilon()))
        elif layer.bias is not None:
            layer.bias.assign(np.reshape(source.bias, layer.bias.shape))


def check_start(spec: TaggerSpec, twin: Teacher | None) -> None:
    """Refuse a start that cannot be.

    Args:
        spec: of the quantised tagger.
        twin: what it starts from, None for a twin that is not yet trained.

    Raises:
        UsageError: if the twin is quantised or has other layers, or if a LUT layer would start from
            a fresh one.
    """
    model = build_tagger(spec)
    tables = [layer.name for layer in model.layers if hasattr(layer, "module")]
    if tables:
        raise UsageError(
            f"the tables of {tables[0]} cannot start from a tagger in full precision",
            where="[training] start_from",
            mend="leave start_from out; only dense layers start from trained ones",
        )
    if twin is None:
        return
    if hgq_variables(twin.model, "_ebops"):
        raise UsageError(
            "the tagger to start from is quantised",
            where=twin.path,
            mend="name a run of the same recipe with quantised = false",
        )
    kernels = {layer.name: _shape(layer) for layer in _dense(twin.model)}
    for layer in _dense(model):
        own, found = _shape(layer), kernels.get(layer.name)
        if own != found:
            has = f"those of {found}" if found else "no such layer"
            raise UsageError(
                f"{layer.name} has weights of shape {own}, the tagger to start from has {has}",
                where=twin.path,
                mend="name a run of the same recipe with quantised = false",
            )


def _dense(model: Any) -> list[Any]:
    return [layer for layer in model.layers if getattr(layer, "kernel", None) is not None]


def _shape(layer: Any) -> tuple[int, ...]:
    """Return the shape of a layer's weights, without axes that hold one value."""
    return tuple(size for size in layer.kernel.shape if size > 1)


def _linear(twin: Any, layer: Any, x: Floats) -> Float64:
    """Return what a layer of the twin gives before its activation."""
    import keras

    activation, layer.activation = layer.activation, keras.activations.linear
    try:
        part = keras.Model(twin.inputs, layer(layer.input))
        found = part.predict(fed(twin, x), batch_size=BATCH, verbose=0)
    finally:
        layer.activation = activation
    return np.asarray(found, np.float64)
