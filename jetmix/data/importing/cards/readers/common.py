"""What the readers share: errors of outside libraries become one clear error."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from jetmix.errors import DataError, JetmixError
from jetmix.support.arrays import AnyArray
from jetmix.support.extras import Extra

needed = Extra(name="import", users="this kind of file needs it").needed
MEND = "give whole, unchanged files of the format that the card names"


@contextlib.contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a parser raises on a broken file into one error.

    Raises:
        DataError: with the first line of the parser's own message.
    """
    try:
        yield
    except (JetmixError, GeneratorExit):
        raise
    # parsers of outside libraries raise anything at all on damaged bytes
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:160].rstrip(" ,.")
        raise DataError(f"not a readable {kind} file ({reason})", where=path, mend=MEND) from error


def texts(values: Any) -> AnyArray:
    """Return names or words, bytes or not, as an array of texts."""
    words = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]
    return np.array(words, dtype=np.str_)


def unpack(data: h5py.Dataset) -> None:
    """Load the filters for Blosc and its like where a dataset is packed with one of them.

    Raises:
        ToolMissingError: if it is, and hdf5plugin is not installed.
    """
    filters = data.id.get_create_plist()
    for place in range(filters.get_nfilters()):
        if not h5py.h5z.filter_avail(filters.get_filter(place)[0]):
            needed("hdf5plugin")
