"""What was compared bit for bit, and where the resources come from."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.render.model import (
    Cell,
    Mark,
    Row,
    Section,
    Table,
    columns,
    number,
    per_tagger,
    text,
)
from jetmix.report.sections import packages, ports, proofs, vendor
from jetmix.report.tagger import Tagger
from jetmix.resources.report import ResourceReport
from jetmix.verification.result import VerificationResult

STATUS_MARKS: dict[str, Mark] = {"passed": "good", "failed": "bad", "not-run": "unknown"}
BESIDE_NOTE = (
    "Ratio: the other value divided by the estimate. The RTL simulation measures the latency clock "
    "by clock; C synthesis states a latency of its own. The other tools do not time a pipeline."
)
RARER = ("BRAM18", "URAM", "CARRY8")


def section(taggers: Sequence[Tagger]) -> Section | None:
    """Return verification, proofs and origins of resources; None if there is nothing to show."""
    tables = [
        ladder(taggers),
        ports.ports(taggers),
        proofs.proofs(taggers),
        proofs.faults(taggers),
        resources(taggers),
        beside(taggers),
        packages.packages(taggers),
        vendor.outcomes(taggers),
    ]
    shown = tuple(table for table in tables if table.groups)
    if not shown:
        return None
    matrices = proofs.matrices(taggers)
    return Section(
        name="trust",
        title="Verification and resources",
        warnings=vendor.warnings(taggers),
        tables=shown,
        folded=(matrices,) if matrices.groups else (),
    )


def ladder(taggers: Sequence[Tagger]) -> Table:
    """Return the ladder of bit-exactness: every level, run or not, with its vectors."""
    rows = [[_rung(result) for result in tagger.verification] for tagger in taggers]
    titles = ("Level", "Against", "Status", "Vectors", "Differing", "Largest difference", "Details")
    return Table(
        name="ladder",
        caption="Bit-exactness, level by level",
        columns=columns(*titles, numeric=("Vectors", "Differing", "Largest difference")),
        groups=per_tagger(taggers, rows),
        note=(
            "Every level is compared with Keras, not with the level above it. A level that was "
            "not run has not passed. Differences count in units of the output's least significant "
            "bit (LSB)."
        ),
    )


def _rung(result: VerificationResult) -> Row:
    ran = result.status != "not-run"
    return (
        text(words.source(result.candidate)),
        text(words.reference(result)),
        text(result.status.replace("-", " "), mark=STATUS_MARKS[result.status]),
        number(result.n_vectors if ran else None),
        number(result.n_mismatch if ran else None),
        _gap(result.max_diff_lsb),
        text(_details(result)),
    )


def _gap(difference: float | None) -> Cell:
    shown = words.UNKNOWN if difference is None else f"{difference:g} LSB"
    return Cell(text=shown, sort=difference)


def _details(result: VerificationResult) -> str:
    if result.status == "not-run":
        return f"not run: {result.reason or 'no reason recorded'}"
    kinds = words.vectors(result)
    if result.latency_cycles is not None:
        kinds += f"; measured latency {words.cycles(result.latency_cycles)}, II {result.ii_cycles}"
    first = result.first_mismatch
    if first is None:
        return f"{kinds}; {result.difference}" if result.latency_differs else kinds
    place = f"; values first differ at {first.layer}" if first.layer else ""
    return (
        f"{kinds}; first difference at {first.origin} vector {first.vector}, output "
        f"{first.output}: {first.candidate} instead of {first.reference:g} LSB{place}"
    )


def resources(taggers: Sequence[Tagger]) -> Table:
    """Return every resource report, one row per origin."""
    notes = tuple(dict.fromkeys(r.note for tagger in taggers for r in tagger.resources if r.note))
    # the rarer kinds have a column only where some report counts them
    reports = [report for tagger in taggers for report in tagger.resources]
    rarer = tuple(n for n in RARER if any(getattr(r, n.lower()) is not None for r in reports))
    amounts = ("LUT", "FF", "DSP", *rarer)
    rows = [[_resources(r, rarer, notes) for r in tagger.resources] for tagger in taggers]
    return Table(
        name="resources",
        caption="Resources and timing by origin",
        columns=columns(
            "Origin", *amounts, "Latency", "II", "Part", "Tool", "Note", numeric=amounts
        ),
        groups=per_tagger(taggers, rows),
        footnotes=notes,
    )


def _resources(report: ResourceReport, rarer: Sequence[str], notes: Sequence[str]) -> Row:
    return (
        text(words.origin(report.origin)),
        Cell(text=words.lut(report), sort=report.lut),
        Cell(text=words.ff(report), sort=report.ff),
        number(report.dsp),
        *(number(getattr(report, name.lower())) for name in rarer),
        text(words.latency(report)),
        number(report.ii_cycles),
        text(report.part or words.UNKNOWN),
        text(report.tool_version or words.UNKNOWN),
        text(f"[{notes.index(report.note) + 1}]" if report.note else ""),
    )


def beside(taggers: Sequence[Tagger]) -> Table:
    """Return the estimate beside other origins: one row for each of LUT, FF and latency."""
    titles = ("Estimate", "Other", "Ratio")
    return Table(
        name="beside",
        caption="The estimate compared with other origins",
        columns=columns("Origin", "Figure", *titles, "In the 90% interval", numeric=titles),
        groups=per_tagger(taggers, [_beside(tagger) for tagger in taggers]),
        note=BESIDE_NOTE,
    )


def _beside(tagger: Tagger) -> list[Row]:
    estimate = tagger.estimated
    if estimate is None:
        return []
    rows = [
        row
        for report in tagger.resources
        if report is not estimate
        for row in _against(words.origin(report.origin), estimate, report)
    ]
    measured = tagger.measured
    if measured and measured.latency_cycles and estimate.latency_cycles:
        name = f"{words.source(measured.candidate)} (measured)"
        rows.append(_row(name, "Cycles", estimate.latency_cycles, measured.latency_cycles))
    return rows


def _against(name: str, estimate: ResourceReport, other: ResourceReport) -> list[Row]:
    """Return a row for each figure that both know, of cycles where the other timed them itself."""
    cycles = other.latency_cycles if other.cycles_from == other.origin else None
    return [
        _row(name, figure, ours, theirs, span)
        for figure, ours, theirs, span in (
            ("LUT", estimate.lut, other.lut, (estimate.lut_low, estimate.lut_high)),
            ("FF", estimate.ff, other.ff, (estimate.ff_low, estimate.ff_high)),
            ("Cycles", estimate.latency_cycles, cycles, (None, None)),
        )
        if ours and theirs is not None
    ]


def _row(
    name: str,
    figure: str,
    ours: float,
    theirs: float,
    span: tuple[float | None, float | None] = (None, None),
) -> Row:
    low, high = span
    inside = None if low is None or high is None else low <= theirs <= high
    figures = (number(ours), number(theirs), number(theirs / ours, 2))
    return (text(name), text(figure), *figures, text(words.yes_no(inside)))
