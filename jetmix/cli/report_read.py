"""``jetmix report-read``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jetmix.cli.common import PATH, finish, json_option
from jetmix.errors import ReportReadError

if TYPE_CHECKING:
    from jetmix.eda.reports.record import Block, CosimReport, Report, VendorReport
    from jetmix.resources.report import ResourceReport

AMOUNTS = {
    "lut": "LUT",
    "ff": "FF",
    "dsp": "DSP",
    "bram18": "BRAM18",
    "uram": "URAM",
    "carry8": "CARRY8",
}
# blocks deeper than this are left to --json
DEPTH = 2


@click.command("report-read")
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@json_option
def report_read(*, files: tuple[Path, ...], as_json: bool) -> None:
    """Show reports of Vitis HLS and Vivado as a table.

    Read are csynth reports (XML, text and summary), co-simulation reports, utilization reports
    (whole, by hierarchy, by SLR, by kernel), timing summaries, power reports and post-route
    figures in JSON. A folder stands for all reports in it, such as the folder 'vendor' of a
    synthesis. Exit code 9 names file and line of what is not as expected.
    """
    reports = [report for file in files for report in _read(file)]
    lines = [line for report in reports for line in [*report_lines(report), ""]]
    finish(lines[:-1], {"reports": [r.as_json() for r in reports]}, as_json=as_json)


def _read(path: Path) -> "Sequence[Report]":
    from jetmix.eda.reports.found import reports_in
    from jetmix.eda.reports.readers import read_any

    if not path.is_dir():
        return read_any(path)
    reports = reports_in(path)
    if not reports:
        raise ReportReadError(
            "no report that jetmix knows is in this folder", where=path, mend="name a report file"
        )
    return reports


def report_lines(report: "Report") -> list[str]:
    """Return one report as a table; what it does not state is left out."""
    from jetmix.eda.reports.record import CosimReport, VendorReport

    by, rows, more = "", [("design", report.design)], []
    if isinstance(report, VendorReport):
        version = report.resources.tool_version
        by = f", {version}" if version else ""
        rows += _resource_rows(report)
        more = _block_lines(report.blocks)
    elif isinstance(report, CosimReport):
        rows += _cosim_rows(report)
    shown = [f"  {name:8} {said}" for name, said in rows if said]
    return [f"{report.path}: {report.kind}{by}", *shown, *more]


def _cosim_rows(report: "CosimReport") -> list[tuple[str, str]]:
    from jetmix import words

    return [("status", report.status), *[(run.language, words.cosim(run)) for run in report.runs]]


def _resource_rows(report: "VendorReport") -> list[tuple[str, str]]:
    from jetmix import words

    resources = report.resources
    return [
        ("part", resources.part or ""),
        ("origin", resources.origin),
        *_amount_rows(report),
        ("latency", _span(resources.latency_min_cycles, resources.latency_cycles, "cycles")),
        ("", _latency_ns(resources)),
        ("II", _span(resources.ii_min_cycles, resources.ii_cycles, "cycles")),
        ("clock", _clock(resources)),
        ("power", words.power(resources)),
        ("note", resources.note or ""),
    ]


def _amount_rows(report: "VendorReport") -> list[tuple[str, str]]:
    rows = []
    for name, title in AMOUNTS.items():
        used, held = getattr(report.resources, name), report.available.get(name)
        if used is None:
            continue
        of = f" of {held:>11,.0f}  {100 * used / held:6.2f}%" if held else ""
        rows.append((title, f"{used:>11,.0f}{of}"))
    return rows


def _block_lines(blocks: "Sequence[Block]") -> list[str]:
    """Return the parts of a design as a table of their own, those on top of it first."""
    if not blocks:
        return []
    shown = [block for block in blocks if block.depth <= DEPTH]
    amounts = [name for name in AMOUNTS if name in shown[0].amounts]
    names = [f"{'  ' * (block.depth - 1)}{block.name}" for block in shown]
    width = max(map(len, names))
    lines = [f"  {'':{width}}{''.join(f'{AMOUNTS[name]:>12}' for name in amounts)}"]
    for name, block in zip(names, shown, strict=True):
        figures = "".join(f"{block.amounts[amount]:>12,}" for amount in amounts)
        lines.append(f"  {name:{width}}{figures}")
    deeper = len(blocks) - len(shown)
    return [*lines, f"  deeper blocks left out: {deeper:,} (see --json)"] if deeper else lines


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
