"""Bits of packed values: which of them are which element, and how one format becomes another."""

from dataclasses import dataclass

import numpy as np

from jetmix.support.arrays import Ints


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A signal that holds elements one after the other, lowest bits first.

    Attributes:
        signal: its name.
        kifs: sign, integer and fraction bits of its elements, (3, element).
        first_bit: where the first element lies.
    """

    signal: str
    kifs: Ints
    first_bit: int = 0

    @property
    def widths(self) -> Ints:
        """Bits of each element."""
        found: Ints = np.asarray(self.kifs.sum(axis=0), dtype=np.int64).clip(min=0)
        return found

    @property
    def bits(self) -> int:
        """Bits of all elements."""
        return int(self.widths.sum())

    def part(self, first: int, count: int) -> "Packed":
        """Return some of the elements."""
        before = int(self.widths[:first].sum())
        kifs = self.kifs[:, first : first + count]
        return Packed(signal=self.signal, kifs=kifs, first_bit=self.first_bit + before)

    @property
    def whole(self) -> str:
        """The elements as one slice of the signal; a signal without bits is no slice."""
        return f"{self.signal}[{self.first_bit + self.bits - 1}:{self.first_bit}]"

    def elements(self, taken: Ints) -> list[str]:
        """Return an expression for each element in other bits; nothing for one without bits."""
        starts = self.first_bit + np.cumsum([0, *self.widths])
        return [
            text
            for start, given, wanted in zip(starts, self.kifs.T, taken.T, strict=False)
            if (text := _aligned(self.signal, int(start), given, wanted))
        ]


def joined(parts: list[str]) -> str:
    """Return expressions as one, the first in the lowest bits."""
    if len(parts) == 1:
        return parts[0]
    return "{\n        " + ",\n        ".join(reversed(parts)) + "\n    }"


def in_bits(given: Packed, taken: Ints) -> list[str]:
    """Return the expressions of packed values in the bits ``taken``; one slice where they agree."""
    widths = np.asarray(taken.sum(axis=0)).clip(min=0)
    if not widths.sum():
        return []
    live = (widths > 0) | (given.widths > 0)
    if np.array_equal(given.kifs[:, live], np.asarray(taken)[:, live]):
        return [given.whole]
    return given.elements(np.asarray(taken))


def _aligned(signal: str, start: int, given: Ints, wanted: Ints) -> str:
    """Return one element in other bits: extended by its sign or zeros, or cut."""
    (k, i, f), (wide_k, wide_i, wide_f) = (tuple(map(int, kif)) for kif in (given, wanted))
    have, want = max(k + i + f, 0), max(wide_k + wide_i + wide_f, 0)
    if want == 0:
        return ""
    below = min(max(wide_f - f, 0), want)
    low = max(f - wide_f, 0)
    middle = max(min(have - low, want - below), 0)
    above = want - below - middle
    parts = []
    if above:
        sign = f"{signal}[{start + have - 1}]" if k and have else "1'b0"
        parts.append(f"{{{above}{{{sign}}}}}")
    if middle:
        parts.append(_slice(signal, start + low, middle))
    if below:
        parts.append(f"{below}'b0")
    return parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"


def _slice(signal: str, first: int, bits: int) -> str:
    return f"{signal}[{first + bits - 1}:{first}]" if bits > 1 else f"{signal}[{first}]"
