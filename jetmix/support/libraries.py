"""Shared libraries that were compiled a moment ago."""

import ctypes
import tempfile
from pathlib import Path


def load(path: Path) -> ctypes.CDLL:
    """Load a library as it is now.

    The system gives a library that it has loaded from the same path before, whatever the file holds
    since: a process that compiles twice into one folder would run the first firmware again.

    Raises:
        OSError: if it cannot be loaded.
    """
    with tempfile.TemporaryDirectory(prefix="jetmix-") as folder:
        link = Path(folder) / path.name
        link.symlink_to(path.resolve())
        return ctypes.CDLL(str(link))
