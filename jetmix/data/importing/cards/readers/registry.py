"""The table of file formats."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jetmix.data.importing.cards.columns import Block, Table
from jetmix.data.importing.cards.readers import csv_files, hdf5, numpy_files, parquet, root
from jetmix.errors import DataError
from jetmix.support.records import suggestion


@dataclass(frozen=True, kw_only=True)
class Format:
    """A file format.

    Attributes:
        suffixes: file names that end so are of this format.
        tables: gives the tables of a file with their columns.
        blocks: yields the named columns of a table in blocks of at most so many rows.
    """

    suffixes: tuple[str, ...]
    tables: Callable[[Path], tuple[Table, ...]]
    blocks: Callable[[Path, str, Sequence[str], int], Iterator[Block]]


FORMATS = {
    "root": Format(suffixes=(".root",), tables=root.tables, blocks=root.blocks),
    "parquet": Format(suffixes=(".parquet", ".pq"), tables=parquet.tables, blocks=parquet.blocks),
    "hdf5": Format(suffixes=(".h5", ".hdf5"), tables=hdf5.tables, blocks=hdf5.blocks),
    "numpy": Format(
        suffixes=(".npz", ".npy"), tables=numpy_files.tables, blocks=numpy_files.blocks
    ),
    "csv": Format(
        suffixes=(".csv", ".tsv", ".txt"), tables=csv_files.tables, blocks=csv_files.blocks
    ),
}


def all_suffixes() -> tuple[str, ...]:
    """Return the endings of all files that can be read."""
    return tuple(suffix for entry in FORMATS.values() for suffix in entry.suffixes)


def format_of(path: Path) -> str:
    """Return the format of a file by its name.

    Raises:
        DataError: if it is none of the known ones.
    """
    for name, entry in FORMATS.items():
        if path.name.lower().endswith(entry.suffixes):
            return name
    raise DataError(
        f"is named like none of the formats {', '.join(FORMATS)}",
        where=path,
        mend=f"give files that end in {' '.join(all_suffixes())}, or name the format in the card",
    )


def table_of(path: Path, format_name: str, name: str) -> Table:
    """Return the table of a file that a card names; "" for the only one.

    Raises:
        DataError: if there is none of that name, or there are several to choose from.
    """
    tables = FORMATS[format_name].tables(path)
    if len(tables) == 1 and name in ("", tables[0].name):
        return tables[0]
    names = [table.name for table in tables]
    for table in tables:
        if name and table.name.strip("/") == name.strip("/"):
            return table
    if not tables:
        raise DataError("holds no table of columns", where=path, mend="give another file")
    if name:
        raise DataError(f"has no table {name!r}", where=path, mend=suggestion(name, names, "table"))
    raise DataError(
        f"holds the tables {', '.join(names)}",
        where=path,
        mend="name one of them in the card: [source] table = ...",
    )
