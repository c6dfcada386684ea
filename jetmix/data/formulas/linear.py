"""Formulas of derived features: sums of columns times constants; anything else is priced.

Firmware adds and shifts integers for about one LUT per bit. What a formula holds beyond that is
refused with what it would cost for each particle: a product of a bits and b bits about a b LUT
(an array multiplier has one partial product per pair of bits), a quotient the same (a divider has
one subtraction of b bits per bit of the quotient), a function of b bits with n bits about
n 2^b / 64 LUT (a ROM of LUT6, each of 64 entries, AMD UG574), a comparison or choice one per bit.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.lib.mixins import NDArrayOperatorsMixin

from jetmix.data.formulas.expressions import parse
from jetmix.errors import DataError, UsageError
from jetmix.recipes.data_section import HardwareInput

# entries of one LUT with six inputs
LUT_ENTRIES = 64
INSTEAD = "derive it before the firmware, as a feature of the file, or leave it out"


def linear(
    text: str, hardware: Mapping[str, HardwareInput], *, where: str
) -> tuple[dict[str, float], float]:
    """Return the factor of each column in a formula, and its constant, in the units of the file.

    Args:
        text: the formula, as in a data card.
        hardware: the columns that it may name.
        where: file and key, for errors.

    Raises:
        UsageError: if it is no formula, names another column, or holds what firmware cannot derive
            cheaply; then with the operation and what it would cost.
    """
    try:
        expression = parse(text, where)
    except DataError as error:
        raise UsageError(error.what, where=where, mend=error.mend) from None
    for name in sorted(expression.names - set(hardware)):
        raise UsageError(
            f"{text[:60]!r} names {name!r}, whose integers are not known",
            where=where,
            mend=f"say in [data.hardware] in which bits the trigger delivers {name}, or name one "
            f"of {', '.join(hardware)}",
        )
    found = expression.applied(lambda name: _Linear({name: 1.0}, 0.0, hardware, where))
    values = [*found.terms.values(), found.constant] if isinstance(found, _Linear) else []
    if not all(map(math.isfinite, values)):
        raise UsageError(
            f"{text[:60]!r} holds a number that is not finite", where=where, mend="change it"
        )
    if not any(values[:-1]):
        raise UsageError(
            f"{text[:60]!r} depends on no column", where=where, mend="name one, or leave it out"
        )
    return {name: factor for name, factor in found.terms.items() if factor}, found.constant


@dataclass(frozen=True, eq=False)
class _Linear(NDArrayOperatorsMixin):
    """A sum of columns times constants, while a formula is applied to it by NumPy's functions."""

    terms: dict[str, float]
    constant: float
    hardware: Mapping[str, HardwareInput]
    where: str

    def __array_ufunc__(self, ufunc: Any, method: str, *given: Any, **_options: Any) -> Any:
        name = ufunc.__name__
        if method != "__call__" or name not in _ALLOWED:
            raise self._refusal(name, given)
        return _ALLOWED[name](self, *given)

    def __array_function__(self, function: Any, _types: Any, given: Any, _options: Any) -> Any:
        # min and max of several values begin by making their shapes equal
        name = {"broadcast_arrays": "min or max"}.get(function.__name__, function.__name__)
        raise self._refusal(name, given)

    def added(self, left: Any, right: Any, sign: float) -> "_Linear":
        """Return the sum, or with ``sign`` -1 the difference."""
        left, right = self._of(left), self._of(right)
        terms = dict(left.terms)
        for name, factor in right.terms.items():
            terms[name] = terms.get(name, 0.0) + sign * factor
        return self._with(terms, left.constant + sign * right.constant)

    def times(self, left: Any, right: Any) -> "_Linear":
        """Return the product with a constant."""
        left, right = self._of(left), self._of(right)
        if left.terms and right.terms:
            raise self._refusal("multiply", (left, right))
        one, other = (left, right) if left.terms else (right, left)
        factor = other.constant
        return self._with({n: f * factor for n, f in one.terms.items()}, one.constant * factor)

    def over(self, left: Any, right: Any) -> "_Linear":
        """Return the quotient by a constant."""
        divisor = self._of(right)
        if not divisor.terms and not divisor.constant:
            raise UsageError("divides by zero", where=self.where, mend="change the formula")
        if divisor.terms:
            raise self._refusal("divide", (left, right))
        return self.times(left, 1.0 / divisor.constant)

    def _of(self, value: Any) -> "_Linear":
        return value if isinstance(value, _Linear) else self._with({}, float(value))

    def _with(self, terms: dict[str, float], constant: float) -> "_Linear":
        return _Linear(terms, constant, self.hardware, self.where)

    @property
    def bits(self) -> int:
        """Bits of the integer that the sum is, in the finest unit of its columns."""
        finest = min((self.hardware[name].lsb for name in self.terms), default=1.0)
        low = high = 0.0
        for name, factor in self.terms.items():
            ends = [end * factor * self.hardware[name].lsb / finest
                    for end in self.hardware[name].limits]  # fmt: skip
            low, high = low + min(ends), high + max(ends)
        return max(1, math.ceil(math.log2(max(high + 1, -low, 1)))) + (low < 0)

    def _refusal(self, operation: str, given: Any) -> UsageError:
        sums = [one for one in _flat(given) if isinstance(one, _Linear) and one.terms]
        return UsageError(
            "firmware cannot derive it by additions and shifts: "
            f"{_price(operation, [one.bits for one in sums])} for each particle",
            where=self.where,
            mend=INSTEAD,
        )


