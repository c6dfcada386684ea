"""Reader for Vivado's ``report_power``: power on chip in W, and how far to trust it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jetmix.eda.reports.record import VendorReport
from jetmix.eda.reports.text import Line, lines_of, only, tables_in
from jetmix.eda.reports.vivado import Sections, header, sections_of, stated

KIND, SIGN = "Vivado power", "Power Report"
SUMMARY, CONFIDENCE = "Summary", "Confidence Level"
LEVELS = ("Low", "Medium", "High")
TOTAL, DYNAMIC, STATIC = "Total On-Chip Power (W)", "Dynamic (W)", "Device Static (W)"
JUNCTION, OVERALL = "Junction Temperature (C)", "Overall confidence level"
# each is rounded to a thousandth
_ROUNDING_W = 0.0021
_REMARK = re.compile(r"(\S+)(?: \((.*?)!?\))?")
_SIGN = re.compile(rf"^{SIGN}\s*$", re.MULTILINE)

Rows = list[tuple[Line, tuple[str, ...]]]


def is_power(text: str) -> bool:
    """Tell whether a text is a power report of Vivado."""
    return _SIGN.search(text) is not None and "On-Chip" in text


def read_power(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read what ``report_power`` wrote.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    lines = lines_of(path, text)
    only([line for line in lines if line.text == SIGN], "the title", lines)
    sections = sections_of(lines)
    rows = _rows(lines, sections, SUMMARY)
    line, total, remark = _watt(rows, TOTAL)
    dynamic, static = (_watt(rows, name)[1] for name in (DYNAMIC, STATIC))
    if abs(total - dynamic - static) > _ROUNDING_W:
        raise line.fail(f"{total:g} W are not {dynamic:g} W dynamic and {static:g} W static")
    known = stated(lines)
    at, junction = _cell(rows, JUNCTION)
    notes = [f"junction {at.decimal(junction.split(' ')[0], JUNCTION):g} °C"]
    notes += [remark.lower()] if remark else []
    notes += filter(None, [known.note])
    report = replace(
        known,
        note="; ".join(notes),
        power_w=total,
        power_static_w=static,
        power_confidence=_confidence(lines, sections, rows),
    )
    design = str(header(lines, "Design"))
    return (VendorReport(path=path, kind=KIND, design=design, resources=report),)


def _rows(lines: Sequence[Line], sections: Sections, name: str) -> Rows:
    """Return the rows of the first table of a section, with or without headings."""
    if name not in sections:
        raise lines[0].fail(f"the section {name!r} is missing")
    title, below = sections[name]
    tables = tables_in(below)
    if len(tables) != 1:
        raise title.fail(f"{len(tables)} tables in this section, expected one")
    return [*tables[0].head, *tables[0].rows]


def _cell(rows: Rows, label: str) -> tuple[Line, str]:
    found = [(line, cells) for line, cells in rows if cells[0].strip() == label]
    line = only([line for line, _ in found], f"the row {label!r}", [rows[0][0]])
    if len(found[0][1]) < 2:
        raise line.fail(f"{label} has no value")
    return line, found[0][1][1].strip()


def _watt(rows: Rows, label: str) -> tuple[Line, float, str | None]:
    """Return power in W, with the remark behind it, such as too high a temperature."""
    line, cell = _cell(rows, label)
    match = _REMARK.fullmatch(cell)
    if not match:
        raise line.fail(f"{label} is {cell[:40]!r}, expected a number")
    watt = line.decimal(match.group(1).removeprefix("<"), label)
    if watt < 0:
        raise line.fail(f"{label} is below zero")
    return line, watt, match.group(2)


def _confidence(lines: Sequence[Line], sections: Sections, rows: Rows) -> str:
    """Return the confidence level, which stands in two places."""
    line, level = _cell(rows, CONFIDENCE)
    _, overall = _cell(_rows(lines, sections, CONFIDENCE), OVERALL)
    if level not in LEVELS or level != overall:
        raise line.fail(
            f"the confidence level {level[:40]!r} is none of {', '.join(LEVELS)}, or not the "
            f"overall level {overall[:40]!r}"
        )
    return level
