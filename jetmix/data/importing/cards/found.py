"""Looks into a file: what of it a card could use for what."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.data.importing.cards.card import COORDINATES
from jetmix.data.importing.cards.columns import Block, Column, Jagged, Table
from jetmix.data.importing.cards.readers.registry import FORMATS
from jetmix.data.importing.cards.scope import NUMBERS
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray
from jetmix.support.records import toml_text

LOOKED_AT = 1000
# a column with more different values is no class
_MOST_CLASSES = 30
_FEWEST_NUMBERED = 4
_READABLE = re.compile(
    r"(u?int\d*|float\d*|double|halffloat|bool|text|(large_)?string|str\d*|bytes\d*|object)"
)
_ALIASES = {"energy": "e", "m": "mass"}


@dataclass(frozen=True, kw_only=True)
class Found:
    """What stands in a file, sorted by what a card can use it for.

    Attributes:
        inside: columns with a value per constituent.
        jets: columns of numbers with a value per jet.
        words: columns of words with a value per jet.
        arrays: arrays whose last axis has no names in the file, and the names to begin with.
        series: numbered columns.
    """

    block: Block
    inside: dict[str, Column]
    jets: dict[str, AnyArray]
    words: dict[str, AnyArray]
    arrays: dict[str, list[str]]
    series: dict[str, str]


def look(path: Path, format_name: str, table: Table) -> Found:
    """Read the first jets of a table and sort its columns.

    Raises:
        DataError: if there is nothing that a card could use.
    """
    readable = [f.name for f in table.fields if _READABLE.fullmatch(f.type.partition("[")[0])]
    blocks = FORMATS[format_name].blocks(path, table.name, readable, LOOKED_AT)
    block = next(blocks, {}) if readable else {}
    if not block:
        raise DataError(
            "holds no rows of numbers or words", where=path, mend="give a file with jets"
        )
    found = Found(block=block, inside={}, jets={}, words={}, arrays={}, series=_series(block))
    numbered = [re.compile(re.escape(p).replace(r"\*", r"\d+")) for p in found.series.values()]
    for name, column in block.items():
        if not any(pattern.fullmatch(name) for pattern in numbered):
            _sort_in(found, name, column)
    for name, pattern in found.series.items():
        columns = [c for n, c in block.items() if re.fullmatch(digits(pattern), n)]
        found.inside[name] = np.stack([np.asarray(column) for column in columns], axis=1)
    return found


def digits(pattern: str) -> str:
    """Return the regular expression of a family of numbered columns."""
    return re.escape(pattern).replace(r"\*", r"\d+")


def _sort_in(found: Found, name: str, column: Column) -> None:
    values = column.values if isinstance(column, Jagged) else column
    depth = values.ndim + isinstance(column, Jagged)
    if values.dtype.kind not in NUMBERS:
        if depth == 1:
            found.words[name] = values
    elif depth == 1:
        found.jets[name] = values
    elif depth == 2:
        found.inside[name] = column
    elif depth == 3:
        names = [f"{name}_{place}" for place in range(values.shape[-1])]
        found.arrays[name] = names
        for place, part in enumerate(names):
            last = values[..., place]
            found.inside[part] = Jagged(last, column.counts) if isinstance(column, Jagged) else last


def _series(block: Block) -> dict[str, str]:
    """Return the families of numbered columns, such as E_0 to E_199."""
    families: dict[str, int] = {}
    for name in block:
        match = re.fullmatch(r"(.*?)(\d+)", name)
        if match:
            families[f"{match[1]}*"] = families.get(f"{match[1]}*", 0) + 1
    return {
        pattern.rstrip("*").rstrip("_") or "value": pattern
        for pattern, count in families.items()
        if count >= _FEWEST_NUMBERED
    }


def word(value: object) -> str:
    """Return a word of a file as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def momentum_of(names: Sequence[str]) -> dict[str, str]:
    """Return coordinate: column of a whole four-momentum with one prefix, or nothing."""
    families: dict[str, dict[str, str]] = {}
    for name in names:
        found = coordinate(name)
        if found:
            families.setdefault(_prefix(name), {})[found] = name
    for choice in COORDINATES:
        for family in families.values():
            if set(choice) <= set(family):
                return {part: family[part] for part in choice}
    return {}


def coordinate(name: str) -> str:
    """Return which coordinate of a four-momentum a column is by its name, "" for none."""
    last = re.split(r"[_.]", name.lower())[-1]
    known = _ALIASES.get(last, last)
    return known if any(known in choice for choice in COORDINATES) else ""


def _prefix(name: str) -> str:
    return name[: len(name) - len(re.split(r"[_.]", name)[-1])]


def candidates(found: Found) -> dict[str, dict[str, str]]:
    """Return column: class: value of the columns that could hold a class."""
    known: dict[str, dict[str, str]] = {}
    for name, column in (found.words | found.jets).items():
        values = np.unique(column)
        if not 2 <= len(values) <= _MOST_CLASSES:
            continue
        if name in found.words:
            known[name] = {word(v): toml_text(word(v)) for v in values}
        elif (values == np.round(values)).all():
            known[name] = {f"class_{int(v)}": str(int(v)) for v in values}
    return known


def one_hot(found: Found) -> dict[str, str]:
    """Return class: column of a family of columns of which one is 1 in each jet."""
    families: dict[str, list[str]] = {}
    for name, values in found.jets.items():
        if np.isin(values, (0, 1)).all():
            families.setdefault(re.split(r"[_.]", name)[0], []).append(name)
    for prefix, names in families.items():
        if len(names) > 1 and bool(np.all(np.sum([found.jets[n] for n in names], axis=0) == 1)):
            return {n.removeprefix(prefix).strip("_.") or n: n for n in names}
    return {}


def quoted(name: str) -> str:
    """Return a column as a formula names it."""
    return name if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else f"`{name}`"
