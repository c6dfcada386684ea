"""Reader for ``report_utilization -slr``: what a design takes of each SLR of a device."""

import re
from dataclasses import replace
from pathlib import Path

from jetmix.eda.reports.record import Block, VendorReport
from jetmix.eda.reports.text import Table, headings, lines_of
from jetmix.eda.reports.vivado import UTILIZATION_SIGN, has_site, header, site_row, stated, table_of

KIND = "Vivado SLR utilization"
TITLE = "SLR CLB Logic and Dedicated Block Utilization"
_SIGN = re.compile(r"^1\. SLR ", re.MULTILINE)
_SLR = re.compile(r"SLR\d+")
SITES = {"lut": "CLB LUTs", "ff": "CLB Registers", "carry8": "CARRY8", "dsp": "DSPs"}
BLOCKS = ("Block RAM Tile", "RAMB36/FIFO", "RAMB18")


def is_slr(text: str) -> bool:
    """Tell whether a text is a utilization report by SLR."""
    return UTILIZATION_SIGN in text and _SIGN.search(text) is not None


def read_slr(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read what ``report_utilization -slr`` wrote; the design is the sum of its SLRs.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    lines = lines_of(path, text)
    table = table_of(lines, UTILIZATION_SIGN, TITLE)
    blocks = _blocks(table)
    sums = {n: sum(block.amounts[n] for block in blocks) for n in blocks[0].amounts}
    report = replace(
        stated(lines),
        lut=sums["lut"],
        ff=sums["ff"],
        dsp=sums["dsp"],
        bram18=sums["bram18"],
        uram=sums.get("uram"),
        carry8=sums["carry8"],
    )
    design = str(header(lines, "Design"))
    return (VendorReport(path=path, kind=KIND, design=design, resources=report, blocks=blocks),)


def _blocks(table: Table) -> tuple[Block, ...]:
    columns = headings(table)[-1]
    names = [name for name in columns if _SLR.fullmatch(name)]
    if columns[:1] != ("Site Type",) or not names or len(set(names)) != len(names):
        raise table.head[-1][0].fail("the columns are not site types by SLR")
    return tuple(
        Block(name=name, depth=1, amounts=_amounts(table, columns.index(name))) for name in names
    )


def _amounts(table: Table, column: int) -> dict[str, int]:
    amounts = {ours: _count(table, site, column) for ours, site in SITES.items()}
    line, cells = site_row(table, BLOCKS[0])
    tiles = line.decimal(cells[column], BLOCKS[0])
    whole, half = (_count(table, site, column) for site in BLOCKS[1:])
    if 2 * tiles != 2 * whole + half:
        raise line.fail(f"{tiles:g} block RAM tiles are not {whole} RAMB36 and {half} RAMB18")
    amounts["bram18"] = 2 * whole + half
    if has_site(table, "URAM"):  # not every device has it
        amounts["uram"] = _count(table, "URAM", column)
    return amounts


def _count(table: Table, site: str, column: int) -> int:
    line, cells = site_row(table, site)
    return line.count(cells[column], site)
