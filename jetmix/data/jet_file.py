"""Opens files of the schema for reading: their structure is checked first, values are not."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from jetmix.data.checks import (
    REMEDY,
    jet_columns,
    numbers_of,
    origin_of,
    particle_columns,
)
from jetmix.data.schema import (
    CONSTITUENTS,
    JET_NAMES,
    JET_PREFIX,
    JETS,
    LABEL_COLUMNS,
    PARTICLE_NAMES,
    DataOrigin,
    nearest,
)
from jetmix.errors import DataError
from jetmix.support.arrays import Reals


@dataclass(frozen=True, kw_only=True)
class JetTable:
    """An open file with jet-level columns and labels, perhaps without constituents."""

    path: Path
    handle: h5py.File
    jets: h5py.Dataset
    jet_names: tuple[str, ...]

    @property
    def n_jets(self) -> int:
        """Number of jets in the file."""
        return int(self.jets.shape[0])

    @property
    def label_columns(self) -> list[int]:
        """Columns of ``jets`` that hold the labels g, q, W, Z, t."""
        return [self.jet_names.index(name) for name in LABEL_COLUMNS]

    @property
    def origin(self) -> DataOrigin:
        """Where the jets are from."""
        with reading(self.path):
            return origin_of(self.handle)

    def read_jets(self, start: int, stop: int) -> Reals:
        """Return the table of jet-level columns (jet, column) of the rows."""
        with reading(self.path):
            return np.asarray(self.jets[start:stop])

    def jet_columns(self, features: Sequence[str]) -> list[int]:
        """Return the columns of ``jets`` that hold high-level ``features``, named without j_.

        Raises:
            DataError: if a feature is not one of the file; the nearest name is suggested.
        """
        known = [name.removeprefix(JET_PREFIX) for name in self.jet_names]
        return _columns(features, known, f"{self.path} {JET_NAMES}", "jet")


@dataclass(frozen=True, kw_only=True)
class JetFile(JetTable):
    """An open file of the whole schema."""

    constituents: h5py.Dataset
    particle_names: tuple[str, ...]

    @property
    def n_constituents(self) -> int:
        """Number of constituents that the file keeps of each jet."""
        return int(self.constituents.shape[1])

    def read(self, start: int, stop: int, n_constituents: int, columns: Sequence[int]) -> Reals:
        """Return (jet, particle, column) of the rows from ``start`` to ``stop``.

        Only the chunks that hold the leading constituents and the columns are read.
        """
        with reading(self.path):
            return self._read(start, stop, n_constituents, columns)

    def _read(self, start: int, stop: int, n_constituents: int, columns: Sequence[int]) -> Reals:
        data = self.constituents
        if data.chunks is None or data.chunks[2] == data.shape[2]:
            return np.asarray(data[start:stop, :n_constituents][..., list(columns)])
        block = np.empty((stop - start, n_constituents, len(columns)), data.dtype)
        for place, column in enumerate(columns):
            block[..., place] = data[start:stop, :n_constituents, column]
        return block

    def feature_columns(self, features: Sequence[str]) -> list[int]:
        """Return the columns of ``jetConstituentList`` that hold ``features``, in their order.

        Raises:
            DataError: if a feature is not one of the file; the nearest name is suggested.
        """
        where = f"{self.path} {PARTICLE_NAMES}"
        return _columns(features, self.particle_names, where, "particle")


def _columns(features: Sequence[str], known: Sequence[str], where: str, kind: str) -> list[int]:
    for name in features:
        if name not in known:
            raise DataError(
                f"no {kind} feature {name!r}{nearest(name, known)}",
                where=where,
                mend="choose from " + " ".join(known),
            )
    return [known.index(name) for name in features]


@contextlib.contextmanager
def open_jet_file(path: str | Path) -> Iterator[JetFile]:
    """Open a file of the schema for reading and check its structure, not its values.

    Raises:
        DataError: if the file is missing, truncated or no HDF5, if a dataset is missing, a link,
            or of the wrong shape or type, or if a column that is needed has no name.
    """
    path = Path(path)
    with _open_hdf5(path) as handle:
        with reading(path):
            jets = _checked(path, handle)
        yield jets


@contextlib.contextmanager
def open_jet_table(path: str | Path) -> Iterator[JetTable]:
    """Open a file for its jet-level columns; constituents are not needed.

    Raises:
        DataError: as :func:`open_jet_file`, but not for a lack of constituents.
    """
    path = Path(path)
    with _open_hdf5(path) as handle:
        with reading(path):
            whole = handle.get(CONSTITUENTS, getlink=True) is not None
            table: JetTable = _checked(path, handle) if whole else _checked_table(path, handle)
        yield table


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn errors of the HDF5 library inside the block into DataError.

    A damaged file raises nearly anything there, so only calls of h5py belong into the block.
    """
    try:
        yield
    except (OSError, RuntimeError, LookupError, TypeError, ValueError, MemoryError) as error:
        raise DataError(
            f"the content cannot be read ({_brief(error)})",
            where=path,
            mend="the file is damaged: copy, download or simulate it again",
        ) from error


def _open_hdf5(path: Path) -> h5py.File:
    if not path.is_file():
        what = "is not a file" if path.exists() else "no such file"
        raise DataError(what, where=path, mend=REMEDY)
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        raise DataError(
            f"not a readable HDF5 file ({_brief(error)})",
            where=path,
            mend="it is damaged or of another format: copy or download it again",
        ) from error


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__


def _checked_table(path: Path, handle: h5py.File) -> JetTable:
    jets = numbers_of(path, handle, JETS, n_dims=2)
    jet_names = jet_columns(path, handle, jets.shape[1])
    if jets.shape[0] == 0:
        raise DataError("holds no jets", where=f"{path} {JETS}", mend=REMEDY)
    return JetTable(path=path, handle=handle, jets=jets, jet_names=jet_names)


def _checked(path: Path, handle: h5py.File) -> JetFile:
    constituents = numbers_of(path, handle, CONSTITUENTS, n_dims=3)
    jets = numbers_of(path, handle, JETS, n_dims=2)
    particle_names = particle_columns(path, handle, constituents.shape[2])
    jet_names = jet_columns(path, handle, jets.shape[1])
    if constituents.shape[0] != jets.shape[0]:
        raise DataError(
            f"{constituents.shape[0]} jets in {CONSTITUENTS} but {jets.shape[0]} in {JETS}",
            where=path,
            mend=REMEDY,
        )
    if 0 in constituents.shape:
        raise DataError("holds no jets", where=f"{path} {CONSTITUENTS}", mend=REMEDY)
    return JetFile(
        path=path,
        handle=handle,
        constituents=constituents,
        jets=jets,
        particle_names=particle_names,
        jet_names=jet_names,
    )
