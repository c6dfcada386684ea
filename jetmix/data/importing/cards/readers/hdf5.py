"""HDF5 files: one dataset per column, tables of named fields, and tables that pandas wrote."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from jetmix.data.importing.cards.columns import Block, Field, Table, check_lengths, shape_text
from jetmix.data.importing.cards.readers import pandas_tables
from jetmix.data.importing.cards.readers.common import reading, unpack
from jetmix.support.arrays import AnyArray

KIND = "HDF5"
_CACHE_BYTES = 32 * 2**20  # of each dataset
TOP = "/"


def tables(path: Path) -> tuple[Table, ...]:
    """Return the tables of a file: groups of datasets, compound datasets, tables of pandas."""
    with reading(path, KIND), h5py.File(path, "r", locking=False) as handle:
        return tuple(_tables(handle, path))


def _tables(group: h5py.Group, path: Path) -> Iterator[Table]:
    name = str(group.name).strip("/") or TOP
    if pandas_tables.is_table(group):
        yield pandas_tables.described(group, path, name)
        return
    plain, inside = [], []
    for key in group:
        member = _member(group, key)
        if isinstance(member, h5py.Group):
            inside.append(member)
        elif member is not None and member.dtype.names is not None and member.ndim == 1:
            inner = [(part, member.dtype[part]) for part in member.dtype.names]
            fields = tuple(Field(part, t.base.name, shape_text(t.shape)) for part, t in inner)
            yield Table(str(member.name).strip("/"), len(member), fields)
        elif member is not None and member.ndim > 0:
            plain.append(Field(key, member.dtype.name, shape_text(member.shape[1:])))
    if plain:
        yield Table(name, max(group[field.name].shape[0] for field in plain), tuple(plain))
    for member in inside:
        yield from _tables(member, path)


def _member(group: h5py.Group, key: str) -> Any:
    """Return a member that lies in this very file: links to elsewhere could read any file."""
    if not isinstance(group.get(key, getlink=True), h5py.HardLink):
        return None
    member = group[key]
    if isinstance(member, h5py.Dataset) and (member.external or member.is_virtual):
        return None
    return member


def blocks(path: Path, table: str, columns: Sequence[str], rows: int) -> Iterator[Block]:
    """Yield the columns of a table, ``rows`` rows at a time."""
    # a chunk may hold many blocks: kept, it is unpacked once
    with (
        reading(path, KIND),
        h5py.File(path, "r", locking=False, rdcc_nbytes=_CACHE_BYTES) as handle,
    ):
        found = handle[table]
        if isinstance(found, h5py.Dataset):
            unpack(found)
            for start in range(0, len(found), rows):
                piece = found.fields(list(columns))[start : start + rows]
                yield {name: piece[name] for name in columns}
        elif pandas_tables.is_table(found):
            yield from pandas_tables.blocks(found, path, columns, rows)
        else:
            yield from _datasets({name: found[name] for name in columns}, path, rows)


def _datasets(found: dict[str, h5py.Dataset], path: Path, rows: int) -> Iterator[Block]:
    n_jets = check_lengths({name: np.empty(len(data)) for name, data in found.items()}, str(path))
    for data in found.values():
        unpack(data)
    for start in range(0, n_jets, rows):
        yield {name: _texts_decoded(data[start : start + rows]) for name, data in found.items()}


def _texts_decoded(values: Any) -> AnyArray:
    array = np.asarray(values)
    return array.astype(np.str_) if array.dtype.kind in "OS" else array
