"""The layouts of a file of jets: jetmix' own, which names all that it holds, and the public one."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py

from jetmix.data import checks
from jetmix.data.jet_table import JetFile, JetTable
from jetmix.data.normalise import HASHED_FEATURES
from jetmix.data.schema import (
    CONSTITUENT_NAMES,
    CONSTITUENTS,
    HIGH_LEVEL_FEATURES,
    JETS,
    LABELS,
    LAYOUT,
    OWN_CLASS_NAMES,
    OWN_CONSTITUENTS,
    OWN_JET_NAMES,
    PT,
    SPLIT,
    TARGET_NAMES,
    TARGETS,
    WEIGHTS,
    ZENODO,
)
from jetmix.errors import DataError

REMAKE = "make the file again with 'jetmix data import'"
# axes of the datasets that a file may have beside its jets
_EXTRAS = {TARGETS: 2, WEIGHTS: 1, SPLIT: 1}


def checked(path: Path, handle: h5py.File, *, constituents: bool) -> JetTable:
    """Return an open file of one of the layouts, its structure checked.

    Args:
        path: the file, for errors.
        handle: the file, open.
        constituents: whether a public file must have some.

    Raises:
        DataError: naming the dataset that is missing or of the wrong shape or type.
    """
    layout = checks.attribute(handle, "layout", "")
    if layout == LAYOUT:
        return _own(path, handle)
    if layout:
        raise DataError(
            f"has the layout '{layout}', this version of jetmix reads '{LAYOUT}'",
            where=path,
            mend=REMAKE,
        )
    return _public(path, handle, constituents=constituents)


def _public(path: Path, handle: h5py.File, *, constituents: bool) -> JetTable:
    known: dict[str, Any] = {}
    if constituents or handle.get(CONSTITUENTS, getlink=True) is not None:
        known = _particles(path, handle, CONSTITUENTS)
        names = checks.particle_columns(path, handle, known["constituents"].shape[2])
        known |= {"particle_names": names, "sorted_by": PT, "hashed": HASHED_FEATURES}
    jets = checks.numbers_of(path, handle, JETS, n_dims=2)
    names = checks.jet_columns(path, handle, jets.shape[1])
    public = checks.attribute(handle, "origin", "unknown") == "public"
    hlf_set = checks.attribute(handle, "high_level_set", "")
    known |= {"jets": jets, "jet_names": names, "data_set": hlf_set or (ZENODO if public else "")}
    return _table(path, handle, {"hashed": HIGH_LEVEL_FEATURES} | known)


def _own(path: Path, handle: h5py.File) -> JetTable:
    known: dict[str, Any] = {}
    if handle.get(OWN_CONSTITUENTS, getlink=True) is not None:
        known = _particles(path, handle, OWN_CONSTITUENTS)
        names = _named(path, handle, CONSTITUENT_NAMES, known["constituents"].shape[2])
        order = checks.attribute(handle, "sorted_by", "")
        known |= {"particle_names": names, "sorted_by": order if order in names else ""}
    jets = checks.numbers_of(path, handle, JETS, n_dims=2)
    labels = _per_jet(path, handle, LABELS, 1, len(jets))
    classes = tuple(checks.names_of(path, handle, OWN_CLASS_NAMES))
    checks.check_names(path, OWN_CLASS_NAMES, classes, len(classes))
    extras = {
        name: _per_jet(path, handle, name, n_dims, len(jets))
        for name, n_dims in _EXTRAS.items()
        if handle.get(name, getlink=True) is not None
    }
    targets = extras.get(TARGETS)
    known |= {
        "jets": jets,
        "jet_names": _named(path, handle, OWN_JET_NAMES, jets.shape[1]),
        "labels": labels,
        "class_names": classes,
        "extras": extras,
        "target_names": ()
        if targets is None
        else _named(path, handle, TARGET_NAMES, targets.shape[1]),
        "data_set": checks.attribute(handle, "data_set", ""),
        "units": _units(handle),
    }
    columns = known.get("particle_names") or known["jet_names"]
    return _table(path, handle, known | {"hashed": _hashed(path, handle, columns)})


def _units(handle: h5py.File) -> dict[str, str]:
    """Return the units that a file names; they are shown and never calculated with."""
    try:
        units = json.loads(checks.attribute(handle, "units", "{}"))
    except json.JSONDecodeError:
        return {}
    return {str(k): str(v) for k, v in units.items()} if isinstance(units, dict) else {}


def _hashed(path: Path, handle: h5py.File, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that decide the split: those that the file names, or else all."""
    try:
        names = json.loads(checks.attribute(handle, "hashed", "[]")) or list(columns)
    except json.JSONDecodeError:
        names = [None]
    if not isinstance(names, list) or not set(names) <= set(columns):
        raise DataError(
            "the attribute 'hashed' does not list columns of the file", where=path, mend=REMAKE
        )
    return tuple(names)


def _particles(path: Path, handle: h5py.File, name: str) -> dict[str, Any]:
    return {"constituents": checks.numbers_of(path, handle, name, n_dims=3)}


def _named(path: Path, handle: h5py.File, name: str, n_columns: int) -> tuple[str, ...]:
    names = checks.names_of(path, handle, name)
    checks.check_names(path, name, names, n_columns)
    return tuple(names)


def _per_jet(path: Path, handle: h5py.File, name: str, n_dims: int, n_jets: int) -> h5py.Dataset:
    data = checks.numbers_of(path, handle, name, n_dims=n_dims)
    if len(data) != n_jets:
        raise DataError(
            f"holds {len(data)} rows for {n_jets} jets", where=f"{path} {name}", mend=REMAKE
        )
    return data


def _table(path: Path, handle: h5py.File, known: dict[str, Any]) -> JetTable:
    particles = known.get("constituents")
    if particles is not None and particles.shape[0] != known["jets"].shape[0]:
        raise DataError(
            f"{particles.shape[0]} jets in {particles.name.lstrip('/')} but "
            f"{known['jets'].shape[0]} in {JETS}",
            where=path,
            mend=checks.REMEDY,
        )
    if known["jets"].shape[0] == 0 or (particles is not None and 0 in particles.shape):
        name = JETS if particles is None else particles.name.lstrip("/")
        raise DataError("holds no jets", where=f"{path} {name}", mend=checks.REMEDY)
    kind = JetTable if particles is None else JetFile
    return kind(path=path, handle=handle, **known)
