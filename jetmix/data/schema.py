"""Names of the public jet data set and the checks of a file's structure.

The schema is that of Zenodo record 3602260 (hls4ml LHC jets, 150 particles): a dataset
``jetConstituentList`` (jet, particle, feature), a dataset ``jets`` (jet, column) that holds the
jet-level features and the one-hot labels, and the names of the columns of both.
Columns are always found by name, so their order in a file does not matter.
"""

import contextlib
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from jetmix.errors import DataError

CONSTITUENTS, JETS = "jetConstituentList", "jets"
PARTICLE_NAMES, JET_NAMES = "particleFeatureNames", "jetFeatureNames"
PARTICLE_PREFIX, JET_PREFIX = "j1_", "j_"

PARTICLE_FEATURES = (
    "px", "py", "pz", "e", "erel", "pt", "ptrel", "eta", "etarel", "etarot",
    "phi", "phirel", "phirot", "deltaR", "costheta", "costhetarel",
)  # fmt: skip
MAX_CONSTITUENTS = 150
CLASS_NAMES = ("g", "q", "W", "Z", "t")
LABEL_COLUMNS = ("j_g", "j_q", "j_w", "j_z", "j_t")
UNDEFINED_LABEL = "j_undef"

# the sixteen inputs of the classic high-level tagger, in the order of OpenML 42468
HIGH_LEVEL_FEATURES = (
    "zlogz", "c1_b0_mmdt", "c1_b1_mmdt", "c1_b2_mmdt", "c2_b1_mmdt", "c2_b2_mmdt",
    "d2_b1_mmdt", "d2_b2_mmdt", "d2_a1_b1_mmdt", "d2_a1_b2_mmdt", "m2_b1_mmdt", "m2_b2_mmdt",
    "n2_b1_mmdt", "n2_b2_mmdt", "mass_mmdt", "multiplicity",
)  # fmt: skip

_REMEDY = (
    "give a file with the schema of Zenodo 3602260, or make one with 'jetmix data simulate' "
    "or 'jetmix data import'"
)


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
    def origin(self) -> str:
        """One of simulated, public, unknown."""
        with reading(self.path):
            return attribute(self.handle, "origin", "unknown")

    def read_jets(self, start: int, stop: int) -> NDArray[np.floating[Any]]:
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

    def read(
        self, start: int, stop: int, n_constituents: int, columns: Sequence[int]
    ) -> NDArray[np.floating[Any]]:
        """Return (jet, particle, column) of the rows from ``start`` to ``stop``.

        Only the chunks that hold the leading constituents and the columns are read.
        """
        with reading(self.path):
            return self._read(start, stop, n_constituents, columns)

    def _read(
        self, start: int, stop: int, n_constituents: int, columns: Sequence[int]
    ) -> NDArray[np.floating[Any]]:
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


def attribute(handle: h5py.File, name: str, default: str) -> str:
    """Return a text attribute of the file, or ``default`` where it is missing or no text."""
    value = handle.attrs.get(name, default)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value if isinstance(value, str) else default


def nearest(name: str, known: Sequence[str]) -> str:
    """Return ' (did you mean ...?)' for the known name most like ``name``, or nothing."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f" (did you mean {close[0]!r}?)" if close else ""


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
    """Open a file for its jet-level columns; one without constituents will do as well.

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
        raise DataError(what, where=path, mend=_REMEDY)
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
    jets = _dataset(path, handle, JETS, n_dims=2)
    jet_names = _jet_names(path, handle, jets.shape[1])
    if jets.shape[0] == 0:
        raise DataError("holds no jets", where=f"{path} {JETS}", mend=_REMEDY)
    return JetTable(path=path, handle=handle, jets=jets, jet_names=jet_names)


