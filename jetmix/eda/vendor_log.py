"""What the logs of Vitis HLS and Vivado show: how far a run is, and why it ended."""

import re
import signal
from collections.abc import Callable
from pathlib import Path

from jetmix.errors import ToolFailedError
from jetmix.support.tools import ToolExitError

TAIL_BYTES = 65536
NOTE_LENGTH = 60
SIGNAL_BASE = 128  # a shell's status for a program that a signal ended
_PHASES = re.compile(
    r"^(?:INFO: \[[A-Z]+ \d+-\d+\] )?"
    r"(?:\*{5} (?P<banner>.+?) \*{5}|Command: (?P<command>.+)|-- (?P<module>Implementing module .+)"
    r"|(?P<phase>(?:Phase \d[\d.]*|Starting|Start|Running:|Analyzing) .+))$",
    re.MULTILINE,
)
_LICENCE = re.compile(
    r"\[Common 17-345\]|valid licen[cs]e was not found|failed to get (?:the|a) licen[cs]e"
    r"|licen[cs]e check-?\s?out failed|no valid licen[cs]e",
    re.IGNORECASE,
)
_MEMORY = re.compile(
    r"std::bad_alloc|out of memory|cannot allocate memory|unable to execute command: Killed"
    r'|\bKilled\b.*"\$RDI_PROG"',
    re.IGNORECASE,
)
_ERROR = re.compile(r"^(?:ERROR|FATAL_ERROR|CRITICAL WARNING): .+$", re.MULTILINE)


class LicenceError(ToolFailedError):
    """A vendor tool has no licence for the part or the feature."""


class OutOfMemoryError(ToolFailedError):
    """A vendor tool had too little memory."""


class ToolKilledError(ToolFailedError):
    """A vendor tool was ended from outside, half way."""


class LogWatch:
    """Reads a growing log now and then, and says which phase the tool is in."""

    def __init__(self, log: Path, find: Callable[[str], str] | None = None) -> None:
        self.log, self.size, self.phase = log, 0, ""
        self.find = find or phase_of

    def note(self) -> str:
        """Return the phase that the tool entered last."""
        size = self.log.stat().st_size if self.log.exists() else 0
        if size != self.size:
            self.size = size
            self.phase = self.find(tail(self.log)) or self.phase
        return self.phase


def tail(log: Path) -> str:
    """Return the end of a log, however large it is."""
    with log.open("rb") as handle:
        handle.seek(0, 2)
        handle.seek(max(0, handle.tell() - TAIL_BYTES))
        return handle.read().decode("utf-8", errors="replace")


def phase_of(text: str) -> str:
    """Return the last phase that a log names, empty if it names none."""
    matches = list(_PHASES.finditer(text))
    if not matches:
        return ""
    words = next(words for words in matches[-1].groups() if words)
    # what comes after the name of a phase: its time, checksum, or the module's own blank
    return re.split(r" : Time| \| |  ", words)[0].strip()[:NOTE_LENGTH]


def diagnose(
    error: ToolExitError,
    program: str,
    log: Path,
    *,
    memory_mend: str = "large Mixers need 64 GB or more in HLS: use a larger machine",
) -> ToolFailedError:
    """Return the named error for a tool that ended with an error.

    A SIGKILL that the log does not explain is put down to lack of memory: the kernel ends the
    largest program that way.
    """
    text = tail(log)
    first = _ERROR.search(text)
    said = f" ({first.group()[:200]})" if first else ""
    if _LICENCE.search(text):
        return LicenceError(
            f"{program} found no licence{said}",
            where=log,
            mend="set XILINXD_LICENSE_FILE, or choose a part that your licence covers",
        )
    ended_by = _signal(error.status)
    if _MEMORY.search(text) or ended_by == signal.SIGKILL:
        return OutOfMemoryError(
            f"{program} ran out of memory{said}",
            where=log,
            mend=memory_mend,
        )
    if ended_by is not None:
        return ToolKilledError(
            f"{program} was terminated by {ended_by.name}",
            where=log,
            mend="run the same command again; finished steps are kept",
        )
    return ToolFailedError(
        f"{program} failed with status {error.status}{said}", where=log, mend="read the log"
    )


def _signal(status: int) -> signal.Signals | None:
    number = -status if status < 0 else status - SIGNAL_BASE
    try:
        return signal.Signals(number) if number > 0 else None
    except ValueError:
        return None
