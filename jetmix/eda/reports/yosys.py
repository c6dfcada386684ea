"""Reader for the statistics that Yosys gives of a netlist (``stat -tech xilinx -json``).

A netlist whose constants were lost looks wonderfully small, so a netlist that is empty, not
flattened, or not fully mapped to known cells is an error and never a number.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jetmix.eda.reports.figures import load_object
from jetmix.eda.reports.record import VendorReport
from jetmix.eda.reports.text import Line
from jetmix.resources.report import ResourceReport

KIND = "Yosys statistics"
# cells of AMD's UltraScale and 7-series libraries, by what they take of a device: UG974, UG953
LUTS = {"LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6", "SRL16E", "SRLC32E"}
FLIP_FLOPS = {"FDRE", "FDSE", "FDCE", "FDPE"}
DSPS = {"DSP48E1", "DSP48E2"}
HALF_BLOCKS = {"RAMB18E1": 1, "RAMB18E2": 1, "RAMB36E1": 2, "RAMB36E2": 2}
CARRIES = ("CARRY4", "CARRY8")
# neither takes a LUT: an inverter is absorbed by the logic behind it
FREE = {"INV", "BUFG", "VCC", "GND", "MUXF7", "MUXF8", "MUXF9"}
KNOWN = {*LUTS, *FLIP_FLOPS, *DSPS, *HALF_BLOCKS, *CARRIES, *FREE, "URAM288"}


def is_statistics(text: str) -> bool:
    """Tell whether a text is a netlist's statistics from Yosys."""
    head = text[:200]
    return head.lstrip().startswith("{") and '"creator"' in head and "Yosys" in head


def read_statistics(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read what ``stat -tech xilinx -json`` printed of one flattened module, or of one with parts.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    top = Line(path=path, number=1, text="")
    content = load_object(top, text)
    version = str(content.get("creator", "")).split(" (")[0]
    found = content.get("modules")
    modules: dict[str, Any] = found if isinstance(found, dict) else {}
    name = _top_of(top, modules)
    parts = {n.lstrip("\\"): _cells(top, module, modules) for n, module in modules.items()}
    cells = sum(parts.values(), Counter())
    luts = _sum(cells, LUTS)
    if not luts:
        raise top.fail("the netlist holds no LUT: its logic was optimised away")
    carries = {carry: cells[carry] for carry in CARRIES if carry in cells}
    muxes = sum(cells.get(f"MUXF{size}", 0) for size in (7, 8, 9))
    report = ResourceReport(
        origin="yosys",
        part=None,
        tool_version=version,
        lut=luts,
        ff=_sum(cells, FLIP_FLOPS),
        dsp=_sum(cells, DSPS),
        bram18=sum(size * cells.get(kind, 0) for kind, size in HALF_BLOCKS.items()),
        uram=cells.get("URAM288", 0),
        # half of the carry chains in CARRY4 would not be a count of CARRY8
        carry8=None if "CARRY4" in cells else cells.get("CARRY8", 0),
        note=", ".join([f"{n} {kind}" for kind, n in carries.items()] + [f"{muxes} MUXF7 to 9"]),
        lut_by_section={part: _sum(cells, LUTS) for part, cells in parts.items() if part != name},
    )
    return (VendorReport(path=path, kind=KIND, design=name, resources=report),)


def _top_of(top: Line, modules: Mapping[str, Any]) -> str:
    """Return the module that no other holds; all others are in it, each once."""
    names = {name.lstrip("\\"): module for name, module in modules.items()}
    held = {name: _held(module, names) for name, module in names.items()}
    roots = sorted(set(names) - {part for inside in held.values() for part in inside})
    if len(roots) != 1 or sorted(held[roots[0]]) != sorted(set(names) - set(roots)):
        raise top.fail("expected the statistics of one flattened module, or of one with parts")
    return roots[0]


def _held(module: Any, names: Mapping[str, Any]) -> list[str]:
    """Return the modules within one, as often as they are there."""
    found: list[str] = []
    # newer versions count modules within apart from cells
    for key in ("num_cells_by_type", "num_submodules_by_type"):
        kinds = module.get(key) if isinstance(module, dict) else None
        for kind, count in (kinds if isinstance(kinds, dict) else {}).items():
            if kind.lstrip("\\") in names and isinstance(count, int):
                found += [kind.lstrip("\\")] * min(count, 2)
    return found


def _sum(cells: Mapping[str, int], kinds: set[str]) -> int:
    return sum(cells.get(kind, 0) for kind in kinds)


def _cells(top: Line, module: Any, modules: Mapping[str, Any]) -> Counter[str]:
    """Return the number of cells by type, all of them mapped and accounted for."""
    if not isinstance(module, dict):
        raise top.fail("the module is not an object with figures")
    for name in ("num_memories", "num_processes"):
        if _count(top, module, name):
            raise top.fail(f"{name} is not 0: the netlist is not fully mapped")
    cells = module.get("num_cells_by_type")
    if not isinstance(cells, dict):
        raise top.fail("'num_cells_by_type' is missing")
    counts = Counter({kind: _count(top, cells, kind) for kind in cells})
    total = _count(top, module, "num_cells")
    if counts.total() != total:
        raise top.fail(f"{counts.total()} cells by type, but {total} in all")
    for part in {name.lstrip("\\") for name in modules} & set(counts):
        del counts[part]
    unknown = sorted(set(counts) - KNOWN)
    if unknown:
        raise top.fail(f"unknown cell {unknown[0]!r}: the netlist is not mapped to this device")
    return counts


def _count(top: Line, entry: dict[str, Any], key: str) -> int:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise top.fail(f"{key!r} is {str(value)[:40]}, expected a whole number")
    return value
