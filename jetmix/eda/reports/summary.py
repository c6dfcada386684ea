"""Reader for the summary of a C synthesis, ``csynth.rpt``, of Vitis HLS 2020.2 and newer.

Its first table lists the modules and loops; the first module is the top function. The clock is not
stated, so the latency in ns of the tool stands in the note. Layout: AMD UG1399.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from jetmix.eda.reports.record import Block, VendorReport
from jetmix.eda.reports.text import Line, Table, first_table, headings, lines_of, only
from jetmix.eda.reports.vitis import DATA_DEPENDENT
from jetmix.resources.report import ResourceReport

KIND = "csynth summary"
_SIGN = "== Synthesis Summary Report of '"
_ESTIMATES = "+ Performance & Resource Estimates:"
AMOUNTS = {"LUT": "lut", "FF": "ff", "DSP": "dsp", "BRAM": "bram18", "URAM": "uram"}
OTHERS = ("Issue Type", "Slack", "Latency (cycles)", "Latency (ns)", "Interval")
NAMES = "Modules & Loops"
_AMOUNT = re.compile(r"(\S+)(?: \(~?\d+%\))?")
_NS = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")
# marks of a row: a module, a loop; a module of a dataflow has a star behind its name
_ROW = re.compile(r"( *)([+o]) (\S+?)\*?")
NOTHING = ("-", "?")


def is_summary(text: str) -> bool:
    """Tell whether a text is the summary of a C synthesis."""
    return _SIGN in text


def read_summary(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read a ``csynth.rpt``.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    lines = lines_of(path, text)
    title = only([line for line in lines if line.text.startswith(_SIGN)], "the title", lines)
    design = title.text.removeprefix(_SIGN).rstrip("'")
    place = only([n for n in lines if n.text.strip() == _ESTIMATES], f"'{_ESTIMATES}'", lines)
    below = [line for line in lines[place.number :] if not line.text.strip().startswith("PS:")]
    table = first_table(below, "modules and loops", place)
    columns = _columns(table)
    if not table.rows:
        raise table.head[-1][0].fail("the table holds no module")
    modules = [_module(line, cells, columns) for line, cells in table.rows]
    top_line, top = table.rows[0]
    first = modules[0]
    if first is None or first.depth or first.name != design:
        raise top_line.fail(f"the first row is not the top function {design!r}")
    blocks = tuple(module for module in modules[1:] if module is not None)
    if any(block.name == design for block in blocks):
        raise top_line.fail(f"the top function {design!r} is here twice")
    report = _resources(lines, top_line, top, columns, first.amounts)
    return (VendorReport(path=path, kind=KIND, design=design, resources=report, blocks=blocks),)


def _columns(table: Table) -> dict[str, int]:
    """Return the place of every column that is needed, by its two heading rows."""
    rows = headings(table)
    line = table.head[0][0]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        raise line.fail("the columns are not the expected ones")
    names = [" ".join(filter(None, pair)) for pair in zip(*rows, strict=True)]
    for name in (NAMES, *OTHERS, *AMOUNTS):
        if names.count(name) != 1:
            raise line.fail(f"the column {name!r} is here {names.count(name)} times, not once")
    return {name: names.index(name) for name in (NAMES, *OTHERS, *AMOUNTS)}


def _module(line: Line, cells: Sequence[str], columns: dict[str, int]) -> Block | None:
    """Return a module with its amounts, None for a loop, which has none of its own."""
    match = _ROW.fullmatch(cells[columns[NAMES]].rstrip())
    if not match:
        raise line.fail("the row is neither a module ('+') nor a loop ('o')")
    indent, mark, name = match.groups()
    if mark == "o":
        return None
    amounts = {
        ours: _amount(line, cells[columns[theirs]].strip(), theirs)
        for theirs, ours in AMOUNTS.items()
    }
    return Block(name=name, depth=len(indent), amounts=amounts)


def _amount(line: Line, cell: str, name: str) -> int:
    # the tool writes a dash where a module takes none, and 0 for the same in <top>_csynth.rpt
    if cell == "-":
        return 0
    match = _AMOUNT.fullmatch(cell)
    return line.count(match.group(1) if match else cell, name)


def _resources(
    lines: Sequence[Line],
    line: Line,
    cells: Sequence[str],
    columns: dict[str, int],
    amounts: dict[str, int],
) -> ResourceReport:
    issue, slack, cycles, ns, interval = (cells[columns[name]].strip() for name in OTHERS)
    latency, ii = (
        None if cell in NOTHING else line.count(cell, name)
        for cell, name in ((cycles, "the latency"), (interval, "the interval"))
    )
    if (latency is None) != (ns in NOTHING) or (latency is not None and not _NS.fullmatch(ns)):
        raise line.fail(f"a latency of {cycles[:40]} cycles is not {ns[:40]!r} ns")
    notes = [f"slack {line.decimal(slack, 'the slack'):g} ns"] if slack != "-" else []
    notes += [f"latency {float(ns):g} ns"] if latency is not None else [DATA_DEPENDENT]
    notes += [f"issue: {issue}"] if issue != "-" else []
    return ResourceReport(
        origin="csynth",
        part=_header(lines, "Target device"),
        tool_version=f"HLS {_header(lines, 'Version').split(' ')[0]}",
        latency_cycles=latency,
        ii_cycles=ii,
        note="; ".join(notes),
        lut=amounts["lut"],
        ff=amounts["ff"],
        dsp=amounts["dsp"],
        bram18=amounts["bram18"],
        uram=amounts["uram"],
    )


def _header(lines: Sequence[Line], name: str) -> str:
    sign = f"* {name}:"
    found = [line for line in lines if line.text.strip().startswith(sign)]
    line = only(found, f"the line '{sign}'", lines)
    words = line.text.strip().removeprefix(sign).strip()
    if not words:
        raise line.fail(f"{name} is empty")
    return words
