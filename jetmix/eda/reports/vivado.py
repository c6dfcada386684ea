"""Readers for Vivado's utilization reports and timing summaries.

``report_utilization`` gives what the netlist holds, ``report_timing_summary`` how fast it is; each
says itself how far the design had come. Layouts: AMD UG906 and reports of Vivado 2018.2 to 2024.1.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jetmix.eda.reports.record import VendorReport
from jetmix.eda.reports.text import Line, Table, headings, lines_of, only, tables_in
from jetmix.resources.report import ResourceReport

UTILIZATION_KIND, UTILIZATION_SIGN = "Vivado utilization", "Utilization Design Information"
# what report_utilization calls the state of a design -> origin, and a remark where it is between
STATES: dict[str, tuple[str, str | None]] = {
    "Synthesized": ("post-synthesis", None),
    "Optimized": ("post-synthesis", None),
    "Fully Placed": ("post-synthesis", "placed, not routed"),
    "Physopt postPlace": ("post-synthesis", "placed, not routed"),
    "Routed": ("post-route", None),
    "Fully Routed": ("post-route", None),
    "Physopt postRoute": ("post-route", None),
}
LOGIC_SECTIONS = ("CLB Logic", "Slice Logic")
MEMORY_SECTIONS = ("BLOCKRAM", "Memory")
DSP_SECTIONS = ("ARITHMETIC", "DSP")
_SECTION = re.compile(r"\d+(\.\d+)?\.? \S.*")
_VERSION = re.compile(r"Vivado v\.(\d{4}\.\d+(\.\d+)?)\b.*")


def is_utilization(text: str) -> bool:
    """Tell whether a text is a utilization report of Vivado."""
    return UTILIZATION_SIGN in text


def header(lines: Sequence[Line], name: str, *, needed: bool = True) -> str | None:
    """Return an entry of the box on top of a report, such as ``| Device : xcvu13p-...``."""
    pattern = re.compile(rf"\| {re.escape(name)} *: *(.*)")
    found = [line for line in lines if pattern.fullmatch(line.text)]
    if not found and not needed:
        return None
    line = only(found, f"the line '| {name} :'", lines)
    match = pattern.fullmatch(line.text)
    words = match.group(1).strip() if match else ""
    if not words:
        raise line.fail(f"{name} is empty")
    return words


def tool_version(lines: Sequence[Line]) -> str:
    """Return the Vivado version of a report."""
    words = str(header(lines, "Tool Version"))
    match = _VERSION.fullmatch(words)
    if not match:
        line = next(line for line in lines if words in line.text)
        raise line.fail(f"{words[:40]!r} is not a version of Vivado")
    return f"Vivado {match.group(1)}"


def state_of(lines: Sequence[Line], words: str) -> tuple[str, str | None]:
    """Return the origin that a ``Design State`` stands for, with a remark."""
    state = next((name for name in STATES if name.lower() == words.lower()), None)
    if state is None:  # power reports write it in small letters
        line = next(line for line in lines if words in line.text)
        raise line.fail(f"the design state {words[:40]!r} is none of {', '.join(STATES)}")
    return STATES[state]


def stated(lines: Sequence[Line]) -> ResourceReport:
    """Return a report of what the box on top states: origin, its remark, part and version."""
    origin, note = state_of(lines, str(header(lines, "Design State")))
    return ResourceReport(
        origin=origin,
        part=header(lines, "Device"),
        tool_version=tool_version(lines),
        note=note,
    )


def table_of(lines: Sequence[Line], sign: str, title: str) -> Table:
    """Return the only table of a section of a report whose title is ``sign``.

    Raises:
        ReportReadError: if title, section or table is missing, or here twice.
    """
    only([line for line in lines if line.text == sign], "the title", lines)
    sections = sections_of(lines)
    if title not in sections:
        raise lines[0].fail(f"the section {title!r} is missing")
    place, below = sections[title]
    tables = tables_in(below)
    if len(tables) != 1 or not tables[0].rows:
        raise place.fail(f"{len(tables)} tables in this section, expected one with rows")
    return tables[0]


def read_utilization(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read what ``report_utilization`` wrote.

    All sections of the table of contents must be there. A kind of resource whose section the
    report does not have is None.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    lines = lines_of(path, text)
    only([line for line in lines if line.text == UTILIZATION_SIGN], "the title", lines)
    sections = sections_of(lines)
    origin, note = state_of(lines, str(header(lines, "Design State")))
    figures = [f for f in (_logic(sections), _memory(sections), _dsp(sections)) if f]
    used: dict[str, Any] = {k: v for f in figures for k, v in f[0].items()}
    available = {k: v for f in figures for k, v in f[1].items()}
    report = ResourceReport(
        origin=origin,
        part=header(lines, "Device"),
        tool_version=tool_version(lines),
        note=note,
        **used,
    )
    design = str(header(lines, "Design"))
    return (
        VendorReport(
            path=path,
            kind=UTILIZATION_KIND,
            design=design,
            resources=report,
            available=available,
        ),
    )


Sections = dict[str, tuple[Line, list[Line]]]
Figures = tuple[dict[str, float], dict[str, float]]


def sections_of(lines: Sequence[Line]) -> Sections:
    """Return the sections by title without number; all that are announced must be there, once."""
    contents = only([n for n in lines if n.text == "Table of Contents"], "the contents", lines)
    announced = []
    for line in lines[contents.number + 1 :]:
        if not _SECTION.fullmatch(line.text):
            break
        announced.append(line)
    if not announced:
        raise contents.fail("the table of contents is empty")
    body = lines[announced[-1].number :]
    starts = [i for i, line in enumerate(body) if _is_title(body, i)]
    titles = [body[i].text for i in starts]
    for entry in announced:
        if titles.count(entry.text) != 1:
            found = titles.count(entry.text)
            raise entry.fail(f"the section {entry.text!r} stands {found} times in the report")
    if len(titles) != len(announced):
        raise contents.fail(f"{len(announced)} sections announced, {len(titles)} found")
    ends = [*starts[1:], len(body)]
    return {
        body[a].text.split(" ", 1)[1]: (body[a], list(body[a + 2 : b]))
        for a, b in zip(starts, ends, strict=True)
    }


def _is_title(lines: Sequence[Line], at: int) -> bool:
    if at + 1 >= len(lines) or not _SECTION.fullmatch(lines[at].text):
        return False
    rule = lines[at + 1].text
    return len(rule) == len(lines[at].text) and set(rule) == {"-"}


def _table(sections: Sections, names: tuple[str, ...]) -> tuple[str, Table] | None:
    """Return the table of site types in the first section that goes by one of ``names``."""
    found = [name for name in names if name in sections]
    if not found:
        return None
    title, lines = sections[found[0]]
    tables = [t for t in tables_in(lines) if headings(t)[-1][:2] == ("Site Type", "Used")]
    if len(tables) != 1:
        raise title.fail(f"{len(tables)} tables of site types in this section, expected one")
    if "Available" not in headings(tables[0])[-1]:
        raise tables[0].head[-1][0].fail("the column 'Available' is missing")
    return found[0], tables[0]


def _amount(table: Table, label: str, *, needed: bool = True) -> tuple[float, float] | None:
    """Return (used, available) of a site type."""
    if not needed and not has_site(table, label):
        return None
    (line, cells), columns = site_row(table, label), headings(table)[-1]
    return (
        line.decimal(cells[columns.index("Used")], label),
        line.decimal(cells[columns.index("Available")], f"available {label}"),
    )


def has_site(table: Table, label: str) -> bool:
    """Tell whether a table of site types has a row of ``label``."""
    return any(cells[0].strip().rstrip("*") == label for _, cells in table.rows)


def site_row(table: Table, label: str) -> tuple[Line, tuple[str, ...]]:
    """Return the only row of a site type, by its label without the mark of a footnote."""
    rows = [(n, c) for n, c in table.rows if c[0].strip().rstrip("*") == label]
    only([n for n, _ in rows], f"the site type {label!r}", [table.head[-1][0]])
    return rows[0]


def _logic(sections: Sections) -> Figures:
    found = _table(sections, LOGIC_SECTIONS)
    if found is None:
        place = next(iter(sections.values()))[0]
        raise place.fail(f"no section {' or '.join(LOGIC_SECTIONS)!s}")
    name, table = found
    kind = name.split(" ", maxsplit=1)[0]
    amounts = {"lut": _amount(table, f"{kind} LUTs"), "ff": _amount(table, f"{kind} Registers")}
    if kind == "CLB":  # 7-series slices have CARRY4, and their table does not count them
        amounts["carry8"] = _amount(table, "CARRY8")
    return _split(table, amounts)


def _memory(sections: Sections) -> Figures | None:
    """Return 18 Kb blocks: a tile is one RAMB36 or two RAMB18, so halves of tiles occur."""
    found = _table(sections, MEMORY_SECTIONS)
    if found is None:
        return None
    table = found[1]
    tile, whole, half = (_amount(table, n) for n in ("Block RAM Tile", "RAMB36/FIFO", "RAMB18"))
    if tile and whole and half and 2 * tile[0] != 2 * whole[0] + half[0]:
        raise table.head[-1][0].fail(
            f"{tile[0]:g} block RAM tiles are not {whole[0]:g} RAMB36 and {half[0]:g} RAMB18"
        )
    blocks = (2 * tile[0], 2 * tile[1]) if tile else None
    return _split(table, {"bram18": blocks, "uram": _amount(table, "URAM", needed=False)})


def _dsp(sections: Sections) -> Figures | None:
    found = _table(sections, DSP_SECTIONS)
    return _split(found[1], {"dsp": _amount(found[1], "DSPs")}) if found else None


def _split(table: Table, amounts: dict[str, tuple[float, float] | None]) -> Figures:
    there = {name: pair for name, pair in amounts.items() if pair is not None}
    for name, (used, _) in there.items():
        if used < 0 or used != int(used):
            raise table.head[-1][0].fail(f"{used:g} {name} used, expected a whole number")
    return {n: int(p[0]) for n, p in there.items()}, {n: p[1] for n, p in there.items()}
