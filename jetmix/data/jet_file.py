"""Opens files of jets for reading: their structure is checked first, values are not."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import h5py

from jetmix.data import checks
from jetmix.data.jet_table import JetFile, JetTable, brief, reading
from jetmix.data.layout import checked
from jetmix.errors import DataError


@contextlib.contextmanager
def open_jet_file(path: str | Path) -> Iterator[JetFile]:
    """Open a file with constituents for reading and check its structure, not its values.

    Raises:
        DataError: if the file is missing, truncated or no HDF5, if a dataset is missing, a link,
            or of the wrong shape or type, or if a column that is needed has no name.
    """
    with open_jet_table(path, constituents=True) as jets:
        if not isinstance(jets, JetFile):
            raise DataError(
                "holds no constituents",
                where=path,
                mend='set n_particles = "none" and name features of the whole jet, '
                "or give a file with constituents",
            )
        yield jets


@contextlib.contextmanager
def open_jet_table(path: str | Path, *, constituents: bool = False) -> Iterator[JetTable]:
    """Open a file for its jet-level columns.

    Args:
        path: the file, in jetmix' own layout or in the public one.
        constituents: whether a public file must have some.

    Raises:
        DataError: as :func:`open_jet_file`, but not for a lack of constituents.
    """
    path = Path(path)
    with _open_hdf5(path) as handle:
        with reading(path):
            table = checked(path, handle, constituents=constituents)
        yield table


def _open_hdf5(path: Path) -> h5py.File:
    if not path.is_file():
        what = "is not a file" if path.exists() else "no such file"
        raise DataError(what, where=path, mend=checks.REMEDY)
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        raise DataError(
            f"not a readable HDF5 file ({brief(error)})",
            where=path,
            mend="it is damaged or of another format: copy or download it again",
        ) from error
