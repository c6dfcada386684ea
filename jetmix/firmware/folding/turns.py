"""Corner turns: K beats of K lanes become K beats in which lanes and beats have changed places.

Beats and lanes are numbered in mixed radix, with the same digits. Each step of a turn exchanges one
digit of the beat with that digit of the lane: lanes are delayed by their digit, a multiplexer of as
many inputs as the radix sends each to the lane of its old beat, and delays line the beats up again.
A value waits K - 1 clocks in all, the least that a turn can take, and each bit of a beat has K - 1
registers, the fewest that hold what must wait. They stay registers, of which a slice has two for
each LUT: shift registers made of LUT would take one for three to seven of them.
"""

from dataclasses import dataclass
from math import prod

# a LUT6 is a multiplexer of four, so that two digits of two cost as much as one of four
LARGEST_POWER = 4


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a turn.

    Attributes:
        radix: number of values of the digit, and inputs of its multiplexers.
        apart: clocks, and lanes, from one value of the digit to the next.
    """

    radix: int
    apart: int

    @property
    def clocks(self) -> int:
        """Clocks that a value takes through the step."""
        return (self.radix - 1) * self.apart


def steps_of(fold: int) -> tuple[Step, ...]:
    """Return the steps of a turn of ``fold`` beats, the largest multiplexers first."""
    radices = sorted(_radices(fold), reverse=True)
    return tuple(
        Step(radix=radix, apart=prod(radices[:place])) for place, radix in enumerate(radices)
    )


def _radices(fold: int) -> list[int]:
    found, rest = [], fold
    for radix in (LARGEST_POWER, *range(2, fold + 1)):
        while rest % radix == 0:
            found.append(radix)
            rest //= radix
    return found
