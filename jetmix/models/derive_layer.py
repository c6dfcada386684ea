"""The Keras layer that derives features; importing it imports Keras and makes it known there."""

from collections.abc import Sequence
from typing import Any

import keras

from jetmix.models.deriving import Floating, derived
from jetmix.recipes.derivation import Derivation
from jetmix.support.records import JSON_FILE, dump, load

PACKAGE, NAME = "jetmix", "Derive"


@keras.saving.register_keras_serializable(package=PACKAGE, name=NAME)
class Derive(keras.layers.Layer):  # type: ignore[misc]
    """Makes of a trigger's integers the features that a network sees; it has no weights.

    Args:
        derivation: which, or what :func:`jetmix.support.records.dump` gives for it.
        scales: the power of two by which each feature is divided.
    """

    def __init__(
        self, derivation: Derivation | dict[str, Any], scales: Sequence[float], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(derivation, Derivation):
            derivation = load(Derivation, derivation, where="layer Derive", dialect=JSON_FILE)
        self.derivation, self.scales = derivation, tuple(map(float, scales))

    def call(self, inputs: Any) -> Any:
        """Return (jet, particle, feature), or (jet, feature) without particles.

        Args:
            inputs: integers (jet, particle, column), or a list of these and (jet, column).
        """
        arrays = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        return derived(self.derivation, arrays, self.scales, Floating(keras.ops))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return the shape of the first input with one entry per feature."""
        first = input_shape[0] if isinstance(input_shape[0], list | tuple) else input_shape
        return (*first[:-1], len(self.derivation.features))

    def get_config(self) -> dict[str, Any]:
        """Return what makes this layer again."""
        own = {"derivation": dump(self.derivation), "scales": list(self.scales)}
        return {**super().get_config(), **own}
