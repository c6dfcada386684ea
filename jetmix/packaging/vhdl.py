"""Pieces of VHDL that several targets write: ports of elements, their bits, and a decision."""

from collections.abc import Sequence

from jetmix.errors import UsageError
from jetmix.packaging.network import Element, integer_threshold, score_of
from jetmix.packaging.order import Threshold

# integers that every tool has: from -LARGEST to LARGEST
LARGEST = 2**31 - 1


def bits_of(elements: Sequence[Element]) -> int:
    """Return the width of the port that holds the elements."""
    return sum(element.bits for element in elements)


def ranges(elements: Sequence[Element]) -> list[tuple[Element, str]]:
    """Return each element that has bits with its range in the port that holds all of them."""
    found, first = [], 0
    for element in elements:
        if element.bits:
            found.append((element, f"{first + element.bits - 1} downto {first}"))
        first += element.bits
    return found


def vector(bits: int) -> str:
    """Return the type of so many bits, which other languages know too."""
    return f"std_logic_vector({bits - 1} downto 0)"


def port(direction: str, element: Element) -> str:
    """Return the declaration of an element as a port, with what its integer stands for."""
    sign = "signed" if element.signed else "unsigned"
    note = f"        -- {element.name}, {sign}, in units of 2^{-element.fraction}"
    return f"{note}\n        {element.identifier} : {direction} {vector(element.bits)}"


def connected(pairs: Sequence[tuple[str, str]]) -> str:
    """Return the assignments of the second of each pair to the first."""
    return "\n".join(f"    {target} <= {source};" for target, source in pairs)


def limit_of(outputs: Sequence[Element], threshold: Threshold) -> tuple[Element, str, int]:
    """Return the score that decides, the type of its integers in VHDL, and the least one.

    Raises:
        UsageError: if there is no such score, if it reaches the threshold always or never, or if
            VHDL has no such integer.
    """
    score = score_of(outputs, threshold)
    least = integer_threshold(score, threshold.value)
    if abs(least) > LARGEST:
        raise UsageError(
            f"threshold {threshold.value:g} of {score.name} is the integer {least}, and those of "
            f"VHDL end at {LARGEST}",
            mend="name a smaller one, or a score of 32 bits or fewer",
        )
    return score, "integer" if score.signed else "natural", least


def reached(score: Element, outputs: Sequence[Element], limit: str) -> str:
    """Return the condition that a score within ``model_out`` is at least ``limit``."""
    place = next(place for element, place in ranges(outputs) if element is score)
    return f"{'signed' if score.signed else 'unsigned'}(model_out({place})) >= {limit}"
