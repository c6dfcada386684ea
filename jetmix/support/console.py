"""What jetmix says while it works: progress on a terminal, plain lines elsewhere.

All of it goes to standard error; standard output carries results only.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

PLAIN_LINE_SECONDS = 10.0
stderr = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Print one line of information."""
    stderr.print(escape(text), soft_wrap=True)


@contextlib.contextmanager
def written_to(path: Path) -> Iterator[None]:
    """Let what is said inside the block be added to a file instead."""
    global stderr  # noqa: PLW0603 (one console for a process, as there is one standard error)
    before = stderr
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as handle:
        stderr = Console(file=handle, highlight=False)
        try:
            yield
        finally:
            stderr = before


@dataclass
class Ticker:
    """Handle on a running progress display; ``total`` of None means the end is unknown."""

    title: str
    total: int | None
    bar: Progress | None = None
    task: TaskID | None = None
    done: int = 0
    started: float = field(default_factory=time.monotonic)
    last_line: float = field(default_factory=time.monotonic)

    def update(self, done: int, note: str = "") -> None:
        """Show that ``done`` of ``total`` is finished, with a short note beside it."""
        self.done = done
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=done, note=escape(note))
            return
        now = time.monotonic()
        if now - self.last_line >= PLAIN_LINE_SECONDS:
            self.last_line = now
            self._line(now, note)

    def tick(self, note: str = "") -> None:
        """Show that the work still goes on although nothing can be counted."""
        self.update(self.done, note)

    def _line(self, now: float, note: str) -> None:
        elapsed = now - self.started
        count = f" {self.done}/{self.total}" if self.total else ""
        left = elapsed * (self.total - self.done) / self.done if self.total and self.done else None
        remaining = f", {left:.0f} s left" if left is not None else ""
        say(f"{self.title}:{count} {note} ({elapsed:.0f} s{remaining})".replace("  ", " "))


@contextlib.contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Ticker]:
    """Show progress under ``title`` while the block runs."""
    if not stderr.is_terminal:
        say(f"{title} ...")
        yield Ticker(title, total)
        return
    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    if total is not None:
        columns += [BarColumn(bar_width=24), MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, TextColumn("{task.fields[note]}"), console=stderr) as bar:
        yield Ticker(title, total, bar, bar.add_task(escape(title), total=total, note=""))
