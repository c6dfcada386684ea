"""Names of the public jet data set and the checks of a file's structure.

The schema is that of Zenodo record 3602260 (hls4ml LHC jets, 150 particles): a dataset
``jetConstituentList`` (jet, particle, feature), a dataset ``jets`` (jet, column) that holds the
jet-level features and the one-hot labels, and the names of the columns of both.
Columns are always found by name, so their order in a file does not matter.
"""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import h5py
import numpy as np

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
DataOrigin = Literal["simulated", "public", "unknown"]
LABEL_COLUMNS = ("j_g", "j_q", "j_w", "j_z", "j_t")
UNDEFINED_LABEL = "j_undef"

# the sixteen inputs of the classic high-level tagger, in the order of OpenML 42468
HIGH_LEVEL_FEATURES = (
    "zlogz", "c1_b0_mmdt", "c1_b1_mmdt", "c1_b2_mmdt", "c2_b1_mmdt", "c2_b2_mmdt",
    "d2_b1_mmdt", "d2_b2_mmdt", "d2_a1_b1_mmdt", "d2_a1_b2_mmdt", "m2_b1_mmdt", "m2_b2_mmdt",
    "n2_b1_mmdt", "n2_b2_mmdt", "mass_mmdt", "multiplicity",
)  # fmt: skip

REMEDY = (
    "give a file with the schema of Zenodo 3602260, or make one with 'jetmix data simulate' "
    "or 'jetmix data import'"
)


def attribute(handle: h5py.File, name: str, default: str) -> str:
    """Return a text attribute of the file, or ``default`` where it is missing or no text."""
    value = handle.attrs.get(name, default)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value if isinstance(value, str) else default


def origin_of(handle: h5py.File) -> DataOrigin:
    """Return where the jets of a file are from; what is not one of jetmix's words is unknown."""
    stated = attribute(handle, "origin", "unknown")
    known: tuple[DataOrigin, ...] = get_args(DataOrigin)
    return next((origin for origin in known if origin == stated), "unknown")


def nearest(name: str, known: Sequence[str]) -> str:
    """Return ' (did you mean ...?)' for the known name most like ``name``, or nothing."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f" (did you mean {close[0]!r}?)" if close else ""


def numbers_of(path: Path, handle: h5py.File, name: str, *, n_dims: int) -> h5py.Dataset:
    """Return a dataset of numbers with ``n_dims`` axes that lies in this very file.

    Raises:
        DataError: if it is missing, a link, or of another shape or type.
    """
    data = _plain(path, handle, name)
    if data.ndim != n_dims:
        raise DataError(
            f"has shape {data.shape}, {n_dims} axes are needed",
            where=f"{path} {name}",
            mend=REMEDY,
        )
    if data.dtype.kind not in "fiu":
        raise DataError(
            f"is of type {data.dtype}, floating-point numbers are needed",
            where=f"{path} {name}",
            mend=REMEDY,
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
            mend=REMEDY,
        )
    if not isinstance(link, h5py.HardLink):
        raise DataError(
            "is an external or soft link", where=f"{path} {name}", mend="store the data itself"
        )
    data = handle[name]
    if not isinstance(data, h5py.Dataset):
        raise DataError("is a group, not a dataset", where=f"{path} {name}", mend=REMEDY)
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
        raise DataError("is not a list of names", where=f"{path} {name}", mend=REMEDY)
    values: list[Any] = np.asarray(data[:]).tolist()
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]


def particle_columns(path: Path, handle: h5py.File, n_columns: int) -> tuple[str, ...]:
    """Return the features of the last axis of ``jetConstituentList``, without their prefix.

    Raises:
        DataError: if there are no such names, a name comes twice, or a feature is missing.
    """
    names = [n.removeprefix(PARTICLE_PREFIX) for n in _names(path, handle, PARTICLE_NAMES)]
    # the public files name a last column, j1_pdgid, that they do not hold
    if len(names) == n_columns + 1 and names[-1] == "pdgid":
        names = names[:-1]
    _check_names(path, PARTICLE_NAMES, names, n_columns, PARTICLE_FEATURES)
    return tuple(names)


def jet_columns(path: Path, handle: h5py.File, n_columns: int) -> tuple[str, ...]:
    """Return the columns of ``jets``.

    Raises:
        DataError: if there are no such names, a name comes twice, or a label is missing.
    """
    names = _names(path, handle, JET_NAMES)
    _check_names(path, JET_NAMES, names, n_columns, LABEL_COLUMNS)
    return tuple(names)


def _check_names(
    path: Path, dataset: str, names: list[str], n_columns: int, needed: Sequence[str]
) -> None:
    where = f"{path} {dataset}"
    if len(names) != n_columns:
        raise DataError(f"{len(names)} names for {n_columns} columns", where=where, mend=REMEDY)
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"names {twice[0]!r} more than once", where=where, mend=REMEDY)
    missing = [name for name in needed if name not in names]
    if missing:
        raise DataError(f"has no column {', '.join(missing)}", where=where, mend=REMEDY)
