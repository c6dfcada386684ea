"""Elements side by side in one number, the first in the lowest bits, as the network's ports are."""

from collections.abc import Sequence

import numpy as np

from jetmix.packaging.network import Element
from jetmix.support.arrays import Reals


def join(integers: Sequence[int], widths: Sequence[int]) -> int:
    """Return integers side by side, each cut to its width in bits."""
    number, low = 0, 0
    for integer, bits in zip(integers, widths, strict=True):
        number |= (integer & (1 << bits) - 1) << low
        low += bits
    return number


def part(number: int, elements: Sequence[Element]) -> list[int]:
    """Return the integers of elements that lie side by side in a number."""
    integers = []
    for element in elements:
        raw = number & (1 << element.bits) - 1
        negative = element.signed and element.bits and raw >> element.bits - 1
        integers.append(raw - (1 << element.bits) if negative else raw)
        number >>= element.bits
    return integers


def numbers_of(values: Reals, elements: Sequence[Element]) -> list[int]:
    """Return real values (vector, element) as numbers, cut to the LSB and wrapped to the width."""
    raw = np.floor(np.ldexp(values.astype(np.float64), [e.fraction for e in elements]))
    widths = [element.bits for element in elements]
    return [join(row, widths) for row in raw.astype(np.int64).tolist()]
