"""The arithmetic of derived features, the same for NumPy, Keras and the engines of firmware."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from jetmix.recipes.derivation import Derivation, DerivedFeature
from jetmix.support.arrays import AnyArray, Floats


class Arithmetic(Protocol):
    """What is done with arrays beside + - * and slices."""

    def overflow(self, x: Any, bits: int) -> Any:
        """Return ``x`` as a two's complement of so many integer bits holds it; it wraps round."""

    def choose(self, negative: Any, one: Any, other: Any) -> Any:
        """Return ``one`` where ``negative`` is below zero, else ``other``."""

    def where_set(self, x: Any, value: Any) -> Any:
        """Return ``value`` where ``x`` is not zero, else zero."""

    def joined(self, parts: list[Any]) -> Any:
        """Return arrays joined along their last axis."""


class Floating:
    """The arithmetic of floating-point arrays, exact for integers that they hold.

    Args:
        ops: ``numpy`` or ``keras.ops``.
    """

    def __init__(self, ops: Any) -> None:
        self.ops = ops

    def overflow(self, x: Any, bits: int) -> Any:
        """Return ``x`` wrapped round."""
        turn = float(2**bits)
        return x - turn * self.ops.floor((x + turn / 2) / turn)

    def choose(self, negative: Any, one: Any, other: Any) -> Any:
        """Return ``one`` where ``negative`` is below zero, else ``other``."""
        return self.ops.where(negative < 0, one, other)

    def where_set(self, x: Any, value: Any) -> Any:
        """Return ``value`` where ``x`` is not zero, else zero."""
        return self.ops.where(x != 0, value, self.ops.zeros_like(value))

    def joined(self, parts: list[Any]) -> Any:
        """Return arrays joined along their last axis."""
        return self.ops.concatenate(parts, axis=-1)


def derived(derivation: Derivation, arrays: list[Any], scales: Any, do: Arithmetic) -> Any:
    """Return the features (..., feature) that a network sees, each divided by its scale.

    Args:
        derivation: which they are.
        arrays: integers (..., column) of constituents, or of jets that have none; and behind them
            those of the jets (jet, column), if there are such.
        scales: a power of two for each feature.
        do: the arithmetic of these arrays.
    """
    values = {name: arrays[0][..., at : at + 1] for at, name in enumerate(derivation.columns)}
    for at, name in enumerate(derivation.jet_columns):
        values[name] = arrays[1][..., None, at : at + 1]
    occupied = values.get(derivation.occupied)
    parts = []
    for feature, scale in zip(derivation.features, scales, strict=True):
        value = _turned(_sum(feature, values), feature.turn, do)
        if feature.zero_if_empty:
            value = do.where_set(occupied, value)
        parts.append(value * (1.0 / scale))
    return do.joined(parts)


def _sum(feature: DerivedFeature, values: Mapping[str, Any]) -> Any:
    total: Any = None
    # what is added comes first: a leading minus would cost a negation
    for name, factor in sorted(feature.terms.items(), key=lambda term: term[1] < 0):
        size = abs(factor)
        part = values[name] if size == 1 else values[name] * size
        if total is None:
            total = part if factor > 0 else part * -1.0
        else:
            total = total + part if factor > 0 else total - part
    return total + float(feature.offset) if feature.offset else total


def _turned(value: Any, turn: int | None, do: Arithmetic) -> Any:
    """Return an angle within half a turn of zero, if it was within one and a half."""
    if turn is None:
        return value
    if turn & (turn - 1) == 0:
        return do.overflow(value, turn.bit_length() - 1)
    half = turn // 2
    # an odd turn has its extra unit above zero: -half ... turn - half - 1
    lower = do.choose(value - float(turn - half), value, value - float(turn))
    return do.choose(value + float(half), value + float(turn), lower)


def split_jets(derivation: Derivation, x: AnyArray, n_particles: int | None) -> list[AnyArray]:
    """Return the arrays of the tagger's inputs from jets (jet, *shape of the derivation)."""
    if n_particles is None or not derivation.jet_columns:
        return [x]
    wide = len(derivation.columns)
    ends = n_particles * wide
    return [x[:, :ends].reshape(len(x), n_particles, wide), x[:, ends:]]


def derived_features(derivation: Derivation, x: AnyArray, n_particles: int | None) -> Floats:
    """Return the features of jets in units of their LSB, float32 (jet, ..., feature)."""
    arrays = split_jets(derivation, x, n_particles)
    ones = [1.0] * len(derivation.features)
    return np.asarray(derived(derivation, arrays, ones, Floating(np)), np.float32)
