"""Reader for the utilization of kernels that ``v++ --link`` leaves (``*_kernel_util_*.rpt``)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jetmix.eda.reports.record import Block, VendorReport
from jetmix.eda.reports.text import Line, Table, headings, lines_of
from jetmix.eda.reports.vivado import header, stated, table_of

KIND, SIGN = "Vitis kernel utilization", "Accelerator Utilization Design Information"
TITLE = "System Utilization"
COLUMNS = ("Name", "LUT", "LUTAsMem", "REG", "BRAM", "URAM", "DSP")
# tiles of block RAM are counted, each of two halves
AMOUNTS = {"LUT": "lut", "REG": "ff", "BRAM": "bram18", "URAM": "uram", "DSP": "dsp"}
PLATFORM, BUDGET, USED, UNUSED = "Platform", "User Budget", "Used Resources", "Unused Resources"
_CELL = re.compile(r"(\S+) \[ *<?\d+\.\d+%\]")
_INDENT = 3


@dataclass(frozen=True, kw_only=True)
class _Row:
    line: Line
    block: Block


def is_kernels(text: str) -> bool:
    """Tell whether a text is a utilization report of kernels."""
    return SIGN in text


def read_kernels(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read what ``report_accelerator_utilization`` wrote: all kernels, without the platform.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    lines = lines_of(path, text)
    table = table_of(lines, SIGN, TITLE)
    rows = _rows(table)
    budget, used = _budget(table.head[-1][0], rows)
    kernels = rows[4:]
    _once(kernels)
    _agree([row for row in kernels if row.block.depth == 1], used)
    for at, row in enumerate(kernels):
        inside = _inside(kernels[at + 1 :], row.block.depth)
        if inside:
            _agree(inside, row)
    known = stated(lines)
    remarks = ["kernels alone, without the platform", *filter(None, [known.note])]
    report = replace(
        known,
        note="; ".join(remarks),
        lut=used.block.amounts["lut"],
        ff=used.block.amounts["ff"],
        dsp=used.block.amounts["dsp"],
        bram18=used.block.amounts["bram18"],
        uram=used.block.amounts["uram"],
    )
    return (
        VendorReport(
            path=path,
            kind=KIND,
            design=str(header(lines, "Design")),
            resources=report,
            available={name: float(n) for name, n in budget.block.amounts.items()},
            blocks=tuple(row.block for row in kernels),
        ),
    )


def _rows(table: Table) -> list[_Row]:
    if headings(table)[-1] != COLUMNS:
        raise table.head[-1][0].fail("the columns are not the expected ones")
    return [_Row(line=line, block=_block(line, cells)) for line, cells in table.rows]


def _block(line: Line, cells: Sequence[str]) -> Block:
    words = cells[0][1:].rstrip()
    depth, rest = divmod(len(words) - len(words.lstrip()), _INDENT)
    if rest or not words:
        raise line.fail("the indentation is not that of a kernel or an instance")
    amounts = {}
    for name, cell in zip(COLUMNS[1:], cells[1:], strict=True):
        match = _CELL.fullmatch(cell.strip())
        if not match:
            raise line.fail(f"{name} is {cell.strip()[:40]!r}, expected a number and its share")
        if name == "BRAM":
            halves = 2 * line.decimal(match.group(1), name)
            amounts[AMOUNTS[name]] = line.count(f"{halves:g}", "BRAM in halves of a tile")
        elif name in AMOUNTS:
            amounts[AMOUNTS[name]] = line.count(match.group(1), name)
    return Block(name=words.lstrip(), depth=depth + 1, amounts=amounts)


def _budget(head: Line, rows: Sequence[_Row]) -> tuple[_Row, _Row]:
    """Return what users may take and what they took, from the four rows on top."""
    top = [(row.block.name, row.block.depth) for row in rows[:4]]
    if top != [(PLATFORM, 1), (BUDGET, 1), (USED, 2), (UNUSED, 2)] or len(rows) == len(top):
        raise head.fail(f"the rows are not {PLATFORM}, {BUDGET}, its two parts and the kernels")
    _, budget, used, unused = rows[:4]
    _agree([used, unused], budget)
    return budget, used


def _once(kernels: Sequence[_Row]) -> None:
    """Refuse a row that no kernel is above, and one that stands twice."""
    seen: set[tuple[str, int]] = set()
    for row in kernels:
        place = (row.block.name, row.block.depth)
        if place in seen or (not seen and row.block.depth != 1):
            raise row.line.fail(f"{row.block.name!r} does not belong here")
        seen.add(place)


def _inside(rows: Sequence[_Row], depth: int) -> list[_Row]:
    """Return the rows one level below a row of ``depth``, of which ``rows`` follow it."""
    end = next((i for i, row in enumerate(rows) if row.block.depth <= depth), len(rows))
    return [row for row in rows[:end] if row.block.depth == depth + 1]


def _agree(parts: Sequence[_Row], whole: _Row) -> None:
    for name, amount in whole.block.amounts.items():
        total = sum(row.block.amounts[name] for row in parts)
        if total != amount:
            raise whole.line.fail(
                f"{amount} {name} of {whole.block.name!r} are not the {total} of its parts"
            )
