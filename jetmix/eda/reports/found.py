"""Reports that lie in a folder, such as the vendor's part of a synthesis."""

from collections.abc import Callable, Iterator
from pathlib import Path

from jetmix.eda.reports import cosim, power
from jetmix.eda.reports.readers import load, parse_any, recognised
from jetmix.eda.reports.record import Report

# other XML of the tools, such as that of packaged IP, is no report
PATTERNS = ("*.rpt", "*csynth.xml")


def reports_in(folder: Path) -> tuple[Report, ...]:
    """Read all reports of a known kind in a folder and below; a copy of one counts once.

    Raises:
        ReportReadError: if one of them is not as expected.
    """
    return tuple(_read(folder, recognised))


def outcomes_in(folder: Path) -> tuple[Report, ...]:
    """Read the reports of co-simulation and of power in a folder and below.

    Raises:
        ReportReadError: if one of them is not as expected.
    """
    return tuple(_read(folder, lambda text: cosim.is_cosim(text) or power.is_power(text)))


def _read(folder: Path, wanted: Callable[[str], bool]) -> Iterator[Report]:
    seen = set()
    for path in sorted({p for pattern in PATTERNS for p in folder.rglob(pattern) if p.is_file()}):
        text = load(path)
        if text not in seen and wanted(text):
            seen.add(text)
            yield from parse_any(path, text)