def _price(operation: str, bits: list[int]) -> str:
    """Return an operation that is no sum, and what it would take."""
    wide = sum(bits)
    if operation in _ARRAYS and len(bits) > 1:
        shown, unit = _ARRAYS[operation]
        return (
            f"{shown} takes a {unit} of {bits[0]} x {bits[1]} bits, about {math.prod(bits):,} LUT"
        )
    if operation in _TABLES:
        luts = max(1, wide * 2**wide // LUT_ENTRIES)
        table = f"a table of 2^{wide} entries of {wide} bits"
        return f"{_TABLES[operation]} takes {table}, about {luts:,} LUT"
    return f"{_SHOWN.get(operation, operation)} takes about {max(wide, 1)} LUT"


_ALLOWED: dict[str, Callable[..., _Linear]] = {
    "add": lambda own, a, b: own.added(a, b, 1.0),
    "subtract": lambda own, a, b: own.added(a, b, -1.0),
    "negative": lambda own, a: own.times(a, -1.0),
    "positive": lambda own, a: own.times(a, 1.0),
    "multiply": lambda own, a, b: own.times(a, b),
    "divide": lambda own, a, b: own.over(a, b),
}
# operations of two columns, and what computes them
_ARRAYS = {
    "multiply": ("the product of two columns", "multiplier"),
    "divide": ("the division by a column", "divider"),
    "remainder": ("the remainder", "divider"),
}
# functions of one value
_TABLES = {
    "divide": "the division by a column",
    "remainder": "the remainder",
    "power": "a power",
    "log": "log",
    "sqrt": "sqrt",
    "exp": "exp",
}
# the others by NumPy's names, as a formula writes them
_SHOWN = {
    "absolute": "abs",
    "less": "a comparison",
    "less_equal": "a comparison",
    "greater": "a comparison",
    "greater_equal": "a comparison",
    "equal": "a comparison",
    "not_equal": "a comparison",
    "logical_not": "not",
    "logical_and": "and",
    "logical_or": "or",
}


def _flat(given: Any) -> list[Any]:
    if isinstance(given, list | tuple):
        return [one for part in given for one in _flat(part)]
    return [given]


def signed_digits(value: float) -> list[float]:
    """Return the powers of two, with signs, whose sum is a number: as few as there can be.

    That is its canonical signed-digit form (Avizienis 1961), the largest digit first. A number
    such as 0.1 has some thirty.
    """
    digits: list[float] = []
    numerator, denominator = value.as_integer_ratio()
    power = 1
    while numerator:
        if numerator & 1:
            digit = 2 - (numerator & 3)
            digits.append(digit * power / denominator)
            numerator -= digit
        numerator, power = numerator >> 1, power << 1
    return digits[::-1]
