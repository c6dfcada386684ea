"""Paths as people give them."""

import os
from pathlib import Path

PathLike = str | os.PathLike[str]


def optional(path: PathLike | None) -> Path | None:
    """Return a path, None where there is none."""
    return None if path is None else Path(path)
