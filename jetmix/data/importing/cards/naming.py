"""Finds the columns that a card names in the columns that a file has."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from jetmix.data.formulas.expressions import Expression
from jetmix.data.importing.cards.card import SourceSection
from jetmix.data.importing.cards.card_file import CardText
from jetmix.data.importing.cards.columns import Block, Column, Jagged, Table
from jetmix.data.importing.cards.formulas import CardFormulas, derived_names
from jetmix.data.schema import nearest
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray

_SHOWN = 12
_LISTS = 2  # axes of an array with names on its last one


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Where each column that a card names stands in a file.

    Attributes:
        plain: columns of the file that keep their name.
        parts: name: (array of the file, place on its last axis).
        series: name: columns of the file, one per constituent.
        widths: array of the file: number of names of its last axis.
    """

    plain: tuple[str, ...]
    parts: dict[str, tuple[str, int]]
    series: dict[str, tuple[str, ...]]
    widths: dict[str, int]

    @property
    def columns(self) -> list[str]:
        """Return the columns of the file that have to be read."""
        found = [*self.plain, *(array for array, _ in self.parts.values())]
        return list(dict.fromkeys([*found, *(n for names in self.series.values() for n in names)]))

    def named(self, block: Block, file: str) -> Block:
        """Return the columns of a block under the card's names.

        Raises:
            DataError: if an array's last axis is not as long as its list of names.
        """
        found: Block = {name: block[name] for name in self.plain}
        for name, (array, place) in self.parts.items():
            found[name] = _part(block[array], place, self.widths[array], f"{file} {array}")
        for name, columns in self.series.items():
            found[name] = np.stack([np.asarray(block[column]) for column in columns], axis=1)
        return found


def _part(column: Column, place: int, width: int, where: str) -> Column:
    values = column.values if isinstance(column, Jagged) else column
    if values.ndim < _LISTS or values.shape[-1] != width:
        raise DataError(
            f"its last axis does not have the {width} entries that the card names",
            where=where,
            mend="name every entry of the last axis, in its order",
        )
    part: AnyArray = values[..., place]
    return Jagged(part, column.counts) if isinstance(column, Jagged) else part


def naming(text: CardText, formulas: CardFormulas, table: Table, file: str) -> Naming:
    """Return where the columns that a card needs stand in a table.

    Args:
        text: the card.
        formulas: its formulas.
        table: the table as its file describes it.
        file: the file, for messages.

    Raises:
        DataError: naming card line and file of a column that is not there, with the nearest one.
    """
    source = text.card.source
    parts = _parts(text, source, table, file)
    series = {n: _numbered(text, n, p, table, file) for n, p in source.series.items()}
    known = [*table.names, *parts, *series]
    needed: dict[str, None] = {}
    for formula, beside in _formulas(text, formulas):
        for name in sorted(formula.names):
            if name in known:
                needed[name] = None
            elif name not in beside:
                raise _absent(name, [*known, *beside], formula.where, file)
    for name, where in _plain_columns(text):
        if name not in known:
            raise _absent(name, known, where, file)
        needed[name] = None
    return Naming(
        plain=tuple(n for n in needed if n not in parts and n not in series),
        parts={name: place for name, place in parts.items() if name in needed},
        series={name: columns for name, columns in series.items() if name in needed},
        widths={array: len(names) for array, names in source.arrays.items()},
    )


def _formulas(
    text: CardText, formulas: CardFormulas
) -> Iterator[tuple[Expression, tuple[str, ...]]]:
    """Yield each formula and the names that it may use beside the columns of the file."""
    inside = formulas.constituents
    if inside is not None:
        derived = derived_names(text, jets=False)
        yield from ((formula, ()) for formula in (*inside.of_columns(), *inside.axis.values()))
        yield from ((formula, derived) for formula in inside.features.values())
        yield from ((formula, (*derived, *inside.features)) for formula in inside.choices())
    derived = derived_names(text, jets=True)
    yield from ((formula, derived) for formula in formulas.features.values())
    yield from ((formula, (*derived, *formulas.features)) for formula in formulas.choices())


def _plain_columns(text: CardText) -> Iterable[tuple[str, str]]:
    card = text.card
    if card.labels is not None and card.labels.column:
        yield card.labels.column, text.where("labels", "column")
    if card.split.column:
        yield card.split.column, text.where("split", "column")


def _absent(name: str, known: Sequence[str], where: str, file: str) -> DataError:
    known = list(dict.fromkeys(known))
    hint = nearest(name, known)
    more = ", ..." if len(known) > _SHOWN else ""
    return DataError(
        f"{file} has no column {name!r}{hint}",
        where=where,
        mend=f"name one of {', '.join(known[:_SHOWN])}{more}",
    )


def _parts(
    text: CardText, source: SourceSection, table: Table, file: str
) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    shapes = {entry.name: entry.shape for entry in table.fields}
    for array, names in source.arrays.items():
        where = text.where("source", "arrays", array)
        if array not in shapes:
            raise _absent(array, table.names, where, file)
        last = shapes[array].split(", ")[-1]
        if last != "var" and last != str(len(names)):
            raise DataError(
                f"{len(names)} names for the array {array} of {file}, whose last axis has "
                f"{last or 'no'} entries",
                where=where,
                mend="name every entry of the last axis, in its order",
            )
        found |= {name: (array, place) for place, name in enumerate(names)}
    return found


def _numbered(text: CardText, name: str, pattern: str, table: Table, file: str) -> tuple[str, ...]:
    before, _, after = pattern.partition("*")
    shape = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
    found = {int(m[1]): column for column in table.names if (m := shape.fullmatch(column))}
    if not found:
        raise _absent(pattern, table.names, text.where("source", "series", name), file)
    return tuple(found[number] for number in sorted(found))
