"""What the vendor's tools found besides resources and timing: co-simulation and power."""

from collections.abc import Sequence

from jetmix import words
from jetmix.eda.reports.record import CosimReport, Report, VendorReport
from jetmix.report.render.model import Mark, Row, Table, columns, per_tagger, text
from jetmix.report.tagger import Tagger

STATUS_MARKS: dict[str, Mark] = {"passed": "good", "failed": "bad", "not run": "unknown"}
NOTE = (
    "Read from the reports in the folder 'vendor' of the synthesis. Co-simulation compares the "
    "RTL with the C++ on the vectors of its test bench; jetmix did not choose or see them. Power "
    "is the tool's estimate for the whole device."
)


def outcomes(taggers: Sequence[Tagger]) -> Table:
    """Return the outcome of every co-simulation and the power of every power report."""
    rows = [[row for report in t.vendor for row in _rows(report)] for t in taggers]
    return Table(
        name="vendor",
        caption="Co-simulation and power by the vendor's tools",
        columns=columns("Report", "Design", "Outcome", "Details", "File"),
        groups=per_tagger(taggers, rows),
        note=NOTE,
    )


def warnings(taggers: Sequence[Tagger]) -> tuple[str, ...]:
    """Return a warning for every co-simulation that failed."""
    return tuple(
        f"{tagger.name}: the co-simulation of {run.language} failed ({report.file})"
        for tagger in taggers
        for report in tagger.vendor
        if isinstance(report, CosimReport)
        for run in report.runs
        if run.status == "failed"
    )


def _rows(report: Report) -> list[Row]:
    design, file = text(report.design), text(report.file)
    if isinstance(report, CosimReport):
        return [
            (
                text(f"Co-simulation of {run.language}"),
                design,
                text(run.status, mark=STATUS_MARKS[run.status]),
                text(words.cosim(run).removeprefix(run.status).removeprefix(", ")),
                file,
            )
            for run in report.runs
        ]
    if isinstance(report, VendorReport):
        kind = f"Power, {words.origin(report.resources.origin)}"
        power, note = text(words.power(report.resources)), text(report.resources.note or "")
        return [(text(kind), design, power, note, file)]
    return []
