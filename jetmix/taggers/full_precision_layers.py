"""The layers of taggers in full precision: plain Keras layers, without batch normalisation."""

import math
from collections.abc import Sequence
from typing import Any

from jetmix.taggers.layers import Layers


class FullPrecisionLayers(Layers):
    """Plain Keras layers in float32, without batch normalisation."""

    def dense(
        self,
        x: Any,
        equation: str,
        output_shape: tuple[int, ...],
        *,
        bias_axes: str,
        relu: bool,
        name: str,
    ) -> Any:
        """Add a plain einsum dense layer."""
        import keras

        activation = "relu" if relu else "linear"
        layer = keras.layers.EinsumDense(
            equation, output_shape, bias_axes=bias_axes, activation=activation, name=name
        )
        return layer(x)

    def weighted_sum(self, x: Any, *, bias: bool, relu: bool) -> Any:
        """Add the learned sum over the particles."""
        import keras

        shape, bias_axes = (1, x.shape[2]), "N" if bias else None
        activation = "relu" if relu else "linear"
        x = keras.layers.EinsumDense(
            "bnc,nN->bNc", shape, bias_axes=bias_axes, activation=activation, name="sum"
        )(x)
        return keras.layers.Reshape((shape[1],), name="squeeze")(x)

    def sum(self, x: Any, *, scale: float, name: str, keep_axis: bool = False) -> Any:
        """Add the scaled sum over the particles."""
        import keras

        # an average times a constant: a layer that Keras loads without running code
        mean = keras.layers.GlobalAveragePooling1D(keepdims=keep_axis, name=name)(x)
        return keras.layers.Rescaling(scale * x.shape[1], name=f"{name}_scale")(mean)

    def add(self, inputs: Sequence[Any], *, name: str) -> Any:
        """Add tensors."""
        import keras

        return keras.layers.Add(name=name)(list(inputs))

    def lut(self, x: Any, units: int, *, neurons: int, bits: int, name: str) -> Any:
        """Add the networks of a LUT layer: two einsum dense layers over pairs."""
        import keras

        axes, sizes = "bn"[: len(x.shape) - 1], tuple(x.shape[1:])
        first, bias, last = pair_initialisers(neurons)
        x = keras.layers.EinsumDense(
            f"{axes}i,iod->{axes}iod",
            (*sizes, units, neurons),
            bias_axes="iod",
            activation="tanh",
            kernel_initializer=first,
            bias_initializer=bias,
            name=name,
        )(x)
        # the biases of an output's pairs are one bias of their sum
        return keras.layers.EinsumDense(
            f"{axes}iod,iod->{axes}o",
            (*sizes[:-1], units),
            bias_axes="o",
            kernel_initializer=last(sizes[-1]),
            name=f"{name}_pairs",
        )(x)


def _uniform(limit: float) -> Any:
    import keras

    return keras.initializers.RandomUniform(-limit, limit)


def pair_initialisers(neurons: int) -> tuple[Any, Any, Any]:
    """Return the initialisers of the network of one pair of an input and an output.

    Keras' own takes all pairs for one big layer, and starts so small that no tanh bends. Here the
    hidden kernel is Glorot's for one input, the thresholds lie over the range of the input, and
    the output kernel is a function of the number of pairs that are added up.
    """
    return (
        _uniform(math.sqrt(6 / (1 + neurons))),
        _uniform(1.0),
        lambda pairs: _uniform(math.sqrt(3 / (pairs * neurons))),
    )
