"""Readers for C-synthesis reports of Vivado HLS 2019.2 and Vitis HLS 2020.1 and newer.

``<top>_csynth.xml`` and ``<top>_csynth.rpt`` hold the same figures; both are read, since people
keep either. Field meanings: AMD UG1399, "Synthesis Summary".
"""

from collections.abc import Sequence
from pathlib import Path

from jetmix.eda.reports import xml as report_xml
from jetmix.eda.reports.record import VendorReport
from jetmix.eda.reports.text import Line, Table, first_table, headings, lines_of, only
from jetmix.eda.reports.xml import Element
from jetmix.resources.report import ResourceReport

XML_KIND, TEXT_KIND = "csynth XML", "csynth text"
# what HLS writes where loop bounds depend on data
UNDEFINED = ("undef", "?")
DATA_DEPENDENT = "latency depends on the data"
# name in the report -> ours; DSP48E until 2019.2, DSP since
AMOUNTS = {"BRAM_18K": "bram18", "FF": "ff", "LUT": "lut"}
DSP_NAMES = ("DSP", "DSP48E")
LATENCY_HEADS = (
    ("Latency (cycles)", "Latency (absolute)", "Interval", "Pipeline"),
    ("min", "max", "min", "max", "min", "max", "Type"),
)
TIMING_HEADS = (("Clock", "Target", "Estimated", "Uncertainty"),)


def is_xml(text: str) -> bool:
    """Tell whether a text is a csynth XML report."""
    return text.lstrip().startswith(("<?xml", "<profile"))


def is_text(text: str) -> bool:
    """Tell whether a text is a csynth report in text form."""
    return " HLS Report for '" in text


