"""Compiled libraries that a later run takes again only if they are whole."""

from pathlib import Path
from typing import Any

from jetmix.support.files import file_digest
from jetmix.support.stages import StageRecord, read_stage


def is_kept(folder: Path, library: str, digest: str) -> bool:
    """Tell whether ``folder`` holds the library of ``digest``, as whole as it was compiled.

    A library that was cut off would end the process that loads it.
    """
    record = read_stage(folder)
    path = folder / library
    return (
        record is not None
        and record.digest == digest
        and path.is_file()
        and file_digest(path) == record.details.get("library_sha256")
    )


def keep(
    folder: Path, library: str, digest: str, *, stage: str, seconds: float, **facts: Any
) -> None:
    """Record a freshly compiled library, so that :func:`is_kept` knows it again."""
    details = {**facts, "library_sha256": file_digest(folder / library)}
    StageRecord(stage=stage, digest=digest, seconds=round(seconds, 3), details=details).write(
        folder
    )
