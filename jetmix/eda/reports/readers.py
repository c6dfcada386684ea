"""Which reader takes a report file: the first that recognises the content, never the name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jetmix.eda.reports import (
    cosim,
    figures,
    hierarchy,
    kernels,
    power,
    slr,
    summary,
    timing,
    vitis,
    vivado,
    yosys,
)
from jetmix.eda.reports.record import Report, VendorReport
from jetmix.errors import ReportReadError

# the largest reports that tools write are some tens of megabytes
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A kind of report: how it is recognised and read."""

    kind: str
    recognises: Callable[[str], bool]
    read: Callable[[Path, str], Sequence[Report]]


# a new kind of report is a file with these two functions and a line here
READERS = (
    Reader(kind=vitis.XML_KIND, recognises=vitis.is_xml, read=vitis.read_xml),
    Reader(kind=vitis.TEXT_KIND, recognises=vitis.is_text, read=vitis.read_text),
    Reader(kind=summary.KIND, recognises=summary.is_summary, read=summary.read_summary),
    Reader(kind=cosim.KIND, recognises=cosim.is_cosim, read=cosim.read_cosim),
    Reader(kind=power.KIND, recognises=power.is_power, read=power.read_power),
    Reader(kind=kernels.KIND, recognises=kernels.is_kernels, read=kernels.read_kernels),
    # these two begin as every utilization report does
    Reader(kind=slr.KIND, recognises=slr.is_slr, read=slr.read_slr),
    Reader(kind=hierarchy.KIND, recognises=hierarchy.is_hierarchy, read=hierarchy.read_hierarchy),
    Reader(
        kind=vivado.UTILIZATION_KIND,
        recognises=vivado.is_utilization,
        read=vivado.read_utilization,
    ),
    Reader(kind=timing.KIND, recognises=timing.is_timing, read=timing.read_timing),
    Reader(kind=yosys.KIND, recognises=yosys.is_statistics, read=yosys.read_statistics),
    Reader(kind=figures.KIND, recognises=figures.is_figures, read=figures.read_figures),
)


def read_report(path: Path) -> tuple[VendorReport, ...]:
    """Read a vendor report that states resources or timing; most hold one design.

    Raises:
        ReportReadError: if it cannot be read, states neither, or anything in it is unexpected.
    """
    return parse(path, load(path))


def read_any(path: Path) -> tuple[Report, ...]:
    """Read a vendor report of any known kind.

    Raises:
        ReportReadError: if it cannot be read, or anything in it is unexpected.
    """
    return parse_any(path, load(path))


def parse(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read the text of a report of resources or timing; ``path`` is what complaints name.

    Raises:
        ReportReadError: if it is of another kind, or anything in it is unexpected.
    """
    reports = parse_any(path, text)
    wanted = tuple(report for report in reports if isinstance(report, VendorReport))
    if len(wanted) != len(reports):
        raise ReportReadError(
            f"a report of the kind {reports[0].kind}, which states no resources",
            where=f"{path}:1",
            mend="name a report of resources or timing",
        )
    return wanted


def parse_any(path: Path, text: str) -> tuple[Report, ...]:
    """Read the text of a vendor report; ``path`` is what complaints name.

    Raises:
        ReportReadError: if no reader knows it, or anything in it is unexpected.
    """
    for reader in READERS:
        if reader.recognises(text):
            return tuple(reader.read(path, text))
    raise ReportReadError(
        "not a report that jetmix knows",
        where=f"{path}:1",
        mend=f"known kinds: {', '.join(reader.kind for reader in READERS)}",
    )


def recognised(text: str) -> bool:
    """Tell whether a text is a report of a known kind."""
    return any(reader.recognises(text) for reader in READERS)


def load(path: Path) -> str:
    """Return the text of a report file.

    Raises:
        ReportReadError: if it cannot be read, or is too large to be a report.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ReportReadError(
                f"larger than {MAX_BYTES // 1024**2} MiB", where=path, mend="name a report file"
            )
        # hosts and dates on top may be in any encoding; figures are ASCII, and checked
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise ReportReadError(
            f"cannot be read ({error.strerror})", where=path, mend="name a report file"
        ) from None
