"""Reader for post-route figures in JSON: the fields of Vivado's reports, one entry per design.

This is the form in which the authors of JEDI-linear (arXiv 2508.15468) publish their results.
"""

import json
import math
from pathlib import Path
from typing import Any

from jetmix.eda.reports.record import VendorReport
from jetmix.eda.reports.text import WHOLE, Line
from jetmix.errors import ReportReadError
from jetmix.resources.report import ResourceReport

KIND = "post-route figures"
_AMOUNTS = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "carry8": "CARRY8"}
_AVAILABLE = {
    "lut": "LUT_available",
    "ff": "FF_available",
    "dsp": "DSPs_available",
    "bram18": "RAMB18_available",
    "carry8": "CARRY8_available",
}
_MAX = 1e12


def is_figures(text: str) -> bool:
    """Tell whether a text looks like JSON."""
    return text.lstrip().startswith("{")


def read_figures(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read post-route figures, one report for each design in the file.

    Raises:
        ReportReadError: for anything unexpected, with file and line.
    """
    top = Line(path=path, number=1, text="")
    designs = load_object(top, text)
    if not designs:
        raise top.fail("the file holds no design")
    return tuple(_design(_place(path, text, name), name, entry) for name, entry in designs.items())


def load_object(top: Line, text: str) -> dict[str, Any]:
    """Return a JSON object, refusing a name that stands in one object twice.

    Raises:
        ReportReadError: if it is none, with file and line.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise top.fail(f"{twice!r} is here twice")
        return dict(pairs)

    try:
        content = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise ReportReadError(
            f"not well-formed JSON ({error.msg})", where=f"{top.path}:{error.lineno}", mend=WHOLE
        ) from None
    except (ValueError, RecursionError) as error:
        raise top.fail(f"not readable JSON ({type(error).__name__})") from None
    if not isinstance(content, dict):
        raise top.fail("expected an object")
    return content


def _place(path: Path, text: str, name: str) -> Line:
    at = max(text.find(json.dumps(name)), 0)
    return Line(path=path, number=text.count("\n", 0, at) + 1, text="")


def _design(line: Line, name: str, entry: object) -> VendorReport:
    if not isinstance(entry, dict):
        raise line.fail(f"{name!r} is not an object with figures")

    def number(key: str) -> float:
        return _number(line, entry, key)

    def whole(key: str) -> int:
        value = number(key)
        if value < 0 or value != int(value):
            raise line.fail(f"{key!r} is {value:g}, expected a whole number")
        return int(value)

    target = line.positive(number("clock_period"), "'clock_period'")
    achieved = line.positive(number("actual_period"), "'actual_period'")
    slack = number("WNS(ns)")
    _agree(line, "actual_period", achieved, "clock_period - WNS(ns)", target - slack)
    logic = whole("LUT as Logic") + whole("LUT as Memory")
    _agree(line, "LUT", whole("LUT"), "LUT as Logic + LUT as Memory", logic)
    _agree(line, "FF", whole("FF"), "CLB Registers", whole("CLB Registers"))
    _agree(line, "DSP", whole("DSP"), "DSPs", whole("DSPs"))
    amounts: dict[str, Any] = {ours: whole(theirs) for ours, theirs in _AMOUNTS.items()}
    report = ResourceReport(
        origin="post-route",
        part=None,
        bram18=2 * whole("RAMB36/FIFO*") + whole("RAMB18"),
        latency_cycles=whole("latency"),
        clock_target_ns=target,
        clock_achieved_ns=round(achieved, 6),
        note=f"worst slack {slack:g} ns",
        **amounts,
    )
    available = {ours: float(whole(theirs)) for ours, theirs in _AVAILABLE.items()}
    return VendorReport(
        path=line.path, kind=KIND, design=name, resources=report, available=available
    )


def _number(line: Line, entry: dict[str, Any], key: str) -> float:
    if key not in entry:
        raise line.fail(f"{key!r} is missing")
    value = entry[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MAX:
        raise line.fail(f"{key!r} is {str(value)[:40]}, expected a number")
    return float(value)


def _agree(line: Line, name: str, value: float, other: str, expected: float) -> None:
    if not math.isclose(value, expected, abs_tol=1e-6):
        raise line.fail(f"{name!r} is {value:g}, but {other} is {expected:g}")
