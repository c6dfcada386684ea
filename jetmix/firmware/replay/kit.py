"""What a replayed layer asks of an engine; arrays have no axis of jets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from jetmix.errors import LoweringError
from jetmix.support.arrays import Float64

# a function of one value, tabled: more inputs than this make tables that no device wants
MAX_CODES = 2**14


class Kit(Protocol):
    """The operations of an engine that go beyond NumPy's functions and operators."""

    def quantise(self, quantiser: Any, x: Any) -> Any:
        """Return ``x`` as HGQ's ``Quantizer`` takes it."""

    def grids(self, x: Any) -> tuple[Float64, Float64, Float64]:
        """Return the smallest and largest value and the step of every element."""

    def lookup(self, x: Any, tables: Sequence[Float64]) -> Any:
        """Return what each element of ``x`` finds in its table, whose first entry is its lowest."""

    def array(self, elements: Any, like: Any) -> Any:
        """Return traced values and zeros, an array of objects, as an array of the engine."""

    def elements(self, x: Any) -> Any:
        """Return the traced values of an array as an array of objects."""

    def choose(self, negative: Any, one: Any, other: Any) -> Any:
        """Return ``one`` where ``negative`` is below zero, else ``other``."""

    def is_raw(self, x: Any) -> bool:
        """Return whether an array holds inputs of the model that nothing has quantised."""


@dataclass(frozen=True)
class Deferred:
    """A function of traced values that the quantiser which takes it turns into tables.

    Attributes:
        inner: the values.
        function: takes and returns a tensor of their shape, value by value.
        what: its name, such as tanh.
        layer: the layer that it is of.
    """

    inner: Any
    function: Callable[[Any], Any]
    what: str
    layer: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return tuple(self.inner.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(self.inner.size)


def kind_of(op: Any) -> tuple[str, str]:
    """Return the package and the class of keras or hgq that a layer is, or is derived from."""
    for base in type(op).__mro__:
        package = base.__module__.split(".", maxsplit=1)[0]
        if package in ("keras", "hgq", "qkeras"):
            return package, base.__name__
    return type(op).__module__.split(".", maxsplit=1)[0], type(op).__name__


def codes_of(grids: tuple[Float64, Float64, Float64]) -> Any:
    """Return how many values each element can take."""
    low, high, step = grids
    return np.round((high - low) / step).astype(np.int64) + 1


def require_narrow(codes: Any, what: str) -> None:
    """Refuse a table of more than MAX_CODES entries.

    Raises:
        LoweringError: without the layer, which the caller knows.
    """
    most = int(np.max(codes, initial=0))
    if most > MAX_CODES:
        raise LoweringError(
            f"{what} of values of {int(np.ceil(np.log2(most)))} bits is too large for a table "
            f"(at most {int(np.log2(MAX_CODES))} bits)",
            mend="use QUnaryFunctionLUT, which quantises its input, or train with fewer bits",
        )
