"""What a replayed layer asks of an engine; arrays have no axis of jets."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jetmix.errors import LoweringError
from jetmix.support.arrays import Float64

# a function of one value, tabled: more inputs than this make tables that no device wants
MAX_CODES = 2**14


class Kit(ABC):
    """The operations of an engine that go beyond NumPy's functions and operators."""

    @abstractmethod
    def quantise(self, quantiser: Any, x: Any) -> Any:
        """Return ``x`` as HGQ's ``Quantizer`` takes it."""

    @abstractmethod
    def array(self, elements: Any, like: Any) -> Any:
        """Return traced values and zeros, an array of objects, as an array of the engine."""

    @abstractmethod
    def elements(self, x: Any) -> Any:
        """Return the traced values of an array as an array of objects."""

    @abstractmethod
    def is_raw(self, x: Any) -> bool:
        """Return whether an array holds inputs of the model that nothing has quantised."""

    def grids(self, x: Any) -> tuple[Float64, Float64, Float64]:
        """Return the smallest and largest value and the step of every element."""
        # floats first: an engine's own figures can be float32
        ends = [(float(v.low), float(v.high), float(v.step)) for v in self.elements(x).ravel()]
        low, high, step = np.array(ends, dtype=np.float64).reshape(-1, 3).T
        return low.reshape(x.shape), high.reshape(x.shape), step.reshape(x.shape)

    def lookup(self, x: Any, tables: Sequence[Float64]) -> Any:
        """Return what each element of ``x`` finds in its table, whose first entry is its lowest."""
        found = np.empty(len(tables), dtype=object)
        values = self.elements(x).ravel()
        found[:] = [v.lookup(table) for v, table in zip(values, tables, strict=True)]
        return self.array(found.reshape(x.shape), x)

    def choose(self, negative: Any, one: Any, other: Any) -> Any:
        """Return ``one`` where ``negative`` is below zero, else ``other``."""
        arrays = (self.elements(array).ravel() for array in (negative, one, other))
        found = np.empty(negative.size, dtype=object)
        found[:] = [c.msb_mux(a, b) if c.low < 0 else b for c, a, b in zip(*arrays, strict=True)]
        return self.array(found.reshape(negative.shape), other)

    def is_negative(self, x: Any) -> Any:
        """Return a bit that is 1 where ``x`` is below zero."""
        found = np.empty(x.size, dtype=object)
        found[:] = [v.is_negative() for v in self.elements(x).ravel()]
        return self.array(found.reshape(x.shape), x)

    def where(self, bits: Any, one: Any, other: Any) -> Any:
        """Return ``one`` where a bit is 1, else ``other``; both are arrays or numbers."""
        arrays = np.broadcast_arrays(*map(self._elements, (bits, one, other)))
        found = np.empty(arrays[0].size, dtype=object)
        choices = zip(*(array.ravel() for array in arrays), strict=True)
        found[:] = [bit.unary_bit_op("any").msb_mux(a, b) for bit, a, b in choices]
        return self.array(found.reshape(arrays[0].shape), bits)

    def _elements(self, x: Any) -> Any:
        return np.array(x, dtype=object) if isinstance(x, float) else self.elements(x)

    def overflow(self, x: Any, bits: int) -> Any:
        """Return ``x`` as a two's complement of so many integer bits holds it; it wraps round."""
        found = np.empty(x.size, dtype=object)
        found[:] = [
            v.quantize(1, bits - 1, int(v.kif[2]), overflow_mode="WRAP", round_mode="TRN")
            for v in self.elements(x).ravel()
        ]
        return self.array(found.reshape(x.shape), x)

    def where_set(self, x: Any, value: Any) -> Any:
        """Return ``value`` where ``x`` is not zero, else zero."""
        found = np.empty(value.size, dtype=object)
        conditions = self.elements(np.broadcast_to(x, value.shape)).ravel()
        pairs = zip(conditions, self.elements(value).ravel(), strict=True)
        found[:] = [c.unary_bit_op("any").msb_mux(v, 0.0) for c, v in pairs]
        return self.array(found.reshape(value.shape), value)

    def joined(self, parts: list[Any]) -> Any:
        """Return arrays joined along their last axis."""
        elements = np.concatenate([self.elements(part) for part in parts], axis=-1)
        return self.array(elements, parts[0])


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
    """Return the package and the class of keras, hgq or jetmix that a layer is or derives from."""
    for base in type(op).__mro__:
        package = base.__module__.split(".", maxsplit=1)[0]
        if package in ("keras", "hgq", "qkeras", "jetmix"):
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
