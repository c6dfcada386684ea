"""Reader for reports of C/RTL co-simulation, ``<top>_cosim.rpt``: passed or failed, and cycles.

Vivado HLS writes two columns, Vitis HLS since 2020.2 a third with the length of the whole
simulation. Cycles are measured for single calls of the top function. Layout: AMD UG1399.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from jetmix.eda.reports.record import CosimReport, CosimRun, Cycles, Status
from jetmix.eda.reports.text import Line, lines_of, only

KIND = "co-simulation"
_SIGN = re.compile(r"^\+ +RTL +\+ +Status +\+", re.MULTILINE)
_SUFFIX = "_cosim"
STATUS: dict[str, Status] = {"Pass": "passed", "Fail": "failed", "NA": "not run"}
LANGUAGES = ("SystemC", "VHDL", "Verilog")
_TOPS = (
    ["", "", "Latency", "Interval"],
    ["", "", "Latency(Clock Cycles)", "Interval(Clock Cycles)", "Total Execution Time"],
)
_CYCLES = ["min", "avg", "max"]
_HEAD_LINES = 3


def is_cosim(text: str) -> bool:
    """Tell whether a text is the report of a co-simulation."""
    return _SIGN.search(text) is not None


def read_cosim(path: Path, text: str) -> tuple[CosimReport, ...]:
    """Read what ``cosim_design`` wrote.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    lines = lines_of(path, text)
    sign = only([line for line in lines if _SIGN.match(line.text)], "the table", lines)
    start = sign.number - _HEAD_LINES
    if start < 0 or not lines[start].text.startswith("+-"):
        raise sign.fail("the table does not begin two lines above")
    table = _table(lines[start:])
    with_total = _with_total(table)
    runs = [_run(line, with_total=with_total) for line in table[_HEAD_LINES + 2 : -1]]
    names = [run.language for run in runs]
    for line, name in zip(table[_HEAD_LINES + 2 :], names, strict=False):
        if names.count(name) > 1:
            raise line.fail(f"{name} is here twice")
    if not runs:
        raise table[-1].fail("the table holds no language")
    stem = path.stem.encode("utf-8", "replace").decode("utf-8")
    design = stem.removesuffix(_SUFFIX) if stem.endswith(_SUFFIX) else "not stated"
    ordered = tuple(sorted(runs, key=lambda run: run.language))
    return (CosimReport(path=path, kind=KIND, design=design, runs=ordered),)


def _table(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of the table: three of headings between rules, the rows, a last rule."""
    end = next((i for i, n in enumerate(lines) if n.text[:1] not in ("+", "|")), len(lines))
    table = list(lines[:end])
    for line in table:
        if len(line.text) != len(table[0].text):
            raise line.fail("the line is not as wide as its table")
    rules = [i for i, line in enumerate(table) if set(line.text) == {"+", "-"}]
    if rules != [0, _HEAD_LINES + 1, len(table) - 1]:
        raise table[-1].fail("the table is not closed, or has other rules than expected")
    return table


def _with_total(table: Sequence[Line]) -> bool:
    """Check the headings; return whether there is a column of the total."""
    top, bottom = (_cells(table[i]) for i in (1, _HEAD_LINES))
    if top not in _TOPS:
        raise table[1].fail("the columns are not the expected ones")
    with_total = len(top) == len(_TOPS[1])
    if bottom != ["", "", *_CYCLES, *_CYCLES, *[""] * with_total]:
        raise table[_HEAD_LINES].fail("the columns are not the expected ones")
    return with_total


def _cells(line: Line) -> list[str]:
    return [cell.strip() for cell in line.text.strip("|").split("|")]


def _run(line: Line, *, with_total: bool) -> CosimRun:
    cells = _cells(line)
    expected = 2 + 2 * len(_CYCLES) + with_total
    if len(cells) != expected:
        raise line.fail(f"{len(cells)} cells in a table of {expected} columns")
    language, status = cells[:2]
    if language not in LANGUAGES:
        raise line.fail(f"{language[:40]!r} is none of {', '.join(LANGUAGES)}")
    if status not in STATUS:
        raise line.fail(f"the status {status[:40]!r} is none of {', '.join(STATUS)}")
    latency, interval = (_cycles(line, cells[a : a + 3], name) for a, name in _SPANS)
    total = cells[-1] if with_total else "NA"
    run = CosimRun(
        language=language,
        status=STATUS[status],
        latency=latency,
        interval=interval,
        total_cycles=None if total == "NA" else line.count(total, "the total"),
    )
    if run.status == "not run" and (latency or interval or run.total_cycles is not None):
        raise line.fail(f"{language} was not run, but has cycles")
    return run


_SPANS = ((2, "latency"), (5, "interval"))


def _cycles(line: Line, cells: Sequence[str], name: str) -> Cycles | None:
    if set(cells) == {"NA"}:
        return None
    low, mean, high = (
        line.count(cell, f"the {what} {name}") for cell, what in zip(cells, _CYCLES, strict=True)
    )
    if not low <= mean <= high:
        raise line.fail(f"the {name} {low}, {mean}, {high} is not in order")
    return Cycles(min=low, avg=mean, max=high)