def _checked(path: Path, handle: h5py.File) -> JetFile:
    constituents = _dataset(path, handle, CONSTITUENTS, n_dims=3)
    jets = _dataset(path, handle, JETS, n_dims=2)
    particle_names = _particle_names(path, handle, constituents.shape[2])
    jet_names = _jet_names(path, handle, jets.shape[1])
    if constituents.shape[0] != jets.shape[0]:
        raise DataError(
            f"{constituents.shape[0]} jets in {CONSTITUENTS} but {jets.shape[0]} in {JETS}",
            where=path,
            mend=_REMEDY,
        )
    if 0 in constituents.shape:
        raise DataError("holds no jets", where=f"{path} {CONSTITUENTS}", mend=_REMEDY)
    return JetFile(
        path=path,
        handle=handle,
        constituents=constituents,
        jets=jets,
        particle_names=particle_names,
        jet_names=jet_names,
    )


def _dataset(path: Path, handle: h5py.File, name: str, *, n_dims: int) -> h5py.Dataset:
    data = _plain(path, handle, name)
    if data.ndim != n_dims:
        raise DataError(
            f"has shape {data.shape}, {n_dims} axes are needed",
            where=f"{path} {name}",
            mend=_REMEDY,
        )
    if data.dtype.kind not in "fiu":
        raise DataError(
            f"is of type {data.dtype}, floating-point numbers are needed",
            where=f"{path} {name}",
            mend=_REMEDY,
        )
    return data


def _plain(path: Path, handle: h5py.File, name: str) -> h5py.Dataset:
    """Return a dataset that lies in this very file: links to elsewhere could read any file."""
    link = handle.get(name, getlink=True)
    if link is None:
        found = ", ".join(sorted(handle)[:8]) or "nothing"
        raise DataError(
            f"the dataset is missing (the file holds {found})",
            where=f"{path} {name}",
            mend=_REMEDY,
        )
    if not isinstance(link, h5py.HardLink):
        raise DataError(
            "is an external or soft link", where=f"{path} {name}", mend="store the data itself"
        )
    data = handle[name]
    if not isinstance(data, h5py.Dataset):
        raise DataError("is a group, not a dataset", where=f"{path} {name}", mend=_REMEDY)
    if data.external or data.is_virtual:
        raise DataError(
            "keeps its values in another file",
            where=f"{path} {name}",
            mend="store the data itself",
        )
    return data


def _names(path: Path, handle: h5py.File, name: str) -> list[str]:
    data = _plain(path, handle, name)
    if data.ndim != 1 or data.dtype.kind not in "SO":
        raise DataError("is not a list of names", where=f"{path} {name}", mend=_REMEDY)
    values: list[Any] = np.asarray(data[:]).tolist()
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]


def _particle_names(path: Path, handle: h5py.File, n_columns: int) -> tuple[str, ...]:
    names = [n.removeprefix(PARTICLE_PREFIX) for n in _names(path, handle, PARTICLE_NAMES)]
    # the public files name a last column, j1_pdgid, that they do not hold
    if len(names) == n_columns + 1 and names[-1] == "pdgid":
        names = names[:-1]
    _check_names(path, PARTICLE_NAMES, names, n_columns, PARTICLE_FEATURES)
    return tuple(names)


def _jet_names(path: Path, handle: h5py.File, n_columns: int) -> tuple[str, ...]:
    names = _names(path, handle, JET_NAMES)
    _check_names(path, JET_NAMES, names, n_columns, LABEL_COLUMNS)
    return tuple(names)


def _check_names(
    path: Path, dataset: str, names: list[str], n_columns: int, needed: Sequence[str]
) -> None:
    where = f"{path} {dataset}"
    if len(names) != n_columns:
        raise DataError(f"{len(names)} names for {n_columns} columns", where=where, mend=_REMEDY)
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"names {twice[0]!r} more than once", where=where, mend=_REMEDY)
    missing = [name for name in needed if name not in names]
    if missing:
        raise DataError(f"has no column {', '.join(missing)}", where=where, mend=_REMEDY)
