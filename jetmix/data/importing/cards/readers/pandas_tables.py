"""DataFrames that pandas wrote into HDF5, in its formats "table" and "fixed".

Column names are stored there as pickles. They are picked out of the pickle's text; nothing is ever
unpickled, since that can run any code.
"""

import pickletools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from jetmix.data.importing.cards.columns import Block, Field, Table
from jetmix.data.importing.cards.readers.common import unpack
from jetmix.errors import DataError

_TABLE, _FIXED = "frame_table", "frame"
_INDEX = "index"
# opcodes of a pickle that is a list of texts and nothing else
_TEXTS = frozenset(
    ("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE")
)
_AROUND = frozenset(
    ("PROTO", "FRAME", "MARK", "EMPTY_LIST", "LIST", "APPEND", "APPENDS", "STOP",
     "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE")
)  # fmt: skip


def is_table(group: h5py.Group) -> bool:
    """Return whether a group is a DataFrame of pandas."""
    return _kind(group) in (_TABLE, _FIXED)


def described(group: h5py.Group, path: Path, name: str) -> Table:
    """Return the columns of a DataFrame."""
    data = next(iter(_columns(group, path).values()), None)
    rows = 0 if data is None else len(data[0])
    fields = tuple(
        Field(column, _dtype(data, part).base.name)
        for column, (data, part, _) in _columns(group, path).items()
    )
    return Table(name, rows, fields)


def blocks(group: h5py.Group, path: Path, columns: Sequence[str], rows: int) -> Iterator[Block]:
    """Yield columns of a DataFrame, ``rows`` rows at a time."""
    found = _columns(group, path)
    data = found[columns[0]][0]
    for start in range(0, len(data), rows):
        pieces: dict[tuple[str, str], Any] = {}
        block: Block = {}
        for column in columns:
            data, part, place = found[column]
            key = (str(data.name), part)
            if key not in pieces:
                unpack(data)
                # the fields of a row lie together: all are read, only the needed ones are kept
                piece = data[start : start + rows]
                pieces[key] = piece[part] if part else piece
            values = pieces[key]
            block[column] = values if values.ndim == 1 else np.ascontiguousarray(values[:, place])
        yield block


# column: (dataset, field of its rows or "", place in that field)
_Places = dict[str, tuple[h5py.Dataset, str, int]]


def _kind(group: h5py.Group) -> str:
    value = group.attrs.get("pandas_type", "")
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _columns(group: h5py.Group, path: Path) -> _Places:
    return _of_table(group, path) if _kind(group) == _TABLE else _of_fixed(group, path)


def _of_table(group: h5py.Group, path: Path) -> _Places:
    data = group["table"]
    found: _Places = {}
    for part in data.dtype.names:
        if part == _INDEX:
            continue
        width = int(np.prod(data.dtype[part].shape, dtype=int)) if data.dtype[part].shape else 1
        names = (
            _names(data.attrs.get(f"{part}_kind"), path) if part.startswith("values_") else [part]
        )
        if len(names) != width:
            raise DataError(
                f"names {len(names)} columns for the {width} of {part}",
                where=path,
                mend="write the table again with DataFrame.to_hdf(format='table')",
            )
        found |= {name: (data, part, place) for place, name in enumerate(names)}
    return found


def _of_fixed(group: h5py.Group, path: Path) -> _Places:
    found: _Places = {}
    for key in group:
        if key.startswith("block") and key.endswith("_items"):
            names = [n.decode() if isinstance(n, bytes) else str(n) for n in group[key][:]]
            data = group[key.removesuffix("_items") + "_values"]
            if data.dtype.kind not in "fiub" or data.shape[1:] != (len(names),):
                raise DataError(
                    f"the columns {', '.join(names[:3])} hold Python objects",
                    where=path,
                    mend="write them as numbers",
                )
            found |= {name: (data, "", place) for place, name in enumerate(names)}
    return found


def _dtype(data: h5py.Dataset, part: str) -> np.dtype[Any]:
    found: np.dtype[Any] = data.dtype[part] if part else data.dtype
    return found


def _names(pickled: Any, path: Path) -> list[str]:
    """Return the texts of a pickled list of texts, without unpickling it."""
    content = bytes(pickled) if isinstance(pickled, bytes) else b""
    names = []
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name in _TEXTS:
            names.append(str(argument))
        elif opcode.name not in _AROUND:
            raise DataError(
                f"its column names are no plain list of texts (a pickle with {opcode.name})",
                where=path,
                mend="write the table again with plain names, or as Parquet",
            )
    return names
