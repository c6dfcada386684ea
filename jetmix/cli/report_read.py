"""``jetmix report-read``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jetmix.cli.common import PATH, finish, json_option

if TYPE_CHECKING:
    from jetmix.eda.reports.text import VendorReport
    from jetmix.resources.report import ResourceReport

AMOUNTS = {
    "lut": "LUT",
    "ff": "FF",
    "dsp": "DSP",
    "bram18": "BRAM18",
    "uram": "URAM",
    "carry8": "CARRY8",
}


@click.command("report-read")
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@json_option
def report_read(*, files: tuple[Path, ...], as_json: bool) -> None:
    """Show reports of Vitis HLS and Vivado as a table.

    Read are csynth reports (XML and text), utilization reports, timing summaries and post-route
    figures in JSON. Exit code 9 names file and line of what is not as expected.
    """
    from jetmix.eda.reports.readers import read_report

    reports = [report for file in files for report in read_report(file)]
    lines = [line for report in reports for line in [*report_lines(report), ""]]
    finish(lines[:-1], {"reports": [r.as_json() for r in reports]}, as_json=as_json)


def report_lines(report: "VendorReport") -> list[str]:
    """Return one report as a table; what it does not state is left out."""
    resources = report.resources
    by = f", {resources.tool_version}" if resources.tool_version else ""
    lines = [f"{report.path}: {report.kind}{by}"]
    rows = [("design", report.design), ("part", resources.part or ""), ("origin", resources.origin)]
    rows += _amount_rows(report)
    rows += [
        ("latency", _span(resources.latency_min_cycles, resources.latency_cycles, "cycles")),
        ("", _latency_ns(resources)),
        ("II", _span(resources.ii_min_cycles, resources.ii_cycles, "cycles")),
        ("clock", _clock(resources)),
        ("note", resources.note or ""),
    ]
    return lines + [f"  {name:8} {words}" for name, words in rows if words]


def _amount_rows(report: "VendorReport") -> list[tuple[str, str]]:
    rows = []
    for name, title in AMOUNTS.items():
        used, held = getattr(report.resources, name), report.available.get(name)
        if used is None:
            continue
        of = f" of {held:>11,.0f}  {100 * used / held:6.2f}%" if held else ""
        rows.append((title, f"{used:>11,.0f}{of}"))
    return rows


def _span(best: int | None, worst: int | None, unit: str) -> str:
    if worst is None:
        return ""
    if best is None or best == worst:
        return f"{worst:,} {unit}"
    return f"{best:,} (best) to {worst:,} (worst) {unit}"


def _latency_ns(resources: "ResourceReport") -> str:
    return "" if resources.latency_ns is None else f"{resources.latency_ns:,g} ns (worst)"


def _clock(resources: "ResourceReport") -> str:
    target, achieved = resources.clock_target_ns, resources.clock_achieved_ns
    parts = [f"{target:g} ns target"] if target is not None else []
    parts += [f"{achieved:g} ns {resources.made_by.clock}"] if achieved is not None else []
    return ", ".join(parts)
