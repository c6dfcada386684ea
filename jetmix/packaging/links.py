"""Where the elements of a tagger lie in the words of optical links, and the file that says so.

A jet takes one clock: one word of every link that is used, and so does its answer.
"""

import difflib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetmix.errors import UsageError
from jetmix.packaging.network import Element, Network

LINK_BITS = 64
# links of the largest boards
MAX_LINKS = 128
SHAPE = "{ link = LINK, low = BIT }"


@dataclass(frozen=True, kw_only=True)
class Slot:
    """The place of an element: a link, and its lowest bit in the word of the link."""

    element: Element
    link: int
    low: int

    @property
    def high(self) -> int:
        """Its highest bit in the word."""
        return self.low + self.element.bits - 1


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """The places of all elements of which a bit is used, in their order."""

    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]

    @property
    def text(self) -> str:
        """The mapping as a file."""
        head = f"# Lowest bit of each element in the {LINK_BITS}-bit word of its link."
        return "\n".join([head, _section("inputs", self.inputs), _section("outputs", self.outputs)])


def mapping_of(network: Network, path: Path | None, n_links: int = MAX_LINKS) -> Mapping:
    """Return the mapping of a file; without one elements are packed in order, from link 0 on.

    Args:
        network: the tagger.
        path: a TOML file with a table ``inputs`` and, if outputs are not to be packed in order, one
            ``outputs``; an entry is ``identifier = { link = LINK, low = BIT }``.
        n_links: links of a board.

    Raises:
        UsageError: if the file is none, places an element nowhere, outside of a word or on another
            one, or if there are more elements than links can carry.
    """
    tables = {} if path is None else _read(path)
    sides = {"inputs": network.inputs, "outputs": network.outputs}
    for name in tables:
        if name not in sides:
            raise UsageError(
                f"{name!r} is no table of a mapping", where=path, mend="write inputs and outputs"
            )
    if path is not None and "inputs" not in tables:
        raise UsageError("there is no table 'inputs'", where=path, mend="add [inputs]")
    slots = {
        side: _placed(elements, tables[side], path, n_links)
        if side in tables
        else _packed(side, elements, n_links)
        for side, elements in sides.items()
    }
    return Mapping(inputs=slots["inputs"], outputs=slots["outputs"])


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"not readable as TOML ({error})", where=path, mend="mend it") from error


def _packed(side: str, elements: Sequence[Element], n_links: int) -> tuple[Slot, ...]:
    """Return places one after the other; no element is cut in two."""
    slots, link, low = [], 0, 0
    for element in _used(elements):
        if low + element.bits > LINK_BITS:
            link, low = link + 1, 0
        slot = Slot(element=element, link=link, low=low)
        _require_within(slot, None, link + 1)
        slots.append(slot)
        low += element.bits
    if link >= n_links:
        raise UsageError(
            f"the {side} fill {link + 1} links, and a board has {n_links}",
            mend="package a tagger with fewer or narrower inputs",
        )
    return tuple(slots)


def _placed(
    elements: Sequence[Element], table: Any, path: Path | None, n_links: int
) -> tuple[Slot, ...]:
    """Return the places that a table says."""
    if not isinstance(table, dict):
        raise UsageError("inputs and outputs are no tables", where=path, mend=f"fill in {SHAPE}")
    names = [element.identifier for element in elements]
    for name in table:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1) or names[:1]
            raise UsageError(
                f"there is no element {name!r}", where=path, mend=f"did you mean {near[0]!r}?"
            )
    slots = []
    for element in _used(elements):
        entry = table.get(element.identifier)
        if entry is None:
            raise UsageError(
                f"{element.identifier} ({element.name}) is left open",
                where=path,
                mend=f"add {element.identifier} = {SHAPE}",
            )
        if not _is_place(entry):
            raise UsageError(
                f"{element.identifier} has no place", where=path, mend=f"write it as {SHAPE}"
            )
        slot = Slot(element=element, **entry)
        _require_within(slot, path, n_links)
        slots.append(slot)
    _require_apart(slots, path)
    return tuple(slots)


def _used(elements: Sequence[Element]) -> list[Element]:
    return [element for element in elements if element.bits]


def _is_place(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) == {"link", "low"}
        and all(type(value) is int and value >= 0 for value in entry.values())
    )


def _require_within(slot: Slot, path: Path | None, n_links: int) -> None:
    name = slot.element.identifier
    if slot.high >= LINK_BITS:
        raise UsageError(
            f"{name} has {slot.element.bits} bits from bit {slot.low} on, and a word {LINK_BITS}",
            where=path,
            mend="place it lower, or narrow it",
        )
    if slot.link >= n_links:
        raise UsageError(
            f"{name} is on link {slot.link}, and a board has {n_links}",
            where=path,
            mend=f"name a link below {n_links}",
        )


def _require_apart(slots: Sequence[Slot], path: Path | None) -> None:
    taken: dict[tuple[int, int], str] = {}
    for slot in slots:
        for bit in range(slot.low, slot.high + 1):
            other = taken.setdefault((slot.link, bit), slot.element.identifier)
            if other != slot.element.identifier:
                raise UsageError(
                    f"bit {bit} of link {slot.link} is used by {other} and by "
                    f"{slot.element.identifier}",
                    where=path,
                    mend="move one of them",
                )


def _section(name: str, slots: Sequence[Slot]) -> str:
    lines = [f"\n[{name}]"]
    for slot in slots:
        element = slot.element
        sign = "signed" if element.signed else "unsigned"
        note = f"{element.name}: {element.bits} bits, {sign}, in units of 2^{-element.fraction}"
        lines.append(f"# {note}")
        lines.append(f"{element.identifier} = {{ link = {slot.link}, low = {slot.low} }}")
    return "\n".join(lines) + ("\n" if name == "outputs" else "")
