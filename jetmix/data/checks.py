"""Checks of a jet file: its structure when it is opened, its values block by block."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import h5py
import numpy as np

from jetmix.data.schema import (
    CONSTITUENTS,
    JET_NAMES,
    JETS,
    LABEL_COLUMNS,
    LABELS,
    PARTICLE_FEATURES,
    PARTICLE_NAMES,
    PARTICLE_PREFIX,
    DataOrigin,
    nearest,
)
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Ints, Reals

# float16 files and sums of rounded momenta leave ties that look unsorted by this much
SORT_TOLERANCE = 2e-3
# beyond anything that a collider gives, in any unit: a normalisation would be ruined by it
ABSURD = 1e12
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


def names_of(path: Path, handle: h5py.File, name: str) -> list[str]:
    """Return a list of names that lies in this very file.

    Raises:
        DataError: if it is missing, or no list of names.
    """
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
    names = [n.removeprefix(PARTICLE_PREFIX) for n in names_of(path, handle, PARTICLE_NAMES)]
    # the public files name a last column, j1_pdgid, that they do not hold
    if len(names) == n_columns + 1 and names[-1] == "pdgid":
        names = names[:-1]
    check_names(path, PARTICLE_NAMES, names, n_columns, PARTICLE_FEATURES)
    return tuple(names)


def jet_columns(path: Path, handle: h5py.File, n_columns: int) -> tuple[str, ...]:
    """Return the columns of ``jets``.

    Raises:
        DataError: if there are no such names, a name comes twice, or a label is missing.
    """
    names = names_of(path, handle, JET_NAMES)
    check_names(path, JET_NAMES, names, n_columns, LABEL_COLUMNS)
    return tuple(names)


def check_names(
    path: Path, dataset: str, names: Sequence[str], n_columns: int, needed: Sequence[str] = ()
) -> None:
    """Refuse names that are not one for each column, all different, with the ``needed`` ones.

    Raises:
        DataError: naming what is wrong with them.
    """
    where = f"{path} {dataset}"
    if len(names) != n_columns:
        raise DataError(f"{len(names)} names for {n_columns} columns", where=where, mend=REMEDY)
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"names {twice[0]!r} more than once", where=where, mend=REMEDY)
    missing = [name for name in needed if name not in names]
    if missing:
        raise DataError(f"has no column {', '.join(missing)}", where=where, mend=REMEDY)


def places_of(names: Sequence[str], known: Sequence[str], *, what: str, where: object) -> list[int]:
    """Return where names stand among the known ones.

    Args:
        names: those that are asked for.
        known: those that a file holds.
        what: what they are names of, for the message.
        where: the place in the file, for the message.

    Raises:
        DataError: if a name is none of them; the nearest one is suggested.
    """
    for name in names:
        if name not in known:
            raise DataError(
                f"no {what} {name!r}{nearest(name, known)}",
                where=where,
                mend="choose from " + " ".join(known),
            )
    return [known.index(name) for name in names]


def check_finite(
    values: Reals, *, path: Path, dataset: str, start: int, columns: tuple[str, ...]
) -> None:
    """Refuse NaN, infinity and absurd numbers in a block whose last axis is named by ``columns``.

    Raises:
        DataError: naming file, dataset, row and column of the first bad value.
    """
    # sums are far cheaper than a mask of every value; only a bad block pays for the search
    with np.errstate(over="ignore", invalid="ignore"):
        if _size(values) < ABSURD**2:
            return
    bad = ~(np.abs(values) <= ABSURD)
    if not bad.any():
        return
    first = np.argwhere(bad)[0]
    value = float(values[tuple(first)])
    kind = "NaN" if np.isnan(value) else "infinity" if np.isinf(value) else f"the value {value:.3g}"
    raise DataError(
        f"{kind} in column {columns[int(first[-1])]}",
        where=f"{path} {dataset} row {start + int(first[0])}",
        mend="remove such jets, or import or simulate the file again",
    )


def _size(values: Reals) -> float:
    """Return the sum of squares, which is no number if one of the values is none."""
    if values.dtype.itemsize >= np.dtype(np.float32).itemsize:
        flat = np.ascontiguousarray(values).reshape(-1)
        return float(np.vdot(flat, flat))
    # float16 ends at 65,504
    return float(values.sum(dtype=np.float64) * 0)


def check_sorted(
    pt: Reals, *, path: Path, start: int, dataset: str = CONSTITUENTS, column: str = "pT"
) -> None:
    """Refuse constituents that are not in falling order of pT, or another column (jet, particle).

    Raises:
        DataError: naming the first jet that is out of order.
    """
    limit = pt[:, :-1] * (1 + SORT_TOLERANCE)
    rising = (pt[:, 1:] > limit).any(axis=1)
    if rising.any():
        raise DataError(
            f"the constituents are not sorted by falling {column}",
            where=f"{path} {dataset} row {start + int(np.argmax(rising))}",
            mend=f"sort the constituents of every jet by {column} and pad with zeros at the end",
        )


def class_numbers(
    labels: AnyArray, n_classes: int, *, path: Path, dataset: str = LABELS, start: int = 0
) -> Ints:
    """Return labels (jet,) that count classes from 0.

    Raises:
        DataError: naming the first row whose label is no class.
    """
    bad = (labels != np.rint(labels)) | (labels < 0) | (labels >= n_classes)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"the label {labels[row]} is no class from 0 to {n_classes - 1}",
            where=f"{path} {dataset} row {start + row}",
            mend="give each jet the number of its class",
        )
    return labels.astype(np.int64)


def classes_of(labels: Reals, *, path: Path, start: int) -> Ints:
    """Return the class index of each row of one-hot ``labels`` (jet, 5) in the order g q W Z t.

    Raises:
        DataError: naming the first row that is not one-hot.
    """
    one_hot = ((labels == 0) | (labels == 1)).all(axis=1) & (labels.sum(axis=1) == 1)
    if not one_hot.all():
        row = int(np.argmin(one_hot))
        raise DataError(
            f"the labels {' '.join(LABEL_COLUMNS)} are {labels[row].tolist()}, not one-hot",
            where=f"{path} {JETS} row {start + row}",
            mend="give each jet a 1 for its class and 0 elsewhere",
        )
    return np.asarray(labels.argmax(axis=1), np.int64)


def check_all_classes(counts: Ints, class_names: Sequence[str], *, path: Path) -> None:
    """Refuse a file in which a class has no jets.

    Raises:
        DataError: naming the classes without jets.
    """
    missing = [name for name, count in zip(class_names, counts, strict=True) if count == 0]
    if missing:
        raise DataError(
            f"no jets of class {', '.join(missing)}",
            where=path,
            mend=f"give a file with jets of all of {' '.join(class_names)}",
        )
