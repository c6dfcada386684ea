"""The layers that all architectures are made of, quantised or in full precision.

Only forms that hls4ml 1.3 and da4ml 0.6 both lower are offered.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from jetmix.taggers.delivered import delivered_as, derived_input, taken_in
from jetmix.taggers.folding import Folding
from jetmix.taggers.spec import TaggerSpec

# names of the output layers, and so of the firmware's ports
LOGITS, TARGETS = "logits", "targets"


def mean_scale(n_particles: int) -> float:
    """Return the power of two next to 1 / ``n_particles``, which costs nothing in firmware."""
    return float(2.0 ** -round(math.log2(n_particles)))


class Layers(ABC):
    """What an architecture is made of; every method adds a layer and returns its output.

    Args:
        spec: of the tagger that is made.
    """

    def __init__(self, spec: TaggerSpec) -> None:
        self.spec = spec

    def input(self, shape: tuple[int, ...]) -> Any:
        """Return what the network sees, (jet, *shape): its input, or derived from its inputs."""
        import keras

        if self.spec.derivation is not None:
            return derived_input(self.spec, self.spec.derivation)
        return keras.Input(shape, name="jets")

    @abstractmethod
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
        """Add an einsum dense layer with a bias over ``bias_axes``."""

    @abstractmethod
    def weighted_sum(self, x: Any, *, bias: bool, relu: bool) -> Any:
        """Add the learned sum over the particles: (jet, n, c) to (jet, c), one scalar bias."""

    @abstractmethod
    def sum(self, x: Any, *, scale: float, name: str, keep_axis: bool = False) -> Any:
        """Add the sum over the particles times a power of two: (jet, n, c) to (jet, c).

        With ``keep_axis`` the result keeps one particle: (jet, 1, c).
        """

    @abstractmethod
    def add(self, inputs: Sequence[Any], *, name: str) -> Any:
        """Add tensors; one with a single particle is added to all particles."""

    @abstractmethod
    def lut(self, x: Any, units: int, *, neurons: int, bits: int, name: str) -> Any:
        """Add a LUT layer over the last axis: (..., c) to (..., units) (arXiv 2604.22293).

        Every pair of an input and an output has a network of its own with one hidden layer of
        ``neurons`` tanh; an output is the sum of its pairs. In firmware each pair is a table from
        the bits of its input to an output that starts with ``bits`` bits and a sign.
        """

    def route(self, scores: Any, *, capacity: float | None, balance: float, name: str) -> Any:
        """Choose of each token the expert with the highest score: (jet, token, expert) of 0 and 1.

        Args:
            scores: of all experts but the last, whose score is 0: (jet, token, expert - 1).
            capacity: the most tokens of an expert in training, in equal shares of a batch.
            balance: factor of the loss that keeps experts equally busy.
            name: of the layer.
        """
        from jetmix.models.expert_layers import Route

        return Route(capacity, balance, name=name)(scores)

    def isolate(self, chosen: Any, x: Any, *, name: str) -> Any:
        """Give each token to its expert, zeros to the others: (jet, token, c) to (..., expert, c).

        ``chosen`` is what :meth:`route` gives.
        """
        from jetmix.models.expert_layers import Isolate

        return Isolate(name=name)([chosen, x])

    def choose(self, chosen: Any, values: Any, *, name: str) -> Any:
        """Take of each token what its expert gives: (jet, token, expert, c) to (jet, token, c).

        ``chosen`` is what :meth:`route` gives.
        """
        from jetmix.models.expert_layers import Choose

        return Choose(name=name)([chosen, values])

    def permute(self, x: Any, *, name: str) -> Any:
        """Swap particles and features: (jet, n, c) to (jet, c, n)."""
        import keras

        return keras.layers.Permute((2, 1), name=name)(x)

    def reshape(self, x: Any, shape: tuple[int, ...], *, name: str) -> Any:
        """Give the values of a jet another shape: (jet, ...) to (jet, *shape)."""
        import keras

        return keras.layers.Reshape(shape, name=name)(x)

    def shift(self, x: Any, *, name: str) -> Any:
        """Let each particle have a third of the features of both neighbours: (jet, n, c) to it.

        The first third comes from the particle before and the last one from the particle behind;
        zeros come from beyond the ends.
        """
        import keras

        channels = x.shape[2]
        ends = (channels // 3, channels - channels // 3)
        crops = ((0, channels - ends[0]), (ends[0], channels - ends[1]), (ends[1], 0))
        rows, parts = self.permute(x, name=f"{name}_rows"), []
        for part, (crop, by) in enumerate(zip(crops, (1, 0, -1), strict=True), start=1):
            own = keras.layers.Cropping1D(crop, name=f"{name}_part_{part}")(rows)
            own = self.permute(own, name=f"{name}_back_{part}")
            if by:
                kept, zeros = ((0, 1), (1, 0)) if by > 0 else ((1, 0), (0, 1))
                own = keras.layers.Cropping1D(kept, name=f"{name}_kept_{part}")(own)
                own = keras.layers.ZeroPadding1D(zeros, name=f"{name}_moved_{part}")(own)
            parts.append(own)
        return keras.layers.Concatenate(name=name)(parts)

    def per_particle(self, x: Any, units: int, *, name: str) -> Any:
        """Add a dense layer with ReLU that all particles share: (jet, n, c) to (jet, n, units)."""
        shape = (x.shape[1], units)
        return self.dense(x, "bnc,cC->bnC", shape, bias_axes="C", relu=True, name=name)

    def head(self, x: Any, sizes: Sequence[int], spec: TaggerSpec) -> Any:
        """Add dense layers with ReLU and the output layers without: (jet, c) to the outputs."""
        for number, units in enumerate(sizes, start=1):
            x = self._vector(x, units, relu=True, name=f"head_{number}")
        return self.outputs(x, spec, partial(self._vector, relu=False))

    def outputs(self, x: Any, spec: TaggerSpec, layer: Callable[..., Any]) -> Any:
        """Add the output layers on one trunk: logits, or a list of logits and targets.

        Args:
            x: (jet, c).
            spec: the numbers of classes and of regression targets.
            layer: adds an output layer, called as ``layer(x, units, name=...)``.
        """
        logits = layer(x, spec.n_classes, name=LOGITS)
        return [logits, layer(x, spec.n_targets, name=TARGETS)] if spec.n_targets else logits

    def _vector(self, x: Any, units: int, *, relu: bool, name: str) -> Any:
        return self.dense(x, "bc,cC->bC", (units,), bias_axes="C", relu=relu, name=name)

    def flatten(self, x: Any) -> Any:
        """Put particles and features in one row: (jet, n, c) to (jet, n c)."""
        import keras

        return keras.layers.Flatten(name="flatten")(x)

    def model(self, inputs: Any, outputs: Any, *, name: str) -> Any:
        """Return the Keras model."""
        import keras

        return keras.Model(taken_in(inputs), outputs, name=name)


class QuantisedLayers(Layers):
    """HGQ layers; make them inside :func:`jetmix.taggers.quantisers.quantiser_scope`."""

    def __init__(self, spec: TaggerSpec) -> None:
        super().__init__(spec)
        self._folding = Folding(spec.quantiser.fold)

    def input(self, shape: tuple[int, ...]) -> Any:
        """Return the input, in the fixed bits in which the features come, where they are known."""
        jets, spec = super().input(shape), self.spec
        known = spec.delivered and spec.derivation is None
        return delivered_as(jets, spec.delivered) if known else jets

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
        """Add a dense layer with its batch normalisation fused in."""
        from hgq.layers import QEinsumDenseBatchnorm

        layer = QEinsumDenseBatchnorm(
            equation,
            output_shape,
            bias_axes=bias_axes,
            activation="relu" if relu else "linear",
            name=name,
            **self._folding.dense(x, equation),
        )
        return self._folding.given(layer(x), equation)

    def isolate(self, chosen: Any, x: Any, *, name: str) -> Any:
        """Give each token to its expert, quantised: the jets themselves may come here."""
        from hgq.quantizer import Quantizer, QuantizerConfig

        quantiser = Quantizer(QuantizerConfig("default", "datalane"), name=f"{name}_bits")
        return super().isolate(chosen, quantiser(x), name=name)

    def weighted_sum(self, x: Any, *, bias: bool, relu: bool) -> Any:
        """Add the learned sum over the particles."""
        import keras
        from hgq.layers import QEinsumDense

        # a scalar bias needs an axis of its own: one output particle
        equation = "bnc,nN->bNc" if bias else "bnc,n->bc"
        layer = QEinsumDense(
            equation,
            (1, x.shape[2]) if bias else (x.shape[2],),
            bias_axes="N" if bias else None,
            activation="relu" if relu else "linear",
            name="sum",
            **self._folding.weighted_sum(x),
        )
        out = layer(x)
        return keras.layers.Reshape((x.shape[2],), name="squeeze")(out) if bias else out

    def sum(self, x: Any, *, scale: float, name: str, keep_axis: bool = False) -> Any:
        """Add the scaled sum over the particles."""
        from hgq.layers import QSum

        folded = self._folding.sum(x)
        return QSum(axes=1, scale=scale, keepdims=keep_axis, name=name, **folded)(x)

    def add(self, inputs: Sequence[Any], *, name: str) -> Any:
        """Add tensors."""
        from hgq.layers import QAdd

        return QAdd(name=name, **self._folding.add(list(inputs)))(list(inputs))

    def lut(self, x: Any, units: int, *, neurons: int, bits: int, name: str) -> Any:
        """Add a LUT layer with a batch normalisation inside, which the tables absorb."""
        from hgq.config import QuantizerConfig
        from hgq.layers import QDenseT

        uniform = self.spec.quantiser.uniform_particles and len(x.shape) == 3
        # a pair of input and output has its own bits, which all particles share if wanted
        axes = {"homogeneous_axis": (0, 1) if uniform else (0,)}
        layer = QDenseT(
            units,
            n_hl=1,
            d_hl=neurons,
            batch_norm=True,
            iq_conf=QuantizerConfig("kif", "datalane", **axes),
            toq_conf=QuantizerConfig("kbi", "table", b0=bits, **axes),
            name=name,
        )
        out = layer(x)
        _spread(*layer.module.layers)
        return out


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
        first, bias, last = _pair_initialisers(neurons)
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


def _pair_initialisers(neurons: int) -> tuple[Any, Any, Any]:
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


def _spread(hidden: Any, output: Any) -> None:
    """Start the networks of a LUT layer so; its normalisation divides by the number of pairs."""
    first, bias, last = _pair_initialisers(hidden.kernel.shape[-1])
    hidden.kernel.assign(first(hidden.kernel.shape))
    hidden.bias.assign(bias(hidden.bias.shape))
    output.kernel.assign(last(1)(output.kernel.shape))
