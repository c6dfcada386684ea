"""Reads the high-level sets as they are published: ARFF and parquet (OpenML), HDF5 (CERNBox)."""

import csv
import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import h5py
import numpy as np

from jetmix.data.jet_table import reading
from jetmix.data.schema import (
    CLASS_NAMES,
    HIGH_LEVEL_FEATURES,
    JET_PREFIX,
    LABEL_COLUMNS,
    nearest,
)
from jetmix.errors import DataError, ToolMissingError
from jetmix.support.arrays import Float64, Ints

CERNBOX_TABLE = "t_allpar_new"
CLASS_COLUMN = "class"
_BLOCK_ROWS = 50_000
_GIVE = "give the set as OpenML 42468 or CERNBox publishes it"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Consecutive rows: the sixteen features in their order, and the class index of each."""

    x: Float64
    y: Ints


def is_high_level(path: Path) -> bool:
    """Return whether a file is one of the published high-level sets, by its kind."""
    if path.suffix in (".arff", ".parquet", ".pq"):
        return True
    return path.is_file() and h5py.is_hdf5(path) and _has_cernbox_table(path)


def _has_cernbox_table(path: Path) -> bool:
    try:
        with h5py.File(path, "r", locking=False) as handle:
            return isinstance(handle.get(CERNBOX_TABLE, getlink=True), h5py.HardLink)
    except OSError:
        return False


def high_level_set(path: Path) -> str:
    """Return openml or cernbox: the two differ and must never be mixed in one table."""
    return "openml" if path.suffix in (".arff", ".parquet", ".pq") else "cernbox"


def rows_of(path: Path) -> Iterator[Rows]:
    """Yield the jets of a published file block by block.

    Raises:
        DataError: if it cannot be read, lacks a column, or holds what is no number or class.
        ToolMissingError: if it is parquet and pyarrow is not installed.
    """
    if not path.is_file():
        raise DataError("no such file", where=path, mend=_GIVE)
    if path.suffix == ".arff":
        blocks = _arff(path)
    elif high_level_set(path) == "openml":
        blocks = _parquet(path)
    else:
        blocks = _cernbox(path)
    start = 0
    for rows in blocks:
        _check(path, rows, start)
        start += len(rows.y)
        yield rows


def _check(path: Path, rows: Rows, start: int) -> None:
    bad = ~np.isfinite(rows.x)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise DataError(
            f"{HIGH_LEVEL_FEATURES[column]} is not a finite number",
            where=f"{path} row {start + row}",
            mend=_GIVE,
        )


def _columns(path: Path, names: Sequence[str], needed: Sequence[str]) -> list[int]:
    """Return where the needed columns are, with or without the prefix j_."""
    plain = [name.removeprefix(JET_PREFIX) for name in names]
    for name in needed:
        if name.removeprefix(JET_PREFIX) not in plain:
            raise DataError(
                f"has no column {name}{nearest(name, list(names))}", where=path, mend=_GIVE
            )
    return [plain.index(name.removeprefix(JET_PREFIX)) for name in needed]


def _classes(path: Path, words: Sequence[Any], start: int) -> Ints:
    known = {name.lower(): index for index, name in enumerate(CLASS_NAMES)}
    found = np.empty(len(words), np.int64)
    for row, word in enumerate(words):
        text = word.decode() if isinstance(word, bytes) else str(word)
        index = known.get(text.strip(" '\"").lower())
        if index is None:
            raise DataError(
                f"the class is {text!r}, not one of {' '.join(known)}",
                where=f"{path} row {start + row}",
                mend=_GIVE,
            )
        found[row] = index
    return found


def _arff(path: Path) -> Iterator[Rows]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            names = _arff_header(path, handle)
            columns = _columns(path, names, (*HIGH_LEVEL_FEATURES, CLASS_COLUMN))
            start = 0
            block: list[list[str]] = []
            for line in csv.reader(handle, skipinitialspace=True):
                if not line or line[0].startswith("%"):
                    continue
                if len(line) != len(names):
                    raise DataError(
                        f"has {len(line)} values for {len(names)} columns",
                        where=f"{path} row {start + len(block)}",
                        mend=_GIVE,
                    )
                block.append([line[column] for column in columns])
                if len(block) == _BLOCK_ROWS:
                    yield _text_rows(path, block, start)
                    start, block = start + len(block), []
            if block:
                yield _text_rows(path, block, start)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"not an ARFF file ({error})", where=path, mend=_GIVE) from error


def _arff_header(path: Path, handle: TextIO) -> list[str]:
    names = []
    for line in handle:
        word = line.strip()
        if word.lower().startswith("@attribute"):
            match = re.match(r"@attribute\s+(?:'([^']+)'|\"([^\"]+)\"|(\S+))", word, re.IGNORECASE)
            names.append(next(name for name in match.groups() if name) if match else word)
        elif word.lower().startswith("@data"):
            return names
    raise DataError("not an ARFF file (no @DATA)", where=path, mend=_GIVE)


def _text_rows(path: Path, block: list[list[str]], start: int) -> Rows:
    try:
        x = np.array([line[:-1] for line in block], np.float64)
    except ValueError as error:
        raise DataError(
            f"a value is no number ({error})",
            where=f"{path} rows {start} to {start + len(block) - 1}",
            mend=_GIVE,
        ) from error
    return Rows(x=x, y=_classes(path, [line[-1] for line in block], start))


def _parquet(path: Path) -> Iterator[Rows]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ToolMissingError(
            "pyarrow is not installed, and parquet needs it",
            mend="pip install 'jetmix[parquet]', or give the ARFF file of the same set",
        ) from None
    needed = (*HIGH_LEVEL_FEATURES, CLASS_COLUMN)
    try:
        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names
        wanted = [names[column] for column in _columns(path, names, needed)]
        start = 0
        for batch in file.iter_batches(batch_size=_BLOCK_ROWS, columns=wanted):
            found = batch.to_pydict()
            x = np.array([found[name] for name in wanted[:-1]], np.float64).T
            yield Rows(x=x, y=_classes(path, found[wanted[-1]], start))
            start += len(x)
    except (OSError, ValueError, TypeError) as error:
        # errors of pyarrow are OSError and ValueError
        raise DataError(f"not a readable parquet file ({error})", where=path, mend=_GIVE) from error


def _cernbox(path: Path) -> Iterator[Rows]:
    with reading(path), h5py.File(path, "r", locking=False) as handle:
        table = handle[CERNBOX_TABLE]
        names = table.dtype.names or ()
        wanted = [names[i] for i in _columns(path, names, (*HIGH_LEVEL_FEATURES, *LABEL_COLUMNS))]
        for start in range(0, len(table), _BLOCK_ROWS):
            found = table.fields(wanted)[start : start + _BLOCK_ROWS]
            values = np.stack([found[name].astype(np.float64) for name in wanted], axis=1)
            x, labels = values[:, : len(HIGH_LEVEL_FEATURES)], values[:, len(HIGH_LEVEL_FEATURES) :]
            yield Rows(x=x, y=_one_hot(path, labels, start))


def _one_hot(path: Path, labels: Float64, start: int) -> Ints:
    from jetmix.data.checks import classes_of

    return classes_of(labels, path=path, start=start)
