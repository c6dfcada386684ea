"""Text files with a header line and one jet per line."""

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from jetmix.data.importing.cards.columns import Block, Field, Table
from jetmix.data.importing.cards.readers.common import reading, texts
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray

KIND = "CSV"
_SAMPLE_LINES = 100
_DELIMITERS = ",;\t "


def tables(path: Path) -> tuple[Table, ...]:
    """Return the one table of a file, with types as its first lines have them."""
    with reading(path, KIND), path.open(encoding="utf-8", newline="") as handle:
        names, lines = _open(path, handle)
        sample = list(itertools.islice(lines, _SAMPLE_LINES))
        columns = zip(*sample, strict=True) if sample else [()] * len(names)
        kinds = ["text" if _values(column).dtype.kind == "U" else "float64" for column in columns]
        fields = tuple(Field(name, kind) for name, kind in zip(names, kinds, strict=True))
        return (Table("", None, fields),)


def blocks(path: Path, _table: str, columns: Sequence[str], rows: int) -> Iterator[Block]:
    """Yield the columns, ``rows`` lines at a time; a column of words stays text."""
    with reading(path, KIND), path.open(encoding="utf-8", newline="") as handle:
        names, lines = _open(path, handle)
        places = [names.index(name) for name in columns]
        while piece := list(itertools.islice(lines, rows)):
            yield {
                name: _values([line[place] for line in piece])
                for name, place in zip(columns, places, strict=True)
            }


def _open(path: Path, handle: TextIO) -> tuple[list[str], Iterator[list[str]]]:
    """Return the names of the header and the checked lines below it."""
    first = handle.readline()
    handle.seek(0)
    delimiter = max(_DELIMITERS, key=first.count)
    lines = csv.reader(handle, delimiter=delimiter, skipinitialspace=True)
    names = [name.strip().removeprefix("\ufeff") for name in next(lines, [])]
    if not any(names) or len(set(names)) != len(names):
        raise DataError(
            "its first line does not name the columns, each once",
            where=path,
            mend="begin the file with a line of column names",
        )
    return names, _checked(path, lines, len(names))


def _checked(path: Path, lines: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    for number, line in enumerate(lines, start=2):
        if not line:
            continue
        if len(line) != width:
            raise DataError(
                f"has {len(line)} values for {width} columns",
                where=f"{path} line {number}",
                mend="give every line one value per column",
            )
        yield line


def _values(words: Sequence[str]) -> AnyArray:
    try:
        return np.array(words, np.float64)
    except ValueError:
        return texts(words)