def read_xml(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read a ``<top>_csynth.xml``.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    root = report_xml.parse(path, text)
    if root.name != "profile":
        raise root.line.fail(f"<{root.name}> is not the root of a csynth report")
    user, performance = root.get("UserAssignments"), root.get("PerformanceEstimates")
    timing, cycles = (
        performance.get(f"SummaryOf{n}") for n in ("TimingAnalysis", "OverallLatency")
    )
    for element, unit in ((user, "ns"), (timing, "ns"), (cycles, "clock cycles")):
        if element.get("unit").text != unit:
            raise element.get("unit").line.fail(f"expected the unit {unit!r}")
    area = root.get("AreaEstimates")
    used, available = (_xml_amounts(area.get(n)) for n in ("Resources", "AvailableResources"))
    version = root.get("ReportVersion").get("Version")
    report = _report(
        part=_words(user.get("Part")),
        version=_words(version),
        used=used,
        target=_xml_period(user.get("TargetClockPeriod")),
        estimated=_xml_period(timing.get("EstimatedClockPeriod")),
        latency=[_xml_cycles(cycles.get(n)) for n in ("Best-caseLatency", "Worst-caseLatency")],
        interval=[_xml_cycles(cycles.get(n)) for n in ("Interval-min", "Interval-max")],
        place=cycles.line,
    )
    design = _words(user.get("TopModelName"))
    return (_vendor(path, XML_KIND, design, report, available),)


def _vendor(
    path: Path, kind: str, design: str, report: ResourceReport, available: dict[str, int]
) -> VendorReport:
    amounts = {name: float(amount) for name, amount in available.items()}
    return VendorReport(path=path, kind=kind, design=design, resources=report, available=amounts)


def _words(element: Element) -> str:
    if not element.text:
        raise element.line.fail(f"<{element.name}> is empty")
    return element.text


def _xml_period(element: Element) -> float:
    name = f"<{element.name}>"
    return element.line.positive(element.line.decimal(element.text, name), name)


def _xml_cycles(element: Element) -> int | None:
    if element.text in UNDEFINED:
        return None
    return element.line.count(element.text, f"<{element.name}>")


def _xml_amounts(element: Element) -> dict[str, int]:
    children = [(child.name, child.line) for child in element.children]
    names = _amount_names(children, element.line)
    return {
        ours: (child := element.get(theirs)).line.count(child.text, f"<{theirs}>")
        for theirs, ours in names.items()
    }


def _amount_names(columns: Sequence[tuple[str, Line]], place: Line) -> dict[str, str]:
    """Return how this version names the amounts; DSP in one of two ways, URAM since UltraScale+."""
    there = [name for name, _ in columns]
    dsp = [name for name in there if name in DSP_NAMES]
    if len(dsp) != 1:
        raise place.fail(f"expected one of {' or '.join(DSP_NAMES)}, found {len(dsp)}")
    missing = [name for name in AMOUNTS if there.count(name) != 1]
    if missing:
        raise place.fail(f"{missing[0]} is here {there.count(missing[0])} times, expected once")
    if there.count("URAM") > 1:
        raise place.fail("URAM is here twice")
    uram = {"URAM": "uram"} if "URAM" in there else {}
    return {**AMOUNTS, dsp[0]: "dsp", **uram}


def _report(
    *,
    part: str,
    version: str,
    used: dict[str, int],
    target: float,
    estimated: float,
    latency: Sequence[int | None],
    interval: Sequence[int | None],
    place: Line,
) -> ResourceReport:
    for name, (best, worst) in (("latency", latency), ("interval", interval)):
        if best is not None and worst is not None and best > worst:
            raise place.fail(f"the best {name} {best} is above the worst {worst}")
    return ResourceReport(
        origin="csynth",
        part=part,
        tool_version=f"HLS {version}",
        clock_target_ns=target,
        clock_achieved_ns=estimated,
        latency_min_cycles=latency[0],
        latency_cycles=latency[1],
        ii_min_cycles=interval[0],
        ii_cycles=interval[1],
        note=DATA_DEPENDENT if None in (*latency, *interval) else None,
        lut=used["lut"],
        ff=used["ff"],
        dsp=used["dsp"],
        bram18=used["bram18"],
        uram=used.get("uram"),
    )


def read_text(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read a ``<top>_csynth.rpt``.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    lines = lines_of(path, text)
    title = only([n for n in lines if " HLS Report for '" in n.text], "the title", lines)
    design = title.text.split(" HLS Report for '", 1)[1].rstrip("'")
    performance = _section(lines, "Performance Estimates")
    timing = _summary(performance, "+ Timing:", TIMING_HEADS)
    clock, cells = _only_row(timing)
    latency = _summary(performance, "+ Latency:", LATENCY_HEADS)
    place, figures = _only_row(latency)
    for absolute in figures[2:4]:
        if absolute.strip() not in UNDEFINED:
            place.time_ns(absolute, "the absolute latency")
    used, available = _text_amounts(_section(lines, "Utilization Estimates"))
    cycles = [_text_cycles(place, figures[i]) for i in (0, 1, 4, 5)]
    report = _report(
        part=_header(lines, "Target device"),
        version=_header(lines, "Version").split(" ")[0],
        used=used,
        target=clock.positive(clock.time_ns(cells[1], "the target clock"), "the target clock"),
        estimated=clock.positive(clock.time_ns(cells[2], "the clock"), "the estimated clock"),
        latency=cycles[:2],
        interval=cycles[2:],
        place=place,
    )
    if not design:
        raise title.fail("the title names no design")
    return (_vendor(path, TEXT_KIND, design, report, available),)


def _header(lines: Sequence[Line], name: str) -> str:
    found = [line for line in lines if line.text.startswith(f"* {name}:")]
    line = only(found, f"the line '* {name}:'", lines)
    words = line.text.split(":", 1)[1].strip()
    if not words:
        raise line.fail(f"{name} is empty")
    return words


def _section(lines: Sequence[Line], title: str) -> list[Line]:
    """Return the lines below a title such as ``== Performance Estimates`` up to the next title."""
    head = only([n for n in lines if n.text == f"== {title}"], f"the section {title!r}", lines)
    below = lines[head.number + 1 :]  # without the rule under the title
    end = next((i for i, line in enumerate(below) if line.text.startswith("==")), len(below))
    return list(below[:end]) or [head]


def _summary(section: Sequence[Line], title: str, heads: tuple[tuple[str, ...], ...]) -> Table:
    found = [i for i, line in enumerate(section) if line.text.strip() == title]
    place = only([section[i] for i in found], f"'{title}'", section)
    rest = section[found[0] + 1 :]
    if not rest or rest[0].text.strip() != "* Summary:":
        raise (rest[0] if rest else place).fail(f"expected '* Summary:' below '{title}'")
    table = first_table(rest[1:], title, place)
    if headings(table) != heads:
        raise table.head[0][0].fail(f"the columns below '{title}' are not the expected ones")
    return table


def _only_row(table: Table) -> tuple[Line, tuple[str, ...]]:
    line = only([line for line, _ in table.rows], "the row of figures", [table.head[-1][0]])
    return line, table.rows[0][1] if line else ()


def _text_cycles(line: Line, cell: str) -> int | None:
    return None if cell.strip() in UNDEFINED else line.count(cell, "the number of cycles")


def _text_amounts(section: Sequence[Line]) -> tuple[dict[str, int], dict[str, int]]:
    found = [i for i, line in enumerate(section) if line.text == "* Summary:"]
    place = only([section[i] for i in found], "'* Summary:' of the utilization", section)
    table = first_table(section[found[0] + 1 :], "the utilization", place)
    columns = headings(table)[-1]
    head = table.head[-1][0]
    names = _amount_names([(name, head) for name in columns], head)
    both = []
    for label in ("Total", "Available"):
        line, cells = table.row(label)
        both.append(
            {ours: line.count(cells[columns.index(n)], f"{label} {n}") for n, ours in names.items()}
        )
    return both[0], both[1]
