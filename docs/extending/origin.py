"""Template of an origin: figures that another synthesis tool reports."""

import re
from pathlib import Path

from jetmix.errors import ReportReadError
from jetmix.resources.origins import Origin
from jetmix.resources.report import ResourceReport, add_resources

# the line for ORIGINS: above open synthesis, below the vendor's own
MYTOOL = Origin(
    name="mytool",
    title="MyTool synthesis",
    trust=25,
    made_by="jetmix.eda.mytool",
    cycles_from="pipeline model",
)
_AMOUNT = re.compile(r"^(LUT|FF): (\d+)$", re.MULTILINE)


def read_mytool(path: Path, *, part: str) -> ResourceReport:
    """Return what a report of MyTool says; a figure that it lacks stays None.

    Raises:
        ReportReadError: if the file is no report of MyTool.
    """
    found = {name.lower(): float(value) for name, value in _AMOUNT.findall(path.read_text())}
    if "lut" not in found:
        raise ReportReadError("gives no LUT", where=path, mend="name a report of MyTool")
    return ResourceReport(origin="mytool", part=part, **found)


def keep_mytool(synthesis: Path, report: Path, *, part: str) -> None:
    """Add the figures to a synthesis; they take the place of older ones of the same origin."""
    add_resources(synthesis, [read_mytool(report, part=part)])
