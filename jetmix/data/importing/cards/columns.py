"""What readers give: columns of jets, in blocks of rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Ints


@dataclass(frozen=True)
class Jagged:
    """A column that holds a number of values per jet.

    Attributes:
        values: (value, ...) of all jets, one jet after the other.
        counts: int64 (jet,) values of each jet.
    """

    values: AnyArray
    counts: Ints

    def __len__(self) -> int:
        """Return the number of jets."""
        return len(self.counts)


# an array has one row per jet
Column = AnyArray | Jagged
Block = dict[str, Column]


@dataclass(frozen=True)
class Field:
    """A column as the file describes it.

    Attributes:
        name: of the column.
        type: of its values, such as float32.
        shape: of the values of one jet, such as "16, 20" or "var"; "" for one value.
    """

    name: str
    type: str
    shape: str = ""


@dataclass(frozen=True)
class Table:
    """A table of a file: a TTree, a Parquet file, a group or table of HDF5.

    Attributes:
        name: as a card names it; "" where a file holds only one.
        rows: number of jets; None where only reading the whole file would tell.
        fields: its columns.
    """

    name: str
    rows: int | None
    fields: tuple[Field, ...]

    @property
    def names(self) -> list[str]:
        """Return the names of the columns."""
        return [entry.name for entry in self.fields]


def shape_text(shape: tuple[Any, ...]) -> str:
    """Return the shape of one row as text."""
    return ", ".join(str(size) for size in shape)


def as_jagged(column: Column) -> Jagged:
    """Return a column of one list per jet; an array (jet, particle, ...) has equally long ones."""
    if isinstance(column, Jagged):
        return column
    n_jets, width = column.shape[:2]
    flat = column.reshape(n_jets * width, *column.shape[2:])
    return Jagged(flat, np.full(n_jets, width, np.int64))


def sliced(column: Column, start: int, stop: int) -> Column:
    """Return the jets from ``start`` to ``stop`` of a column."""
    if not isinstance(column, Jagged):
        return column[start:stop]
    first = int(column.counts[:start].sum())
    counts = column.counts[start:stop]
    return Jagged(column.values[first : first + int(counts.sum())], counts)


def check_lengths(block: Block, where: str) -> int:
    """Return the number of rows of a block.

    Raises:
        DataError: if two columns differ.
    """
    lengths = {name: len(column) for name, column in block.items()}
    first, rows = next(iter(lengths.items()), ("", 0))
    for name, length in lengths.items():
        if length != rows:
            raise DataError(
                f"{name} has {length} rows, {first} has {rows}",
                where=where,
                mend="give arrays with one row per jet",
            )
    return rows
