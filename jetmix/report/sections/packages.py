"""What network and wrapper of each package take of an FPGA, and whether it was verified."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.render.model import Cell, Mark, Row, Table, columns, number, per_tagger, text
from jetmix.report.tagger import Packaged, Tagger
from jetmix.resources.report import ResourceReport

STATUS_MARKS: dict[str, Mark] = {"passed": "good", "failed": "bad", "not-run": "unknown"}
NOTE = (
    "The wrapper is counted with the network as a black box; its cycles are those that it adds "
    "while nothing waits. The figures of the network are the best that its synthesis has."
)


def packages(taggers: Sequence[Tagger]) -> Table:
    """Return the table, one row for the network and the wrapper of each package."""
    amounts = ("LUT", "FF", "Cycles")
    return Table(
        name="packages",
        caption="Packages: what network and wrapper take",
        columns=columns(
            "Package", "Target", "Verified", "Part", *amounts, "Origin", numeric=amounts
        ),
        groups=per_tagger(taggers, [_rows(tagger) for tagger in taggers]),
        note=NOTE,
    )


def _rows(tagger: Tagger) -> list[Row]:
    return [row for packaged in tagger.packages for row in _package(packaged)]


def _package(packaged: Packaged) -> list[Row]:
    record = packaged.record
    result = next(iter(packaged.verification), None)
    verified = text(
        "not run" if result is None else result.status.replace("-", " "),
        mark="unknown" if result is None else STATUS_MARKS[result.status],
    )
    head = (text(record.label), text(record.target), verified)
    if not packaged.resources:
        return [(*head, *map(text, (words.UNKNOWN,) * 5))]
    return [(*head, *_figures(report)) for report in packaged.resources]


def _figures(report: ResourceReport) -> Row:
    return (
        text(report.part_of or words.UNKNOWN),
        Cell(text=words.lut(report), sort=report.lut),
        Cell(text=words.ff(report), sort=report.ff),
        number(report.latency_cycles),
        text(words.origin(report.origin)),
    )
