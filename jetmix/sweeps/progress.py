"""How far a sweep is: a live table in a terminal, plain lines elsewhere."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from jetmix.support import console
from jetmix.sweeps.plan import PlannedRun
from jetmix.sweeps.records import RunRecord

SHOWN_RUNS = 20
REFRESH_SECONDS = 1.0


@dataclass
class Board:
    """What is known of the runs of a sweep; reported by workers, shown to a person.

    Args:
        runs: the runs by name.
        total: number of runs, None of a search.
    """

    runs: Mapping[str, PlannedRun]
    total: int | None
    n_done: int = 0
    n_failed: int = 0
    n_pruned: int = 0
    best: RunRecord | None = None
    now: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    live: Live | None = None
    shown: float = 0.0

    @classmethod
    def of(
        cls, runs: Mapping[str, PlannedRun], total: int | None, records: Iterable[RunRecord]
    ) -> "Board":
        """Return the board of a sweep of which some runs are done already."""
        board = cls(runs=runs, total=total)
        for record in records:
            if record.status == "done":
                board.note(record)
        return board

    def hear(self, event: dict[str, Any]) -> None:
        """Note what a worker reports of an epoch."""
        self.now[event["run"]] = event

    def note(self, record: RunRecord) -> None:
        """Note what became of a run."""
        self.now.pop(record.name, None)
        self.n_done += record.status == "done"
        self.n_failed += record.status == "failed"
        self.n_pruned += record.status == "pruned"
        if record.accuracy is not None:
            best = self.best.accuracy if self.best else None
            self.best = record if best is None or record.accuracy > best else self.best

    def finished(self, record: RunRecord) -> None:
        """Note what became of a run, and say it where there is no table."""
        self.note(record)
        if record.status == "failed":
            console.say(f"run {record.name} failed: {record.reason}")
        elif record.status == "done" and self.live is None:
            console.say(f"run {record.name} is done ({_figures(record)}); {self.line}")

    @property
    def line(self) -> str:
        """All of it in one line."""
        speed = sum(event["speed"] for event in self.now.values())
        of = "" if self.total is None else f" of {self.total}"
        parts = [f"{self.n_done}{of} runs done"]
        parts += [f"{self.n_pruned} pruned"] if self.n_pruned else []
        parts += [f"{self.n_failed} failed"] if self.n_failed else []
        parts += [f"{speed:,.0f} jets/s"] if speed else []
        parts += [f"best {self.best.name}: {_figures(self.best)}"] if self.best else []
        return ", ".join(parts)

    def show(self) -> None:
        """Draw the table again, or print a line if the last one is old enough."""
        now = time.monotonic()
        if self.live is not None:
            if now - self.shown >= REFRESH_SECONDS:
                self.shown = now
                self.live.update(self._table())
        elif now - max(self.shown, self.started) >= console.PLAIN_LINE_SECONDS:
            self.shown = now
            console.say(f"{self.line} ({now - self.started:.0f} s)")

    def _table(self) -> Group:
        table = Table("run", "what", "epoch", "jets/s", "accuracy", "EBOPs", box=None)
        events = sorted(self.now.items())
        for name, event in events[:SHOWN_RUNS]:
            run = self.runs[name]
            table.add_row(
                name,
                escape(run.title),
                f"{event['epoch']:.0f}/{run.recipe.training.epochs}",
                f"{event['speed']:,.0f}",
                f"{event['val_accuracy']:.1%}",
                f"{event['ebops']:,.0f}",
            )
        more = len(events) - SHOWN_RUNS
        tail = [Text(f"and {more} more")] if more > 0 else []
        return Group(table, *tail, Text(self.line))


def _figures(record: RunRecord) -> str:
    parts = [f"{100 * (record.accuracy or 0):.2f}%"]
    parts += [] if record.ebops is None else [f"{record.ebops:,} EBOPs"]
    made = record.firmware
    if made is not None and made.lut is not None and made.latency_ns is not None:
        parts += [f"{made.lut:,.0f} LUT", f"{made.latency_ns:g} ns"]
    return ", ".join(parts)


@contextlib.contextmanager
def shown(board: Board) -> Iterator[Board]:
    """Show the board while the block runs."""
    if not console.stderr.is_terminal:
        yield board
        return
    with Live(console=console.stderr, transient=True, auto_refresh=False) as live:
        board.live = live
        try:
            yield board
        finally:
            board.live = None
