"""Sweeps: the front with the spread of its seeds, each axis value by value, and all runs."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jetmix import words
from jetmix.report.figures.sweep import cost_titles, front_picture
from jetmix.report.render.model import (
    Cell,
    Column,
    Group,
    Mark,
    Row,
    Section,
    Table,
    columns,
    number,
    text,
)
from jetmix.report.swept import SweepFolder
from jetmix.sweeps.records import RunRecord, SweepRecord
from jetmix.sweeps.summary import Combination, Spread, along, combinations

TEXT = (
    "Every run is a run directory. Runs of one combination differ in the seed alone; the error is "
    "the standard deviation over the seeds. A run is on the front if no other one is at least as "
    "good in accuracy and in every cost, and better in one."
)
FIGURES = ("Runs", "Accuracy", "Best accuracy", "EBOPs", "LUT", "Latency [ns]")


def sections(sweeps: Sequence[SweepFolder], out: Path) -> Iterator[Section]:
    """Yield one section per sweep.

    Args:
        sweeps: the sweeps.
        out: folder of the report, from which the links to runs count.
    """
    for index, sweep in enumerate(sweeps, start=1):
        name = f"sweep-{index}"
        record = sweep.record
        yield Section(
            name=name,
            title=f"Sweep {sweep.folder.resolve().name}",
            text=TEXT,
            warnings=_warnings(record),
            tables=(_front(sweep, name, out), _combinations(record, name), *_axes(record, name)),
            pictures=tuple(
                front_picture(record, place, f"{name}-{place}")
                for place in range(len(cost_titles(record)))
            ),
            folded=(_runs(sweep, name, out),),
        )


def _warnings(record: SweepRecord) -> tuple[str, ...]:
    n_failed, n_waiting = len(record.of("failed")), len(record.of("waiting"))
    found = [f"{n_failed} of {len(record.runs)} runs failed."] if n_failed else []
    found += [f"{n_waiting} of {len(record.runs)} runs are not done yet."] if n_waiting else []
    return tuple(found)


def _front(sweep: SweepFolder, name: str, out: Path) -> Table:
    named = {run.name: run for run in sweep.record.runs}
    of_run = {run.name: found for found in combinations(sweep.record) for run in found.runs}
    rows = tuple(
        (
            *_run_row(sweep, named[one], out),
            text(_spread(of_run[one].accuracy, 100, 2, "%")),
        )
        for one in sweep.record.front
    )
    titles = (*_run_titles(sweep.record), "Accuracy over its seeds")
    return _table(f"{name}-front", "Front", titles, rows)


def _combinations(record: SweepRecord, name: str) -> Table:
    rows = tuple(
        (*(_value(found.values.get(key, "")) for key in record.axes), *_figures(found))
        for found in combinations(record)
    )
    titles = (*(_short(key) for key in record.axes), *FIGURES)
    return _table(f"{name}-combinations", "Combinations", titles, rows)


def _axes(record: SweepRecord, name: str) -> Iterator[Table]:
    for index, key in enumerate(record.axes):
        found = along(record, key)
        if len(found) > 1:
            rows = tuple((_value(one.values[key]), *_figures(one)) for one in found)
            titles = (_short(key), *FIGURES)
            yield _table(f"{name}-axis-{index}", f"All runs by {key}", titles, rows)


def _runs(sweep: SweepFolder, name: str, out: Path) -> Table:
    rows = tuple(
        (*_run_row(sweep, run, out), text(run.status, _mark(run)), text(run.reason or ""))
        for run in sweep.record.runs
    )
    titles = (*_run_titles(sweep.record), "Status", "Reason")
    return _table(f"{name}-runs", "All runs", titles, rows)


def _run_titles(record: SweepRecord) -> tuple[str, ...]:
    axes = (_short(key) for key in record.axes)
    return ("Run", *axes, "Seed", "Accuracy", "EBOPs", "LUT", "II", "Latency [ns]")


def _run_row(sweep: SweepFolder, run: RunRecord, out: Path) -> Row:
    made = run.firmware
    return (
        text(run.name, href=_link(sweep.run(run.name), out)),
        *(_value(run.values.get(key, "")) for key in sweep.record.axes),
        number(run.seed),
        Cell(text=words.percent(run.accuracy, run.accuracy_error), sort=run.accuracy),
        number(run.ebops),
        number(made.lut if made else None),
        number(made.ii if made else None),
        number(made.latency_ns if made else None, 1),
    )


def _figures(found: Combination) -> Row:
    return (
        Cell(text=f"{len(found.runs)} of {found.n_runs}", sort=len(found.runs)),
        _cell(found.accuracy, 100, 2, "%"),
        Cell(text=words.percent(found.best), sort=found.best),
        _cell(found.ebops),
        _cell(found.lut),
        _cell(found.latency_ns, 1, 1),
    )


def _cell(value: Spread | None, factor: float = 1, digits: int = 0, unit: str = "") -> Cell:
    mark: Mark = "unknown" if value is None else ""
    shown = _spread(value, factor, digits, unit)
    return Cell(text=shown, sort=value.mean if value else None, mark=mark)


def _spread(value: Spread | None, factor: float = 1, digits: int = 0, unit: str = "") -> str:
    if value is None:
        return words.UNKNOWN
    mean = words.decimal(factor * value.mean, digits)
    error = "" if value.error is None else f" ± {words.decimal(factor * value.error, digits)}"
    return f"{mean}{error}{unit}"


def _mark(run: RunRecord) -> Mark:
    marks: dict[str, Mark] = {"done": "good", "failed": "bad"}
    return marks.get(run.status, "unknown")


def _value(value: Any) -> Cell:
    sort = value if isinstance(value, int | float) else str(value)
    return Cell(text=str(value), sort=sort)


def _short(key: str) -> str:
    return key.rpartition(".")[2]


def _link(run: Path, out: Path) -> str:
    return quote(os.path.relpath(run.resolve(), out.resolve()))


def _table(name: str, caption: str, titles: Sequence[str], rows: tuple[Row, ...]) -> Table:
    numeric = {*FIGURES, "Seed", "Accuracy over its seeds"}
    heads: tuple[Column, ...] = columns(*titles, numeric=numeric)
    groups = (Group(heading="", rows=rows),)
    return Table(name=name, caption=caption, columns=heads, groups=groups, sortable=True)
