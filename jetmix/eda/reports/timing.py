"""Reader for Vivado's ``report_timing_summary``: target clock, slack, achieved clock."""

import re
from collections.abc import Sequence
from pathlib import Path

from jetmix.eda.reports.record import VendorReport
from jetmix.eda.reports.text import Line, lines_of, only
from jetmix.eda.reports.vivado import header, state_of, tool_version
from jetmix.resources.report import ResourceReport

KIND, SIGN = "Vivado timing summary", "Timing Summary Report"
COLUMNS = [
    *("WNS(ns)", "TNS(ns)", "TNS Failing Endpoints", "TNS Total Endpoints"),
    *("WHS(ns)", "THS(ns)", "THS Failing Endpoints", "THS Total Endpoints"),
    *("WPWS(ns)", "TPWS(ns)", "TPWS Failing Endpoints", "TPWS Total Endpoints"),
]
CLOCK_COLUMNS = ["Clock", "Waveform(ns)", "Period(ns)", "Frequency(MHz)"]
_CLOCK = re.compile(r"\s*(\S+)\s+\{[-.\d ]+\}\s+(\S+)\s+(\S+)")
_NET = re.compile(r"net \(fo=\d+, (routed|estimated|unplaced)\)")
_COUNT_COLUMNS = (2, 3, 6, 7, 10, 11)


def is_timing(text: str) -> bool:
    """Tell whether a text is a timing summary of Vivado."""
    return SIGN in text


def read_timing(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read what ``report_timing_summary`` wrote.

    The achieved period is the target period minus the worst slack. With several clocks no single
    one can be given, so both stay None and the note names the clocks.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    lines = lines_of(path, text)
    only([line for line in lines if line.text == SIGN], "the title", lines)
    slack_line, slack = _worst_slack(lines)
    clocks = _clocks(lines)
    origin, remark = _origin(lines)
    notes = [remark] if remark else []
    target = achieved = None
    if len(clocks) == 1:
        target = next(iter(clocks.values()))
        achieved = slack_line.positive(round(target - slack, 6), "the achieved period")
        notes.append(f"worst slack {slack:g} ns")
    else:
        notes.append(f"{len(clocks)} clocks ({', '.join(clocks)}), worst slack {slack:g} ns")
    report = ResourceReport(
        origin=origin,
        part=header(lines, "Device"),
        tool_version=tool_version(lines),
        clock_target_ns=target,
        clock_achieved_ns=achieved,
        note="; ".join(notes),
    )
    design = str(header(lines, "Design"))
    return (VendorReport(path=path, kind=KIND, design=design, resources=report),)


def _chapter(lines: Sequence[Line], title: str) -> list[Line]:
    """Return the lines of a chapter, whose title stands between two rules."""
    head = only([n for n in lines if n.text == f"| {title}"], f"the chapter {title!r}", lines)
    below = lines[head.number + 2 :]
    end = next((i for i, line in enumerate(below) if set(line.text) == {"-"}), len(below))
    return [line for line in below[:end] if line.text] or [head]


def _table(chapter: Sequence[Line], columns: Sequence[str]) -> list[Line]:
    """Return the lines below the heading and the dashes under it."""
    head = chapter[0]
    if [words for words in re.split(r"\s{2,}", head.text.strip()) if words] != list(columns):
        raise head.fail("the columns are not the expected ones")
    if len(chapter) < 3 or set(chapter[1].text) != {"-", " "}:
        raise head.fail("there is no row below these columns")
    return list(chapter[2:])


def _worst_slack(lines: Sequence[Line]) -> tuple[Line, float]:
    line = _table(_chapter(lines, "Design Timing Summary"), COLUMNS)[0]
    figures = line.text.split()
    if len(figures) != len(COLUMNS):
        raise line.fail(f"{len(figures)} figures, expected {len(COLUMNS)}")
    if figures[0] in ("NA", "inf"):
        raise line.fail("the design has no timing: no clock constrains it")
    for index in _COUNT_COLUMNS:
        if figures[index] != "NA":
            line.count(figures[index], COLUMNS[index])
    slack, total = line.decimal(figures[0], "WNS"), line.decimal(figures[1], "TNS")
    if (slack < 0) != (total < 0):
        raise line.fail(f"WNS {slack:g} and TNS {total:g} contradict each other")
    return line, slack


def _clocks(lines: Sequence[Line]) -> dict[str, float]:
    """Return the period in ns of every clock."""
    clocks: dict[str, float] = {}
    for line in _table(_chapter(lines, "Clock Summary"), CLOCK_COLUMNS):
        match = _CLOCK.fullmatch(line.text)
        if not match:
            raise line.fail("not a clock with waveform, period and frequency")
        name, period, frequency = match.groups()
        ns = line.positive(line.decimal(period, "the period"), "the period")
        mhz = line.positive(line.decimal(frequency, "the frequency"), "the frequency")
        if abs(ns * mhz - 1000) > 5:  # both are rounded to three decimals
            raise line.fail(f"a period of {ns:g} ns is not {mhz:g} MHz")
        if name in clocks:
            raise line.fail(f"the clock {name!r} is here a second time")
        clocks[name] = ns
    return clocks


def _origin(lines: Sequence[Line]) -> tuple[str, str | None]:
    """Return how far the design had come.

    Newer versions say it on top. Before, the delays of the nets show it: they are those of routed
    nets, or estimated from the placement, or of nets that are not placed.
    """
    state = header(lines, "Design State", needed=False)
    if state is not None:
        return state_of(lines, state)
    kinds = {match.group(1) for line in lines if (match := _NET.search(line.text))}
    if not kinds:
        raise lines[-1].fail("neither a design state nor a path shows whether this is routed")
    if kinds == {"routed"}:
        return "post-route", None
    return "post-synthesis", None if "unplaced" in kinds else "placed, not routed"
