"""Which reader takes a report file: the first that recognises the content, never the name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jetmix.eda.reports import figures, timing, vitis, vivado, yosys
from jetmix.eda.reports.text import VendorReport
from jetmix.errors import ReportReadError

# the largest reports that tools write are some tens of megabytes
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A kind of report: how it is recognised and read."""

    kind: str
    recognises: Callable[[str], bool]
    read: Callable[[Path, str], tuple[VendorReport, ...]]


# a new kind of report is a file with these two functions and a line here
READERS = (
    Reader(kind=vitis.XML_KIND, recognises=vitis.is_xml, read=vitis.read_xml),
    Reader(kind=vitis.TEXT_KIND, recognises=vitis.is_text, read=vitis.read_text),
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
    """Read a vendor report of any known kind; most hold one design.

    Raises:
        ReportReadError: if it cannot be read, or anything in it is unexpected.
    """
    return parse(path, _load(path))


def parse(path: Path, text: str) -> tuple[VendorReport, ...]:
    """Read the text of a vendor report; ``path`` is what complaints name.

    Raises:
        ReportReadError: if no reader knows it, or anything in it is unexpected.
    """
    for reader in READERS:
        if reader.recognises(text):
            return reader.read(path, text)
    raise ReportReadError(
        "not a report that jetmix knows",
        where=f"{path}:1",
        mend=f"known kinds: {', '.join(reader.kind for reader in READERS)}",
    )


def _load(path: Path) -> str:
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
