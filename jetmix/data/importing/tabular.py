"""Import of the classic high-level sets, from OpenML and CERNBox."""

import json
from pathlib import Path

import h5py
import numpy as np

from jetmix import __version__
from jetmix.data import checks
from jetmix.data.importing.sources import Imported
from jetmix.data.importing.tabular_sources import Rows, high_level_set, rows_of
from jetmix.data.schema import (
    CLASS_NAMES,
    HIGH_LEVEL_FEATURES,
    JET_NAMES,
    JET_PREFIX,
    JETS,
    LABEL_COLUMNS,
    UNDEFINED_LABEL,
)
from jetmix.data.writer import new_hdf5
from jetmix.errors import RunConflictError
from jetmix.support import console
from jetmix.support.arrays import Ints
from jetmix.support.files import atomic_path, file_digest

COLUMNS = (*(JET_PREFIX + n for n in HIGH_LEVEL_FEATURES), *LABEL_COLUMNS, UNDEFINED_LABEL)
_CHUNK_JETS = 16_384


def import_high_level(source: Path, out: Path) -> Imported:
    """Stream a high-level set into a file with named columns and labels, without constituents.

    Args:
        source: the OpenML set 42468 as ARFF or parquet, or the CERNBox HDF5 file.
        out: the file to make.

    Raises:
        RunConflictError: if ``out`` exists.
        DataError: naming file and row of whatever is wrong with the source.
    """
    if out.exists():
        raise RunConflictError(
            "the output file already exists", where=out, mend="name another file or delete this one"
        )
    counts = np.zeros(len(CLASS_NAMES), np.int64)
    with (
        atomic_path(out) as temporary,
        console.progress("importing jets") as ticker,
        new_hdf5(temporary) as (handle, file),
    ):
        data = handle.create_dataset(
            JETS, (0, len(COLUMNS)), np.float32, maxshape=(None, len(COLUMNS)),
            chunks=(_CHUNK_JETS, 1), compression="gzip", shuffle=True,
        )  # fmt: skip
        handle[JET_NAMES] = np.array(COLUMNS, "S")
        handle.attrs["origin"] = "public"
        handle.attrs["high_level_set"] = high_level_set(source)
        record = {"sources": [source.name], "versions": {"jetmix": __version__}}
        handle.attrs["import"] = json.dumps(record)
        for rows in rows_of(source):
            counts += _append(data, rows)
            handle.flush()
            file.check()
            ticker.update(int(counts.sum()), f"{counts.sum()} jets")
        checks.check_all_classes(counts, CLASS_NAMES, path=source)
    return Imported(
        path=out, sha256=file_digest(out), n_jets=int(counts.sum()), n_files=1, origin="public"
    )


def _append(data: h5py.Dataset, rows: Rows) -> Ints:
    n_features = len(HIGH_LEVEL_FEATURES)
    table = np.zeros((len(rows.y), len(COLUMNS)), np.float32)
    table[:, :n_features] = rows.x
    table[np.arange(len(rows.y)), n_features + rows.y] = 1
    start = len(data)
    data.resize(start + len(table), axis=0)
    data[start:] = table
    return np.bincount(rows.y, minlength=len(CLASS_NAMES))
