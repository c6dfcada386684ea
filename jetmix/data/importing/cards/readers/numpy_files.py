"""NumPy files, .npz and .npy, read in pieces; pickled objects are refused."""

import contextlib
import math
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from jetmix.data.importing.cards.columns import Block, Field, Table, check_lengths, shape_text
from jetmix.data.importing.cards.readers.common import MEND, reading
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray

KIND = "NumPy"
# what the one array of an .npy file is called in a card
SINGLE = "array"


@dataclass(frozen=True)
class _Array:
    """An array that is read row by row from a stream."""

    stream: IO[bytes]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    # columns first: can only be read whole
    whole: bool

    def rows(self, count: int) -> AnyArray:
        if self.dtype.itemsize == 0:
            raise ValueError("an array of nothing")
        size = count * math.prod(self.shape[1:]) * self.dtype.itemsize
        content = self.stream.read(size)
        if len(content) != size:
            raise ValueError("ends before its last row")
        return np.frombuffer(content, self.dtype).reshape(count, *self.shape[1:])


def tables(path: Path) -> tuple[Table, ...]:
    """Return the arrays of a file as one table; of a structured array, its fields."""
    with reading(path, KIND), _arrays(path) as arrays:
        rows = {array.shape[0] for array in arrays.values() if array.shape}
        fields = tuple(field for name, array in arrays.items() for field in _fields(name, array))
        return (Table("", max(rows, default=0), fields),)


def _fields(name: str, array: _Array) -> Iterator[Field]:
    if array.dtype.names is None:
        yield Field(name, array.dtype.name, shape_text(array.shape[1:]))
        return
    for part in array.dtype.names:
        inner = array.dtype[part]
        yield Field(part, inner.base.name, shape_text(inner.shape))


def blocks(path: Path, _table: str, columns: Sequence[str], rows: int) -> Iterator[Block]:
    """Yield the arrays, ``rows`` rows at a time."""
    with reading(path, KIND), _arrays(path) as found:
        owner = {
            field.name: name for name, array in found.items() for field in _fields(name, array)
        }
        used = {owner[name]: found[owner[name]] for name in columns}
        whole = {name: _whole(path, name) for name, array in used.items() if array.whole}
        # lengths are compared before anything is read
        n_jets = check_lengths({n: np.empty(a.shape[:1]) for n, a in used.items()}, str(path))
        for start in range(0, n_jets, rows):
            stop = min(start + rows, n_jets)
            pieces = {
                name: whole[name][start:stop] if name in whole else array.rows(stop - start)
                for name, array in used.items()
            }
            yield {name: _part(pieces[owner[name]], name) for name in columns}


def _part(piece: AnyArray, name: str) -> AnyArray:
    return piece if piece.dtype.names is None else piece[name]


@contextlib.contextmanager
def _arrays(path: Path) -> Iterator[dict[str, _Array]]:
    with contextlib.ExitStack() as stack:
        if path.suffix == ".npy":
            yield {SINGLE: _opened(path, SINGLE, stack.enter_context(path.open("rb")))}
            return
        archive = stack.enter_context(zipfile.ZipFile(path))
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        yield {
            name.removesuffix(".npy"): _opened(path, name, stack.enter_context(archive.open(name)))
            for name in names
        }


def _opened(path: Path, name: str, stream: IO[bytes]) -> _Array:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
        version, np.lib.format.read_array_header_2_0
    )
    shape, columns_first, dtype = read(stream)
    if dtype.hasobject:
        raise DataError(
            f"{name} holds pickled Python objects, which are never opened",
            where=path,
            mend="store plain arrays of numbers, padded with zeros",
        )
    if not shape:
        raise DataError(f"{name} is a single number", where=path, mend=MEND)
    return _Array(stream, shape, dtype, columns_first and len(shape) > 1)


def _whole(path: Path, name: str) -> AnyArray:
    loaded = np.load(path, allow_pickle=False)
    return np.asarray(loaded if name == SINGLE and path.suffix == ".npy" else loaded[name])
