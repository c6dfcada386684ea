"""An open file of jets: what it holds by name, and rows of it."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from jetmix.data import checks
from jetmix.data.schema import CLASS_NAMES, JET_PREFIX, LABEL_COLUMNS, DataOrigin
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Ints, Reals


@dataclass(frozen=True, kw_only=True)
class JetTable:
    """An open file with jet-level columns and labels, perhaps without constituents.

    Attributes:
        path: the file.
        handle: the file, open.
        jets: the dataset (jet, column).
        jet_names: names of its columns, as they stand in the file.
        class_names: the classes, in the order of the labels.
        labels: the dataset of class numbers; None where columns of ``jets`` are one-hot labels.
        target_names: names of the columns of ``targets``.
        extras: other datasets by name, a value or row per jet: targets, weights, split.
        hashed: columns whose content decides the split of a jet: of the constituents where there
            are some, else of ``jets``.
        data_set: name of the published set that the jets are of, "" for none.
        units: unit of each column whose unit is known.
    """

    path: Path
    handle: h5py.File
    jets: h5py.Dataset
    jet_names: tuple[str, ...]
    class_names: tuple[str, ...] = CLASS_NAMES
    labels: h5py.Dataset | None = None
    target_names: tuple[str, ...] = ()
    extras: dict[str, h5py.Dataset] = field(default_factory=dict)
    hashed: tuple[str, ...]
    data_set: str = ""
    units: dict[str, str] = field(default_factory=dict)

    @property
    def n_jets(self) -> int:
        """Number of jets in the file."""
        return int(self.jets.shape[0])

    @property
    def origin(self) -> DataOrigin:
        """Where the jets are from."""
        with reading(self.path):
            return checks.origin_of(self.handle)

    @property
    def plain_names(self) -> tuple[str, ...]:
        """Names of the jet columns without the prefix of the public layout."""
        if self.labels is not None:
            return self.jet_names
        return tuple(name.removeprefix(JET_PREFIX) for name in self.jet_names)

    def read_jets(self, start: int, stop: int) -> Reals:
        """Return the table of jet-level columns (jet, column) of the rows."""
        with reading(self.path):
            return np.asarray(self.jets[start:stop])

    def read_extra(self, name: str, start: int, stop: int) -> AnyArray:
        """Return targets (jet, target), weights (jet,) or split (jet,) of the rows."""
        with reading(self.path):
            return np.asarray(self.extras[name][start:stop])

    def classes(self, start: int, stop: int, table: Reals | None = None) -> Ints:
        """Return the class index of the rows from ``start`` to ``stop``.

        Args:
            start: first row.
            stop: row behind the last one.
            table: the jet columns of these rows, where they are read already.

        Raises:
            DataError: if a label is not one-hot, or is no class.
        """
        if self.labels is None:
            columns = [self.jet_names.index(name) for name in LABEL_COLUMNS]
            table = self.read_jets(start, stop) if table is None else table
            labels = table[:, columns]
            return checks.classes_of(labels, path=self.path, start=start)
        with reading(self.path):
            numbers = np.asarray(self.labels[start:stop])
        return checks.class_numbers(numbers, len(self.class_names), path=self.path, start=start)

    def jet_columns(self, features: Sequence[str]) -> list[int]:
        """Return the columns of ``jets`` that hold jet-level ``features``, named without j_.

        Raises:
            DataError: if a feature is not one of the file; the nearest name is suggested.
        """
        where = f"{self.path} jets"
        return checks.places_of(features, self.plain_names, what="jet feature", where=where)


@dataclass(frozen=True, kw_only=True)
class JetFile(JetTable):
    """An open file with constituents.

    Attributes:
        constituents: the dataset (jet, particle, feature).
        particle_names: names of its features.
        sorted_by: the feature in whose falling order the constituents stand, "" for none.
    """

    constituents: h5py.Dataset
    particle_names: tuple[str, ...]
    sorted_by: str

    @property
    def n_constituents(self) -> int:
        """Number of constituents that the file keeps of each jet."""
        return int(self.constituents.shape[1])

    @property
    def dataset(self) -> str:
        """Name of the dataset of constituents."""
        return str(self.constituents.name).lstrip("/")

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
        """Return the columns of the constituents that hold ``features``, in their order.

        Raises:
            DataError: if a feature is not one of the file; the nearest name is suggested.
        """
        where = f"{self.path} {self.dataset}"
        return checks.places_of(features, self.particle_names, what="particle feature", where=where)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn errors of the HDF5 library inside the block into DataError.

    A damaged file raises nearly anything there, so only calls of h5py belong into the block.
    """
    try:
        yield
    except (OSError, RuntimeError, LookupError, TypeError, ValueError, MemoryError) as error:
        raise DataError(
            f"the content cannot be read ({brief(error)})",
            where=path,
            mend="the file is damaged: copy, download or simulate it again",
        ) from error


def brief(error: Exception) -> str:
    """Return the first line of what a library says of an error."""
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__
