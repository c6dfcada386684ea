"""Reader for ``report_utilization -hierarchical``: the top of a design and its instances."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jetmix.eda.reports.record import Block, VendorReport
from jetmix.eda.reports.text import Line, Table, headings, lines_of
from jetmix.eda.reports.vivado import UTILIZATION_SIGN, stated, table_of

KIND = "Vivado hierarchical utilization"
TITLE = "Utilization by Hierarchy"
_SIGN = re.compile(rf"^1\. {TITLE}\s*$", re.MULTILINE)
NAMES = ("Instance", "Module")
LUTS = ("Total LUTs", "Logic LUTs", "LUTRAMs", "SRLs")
HALVES = {"RAMB36": 2, "RAMB18": 1}
DSP_NAMES = ("DSP Blocks", "DSP48 Blocks")
# with -hierarchical_percentage a share of the device stands behind every figure
_CELL = re.compile(r"(\S+?)\(<?\d+\.\d+%\)")
_INDENT = 2


def is_hierarchy(text: str) -> bool:
    """Tell whether a text is a hierarchical utilization report."""
    return UTILIZATION_SIGN in text and _SIGN.search(text) is not None


def read_hierarchy(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read what ``report_utilization -hierarchical`` wrote; the first row is the top.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    lines = lines_of(path, text)
    table = table_of(lines, UTILIZATION_SIGN, TITLE)
    blocks = _blocks(table)
    top = blocks[0]
    report = replace(
        stated(lines),
        lut=top.amounts["lut"],
        ff=top.amounts["ff"],
        dsp=top.amounts["dsp"],
        bram18=top.amounts["bram18"],
        uram=top.amounts.get("uram"),
    )
    return (
        VendorReport(path=path, kind=KIND, design=top.name, resources=report, blocks=blocks[1:]),
    )


def _blocks(table: Table) -> tuple[Block, ...]:
    """Return the rows with their depth; none is above the instance that holds it."""
    columns = headings(table)[-1]
    _check(table.head[-1][0], columns)
    blocks: list[Block] = []
    above: list[Block] = []
    places: set[tuple[str, ...]] = set()
    for line, cells in table.rows:
        words = cells[0][1:].rstrip()
        name = words.lstrip()
        depth, rest = divmod(len(words) - len(name), _INDENT)
        if rest or not name or depth > len(above) or (depth == 0) != (not blocks):
            raise line.fail("the indentation is not that of an instance below the row above")
        block = Block(name=name, depth=depth, amounts=_amounts(line, cells, columns))
        del above[depth:]
        place = (*(outer.name for outer in above), name)
        if place in places:
            raise line.fail(f"the instance {name[:60]!r} is here a second time")
        places.add(place)
        for amount in block.amounts if above else ():
            if block.amounts[amount] > above[-1].amounts[amount]:
                raise line.fail(f"{name[:60]!r} takes more {amount} than the instance it is in")
        above.append(block)
        blocks.append(block)
    return tuple(blocks)


def _check(line: Line, columns: Sequence[str]) -> None:
    dsp = [name for name in columns if name in DSP_NAMES]
    if len(dsp) != 1:
        raise line.fail(f"expected one column {' or '.join(DSP_NAMES)}, found {len(dsp)}")
    for name in (*NAMES, *LUTS, "FFs", *HALVES):
        if columns.count(name) != 1:
            raise line.fail(f"the column {name!r} is here {columns.count(name)} times, not once")


def _amounts(line: Line, cells: Sequence[str], columns: Sequence[str]) -> dict[str, int]:
    def count(name: str) -> int:
        cell = cells[columns.index(name)].strip()
        match = _CELL.fullmatch(cell)
        return line.count(match.group(1) if match else cell, name)

    total, *parts = (count(name) for name in LUTS)
    if total != sum(parts):
        raise line.fail(f"{total} LUT in all are not {' + '.join(map(str, parts))}")
    amounts = {
        "lut": total,
        "ff": count("FFs"),
        "dsp": count(next(name for name in columns if name in DSP_NAMES)),
        "bram18": sum(halves * count(name) for name, halves in HALVES.items()),
    }
    return {**amounts, "uram": count("URAM")} if "URAM" in columns else amounts
