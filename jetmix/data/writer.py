"""Writes files of the public schema, chunked so that few constituents are cheap to read."""

import contextlib
import errno
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from jetmix.data.schema import (
    CONSTITUENTS,
    JET_NAMES,
    JETS,
    PARTICLE_FEATURES,
    PARTICLE_NAMES,
    PARTICLE_PREFIX,
)
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray

CHUNK_JETS = 2500
CHUNK_CONSTITUENTS = 16
GZIP_LEVEL = 4
# holds a row of chunks while it fills up, where jets do not come in whole chunks
CACHE_BYTES = 64 * 2**20


class PatientFile(io.FileIO):
    """A file that keeps a failed write to itself until it is asked.

    The HDF5 library ends the process with a segmentation fault when the disk is full. With this
    file below it, it goes on to the next check, and the whole file is thrown away.
    """

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of ``data``, or remember why not."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while self.failure is None and done < len(view):
                done += self._put(view[done:])
        except OSError as error:
            self.failure = error
        return len(view)

    def _put(self, view: memoryview) -> int:
        return super().write(view) or 0

    def truncate(self, size: int | None = None) -> int:
        """Set the size of the file, or remember why not."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size or 0

    def check(self) -> None:
        """Raise the first failure, if there was one.

        Raises:
            OSError: as the write did.
        """
        if self.failure is not None:
            raise self.failure


@contextlib.contextmanager
def new_hdf5(
    path: Path, *, cache_bytes: int | None = None
) -> Iterator[tuple[h5py.File, PatientFile]]:
    """Yield a new HDF5 file and the file below it, which is checked in the end.

    Raises:
        DataError: if it cannot be written, for one when the disk is full.
    """
    with writing(path), PatientFile(path, "w+") as file:
        with h5py.File(file, "w", rdcc_nbytes=cache_bytes) as handle:
            yield handle, file
        file.check()


@dataclass
class JetWriter:
    """An open file that jets are appended to."""

    path: Path
    handle: h5py.File
    file: PatientFile
    written: int = 0

    def append(self, constituents: AnyArray, jets: AnyArray) -> None:
        """Append jets: (jet, particle, feature) and (jet, column).

        Raises:
            DataError: if a value does not fit into float16 where the file is in half precision.
            OSError: if the disk is full.
        """
        self.append_rows({CONSTITUENTS: constituents, JETS: jets})

    def append_rows(self, rows: Mapping[str, AnyArray]) -> None:
        """Append the rows of each dataset by its name; raises as :meth:`append` does."""
        n_jets = {len(values) for values in rows.values()}
        if len(n_jets) != 1:
            raise ValueError(f"rows of different lengths: {sorted(n_jets)}")
        stop = self.written + n_jets.pop()
        for name, values in rows.items():
            data = self.handle[name]
            data.resize(stop, axis=0)
            data[self.written : stop] = self._stored(values, data.dtype)
        self.written = stop
        self.file.check()

    def _stored(self, values: AnyArray, dtype: np.dtype[Any]) -> AnyArray:
        with np.errstate(over="ignore"):
            stored = values.astype(dtype)
        if np.isinf(stored).any() and not np.isinf(values).any():
            raise DataError(
                f"a value of {np.abs(values).max():.4g} does not fit into {dtype}",
                where=self.path,
                mend="store in full precision, in GeV, and remove broken values",
            )
        return stored


@contextlib.contextmanager
def jet_writer(
    path: Path,
    *,
    n_constituents: int,
    jet_columns: Sequence[str],
    half: bool,
    attributes: Mapping[str, object],
    cache_bytes: int | None = None,
) -> Iterator[JetWriter]:
    """Open a new file of the public schema, gzip-compressed, for jets to be appended.

    Args:
        path: the file; the caller renames it into place when the block ended well.
        n_constituents: constituents kept of each jet.
        jet_columns: names of the columns of ``jets``.
        half: keep the constituents as float16; jet columns stay float32.
        attributes: attributes of the file; what is no string is stored as JSON.
        cache_bytes: memory for chunks; CACHE_BYTES where jets do not come in whole chunks.

    Raises:
        DataError: if the file cannot be written, for one when the disk is full.
    """
    with new_hdf5(path, cache_bytes=cache_bytes) as (handle, file):
        # a chunk holds one feature: compresses a tenth better, and unused features stay unread
        create(handle, CONSTITUENTS, (n_constituents, len(PARTICLE_FEATURES)),
                (CHUNK_JETS, min(CHUNK_CONSTITUENTS, n_constituents), 1),
                np.float16 if half else np.float32)  # fmt: skip
        create(handle, JETS, (len(jet_columns),), (CHUNK_JETS, len(jet_columns)), np.float32)
        names = [PARTICLE_PREFIX + name for name in PARTICLE_FEATURES]
        handle[PARTICLE_NAMES] = np.array(names, "S")
        handle[JET_NAMES] = np.array(jet_columns, "S")
        for name, value in attributes.items():
            handle.attrs[name] = value if isinstance(value, str) else json.dumps(value)
        yield JetWriter(path=path, handle=handle, file=file)


def create(
    handle: h5py.File, name: str, row: tuple[int, ...], chunk: tuple[int, ...], dtype: type
) -> None:
    """Create an empty dataset, gzip-compressed, that grows along its first axis."""
    handle.create_dataset(
        name,
        shape=(0, *row),
        # a chunk may be longer than an axis that may grow: files without jet columns have one of 0
        maxshape=(None, *(size or None for size in row)),
        chunks=chunk,
        dtype=dtype,
        compression="gzip",
        compression_opts=GZIP_LEVEL,
        shuffle=True,
    )


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write, such as a full disk, into one clear error."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
        what = "the disk is full" if full else f"cannot be written ({str(error).splitlines()[0]})"
        raise DataError(
            what,
            where=path.parent,
            mend="free some space or name a file on another disk, then run the same command again",
        ) from error
