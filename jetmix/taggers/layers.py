"""The layers that all architectures are made of.

They are made quantised (:mod:`jetmix.taggers.quantised_layers`) or in full precision
(:mod:`jetmix.taggers.full_precision_layers`). Only forms that hls4ml 1.3 and da4ml 0.6 both lower
are offered.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from jetmix.taggers.delivered import derived_input, taken_in
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
