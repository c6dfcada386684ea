"""Stage records, which make a run resumable, and folders that belong to one command.

A stage writes its ``stage.json`` last. A directory without one is half-written, and a later run
does it again instead of trusting it.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

from jetmix.errors import RunConflictError
from jetmix.support.files import JSON
from jetmix.support.records import read, write

STAGE_FILE = "stage.json"


@dataclass(frozen=True, kw_only=True)
class StageRecord:
    """What a finished stage leaves behind.

    Attributes:
        stage: its name.
        digest: digest of its inputs, which decides whether it is skipped.
        seconds: wall time.
        status: ``done``, or ``failed`` where bits differ.
        details: what only this stage knows.
    """

    stage: str
    digest: str
    seconds: float
    status: str = "done"
    details: JSON = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the record; call it last, when all other files of the stage are in place."""
        write(folder / STAGE_FILE, self)


def read_stage(folder: Path) -> StageRecord | None:
    """Return the record of a finished stage, or None if the stage never finished.

    Raises:
        ReportReadError: if the record exists and is not one of jetmix.
    """
    if not (folder / STAGE_FILE).exists():
        return None
    return read(StageRecord, folder / STAGE_FILE)


def check_folder(folder: Path, *, owned_by: str) -> None:
    """Refuse ``folder`` when it holds somebody else's files.

    ``owned_by`` is the name of a marker file that jetmix writes first into the folder.

    Raises:
        RunConflictError: if the folder is a file, or holds files but not the marker.
    """
    if folder.exists() and not folder.is_dir():
        raise RunConflictError("is a file", where=folder, mend="name a folder instead")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / owned_by).exists():
        raise RunConflictError(
            "the folder is not empty and was not made by this command",
            where=folder,
            mend="name another folder, or remove this one",
        )


def claim_folder(folder: Path, *, owned_by: str) -> None:
    """Make ``folder``, unless :func:`check_folder` refuses it."""
    check_folder(folder, owned_by=owned_by)
    folder.mkdir(parents=True, exist_ok=True)


@dataclass
class StopWatch:
    """Seconds since it was made."""

    start: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Elapsed wall time in seconds, rounded to milliseconds."""
        return round(time.monotonic() - self.start, 3)
