"""Tables of what was proven, from where the resources come, what is missing, and how to repeat."""

import json
from collections.abc import Mapping, Sequence

from jetmix import words
from jetmix.report.gate.rules import Outcome
from jetmix.report.render.model import Cell, Group, Mark, Table, columns, number, text
from jetmix.report.tagger import LayerBits, Tagger
from jetmix.resources.report import ResourceReport
from jetmix.support.files import JSON
from jetmix.verification.result import VerificationResult

STATUS_MARKS: dict[str, Mark] = {"passed": "good", "failed": "bad", "not-run": "unknown"}


def _per_tagger(
    taggers: Sequence[Tagger], rows: Mapping[str, list[tuple[Cell, ...]]]
) -> list[Group]:
    return [
        Group(heading=tagger.name, rows=tuple(rows[tagger.name]))
        for tagger in taggers
        if rows[tagger.name]
    ]


def ladder(taggers: Sequence[Tagger]) -> Table:
    """Return the ladder of bit-exactness: every level, run or not, with its vectors."""
    rows = {tagger.name: [_rung(result) for result in tagger.verification] for tagger in taggers}
    titles = ("Level", "Against", "Status", "Vectors", "Differing", "Largest difference", "Details")
    return Table(
        name="ladder",
        caption="The ladder of bit-exactness",
        columns=columns(*titles, numeric=("Vectors", "Differing", "Largest difference")),
        groups=tuple(_per_tagger(taggers, rows)),
        note=(
            "Every level is compared with Keras, not with the level above it. A level that was "
            "not run is not a pass. Differences are in units of the output's least significant "
            "bit (LSB)."
        ),
    )


def _rung(result: VerificationResult) -> tuple[Cell, ...]:
    ran = result.status != "not-run"
    return (
        text(words.LEVEL_WORDS[result.candidate]),
        text("Keras" if result.reference == "keras" else result.reference),
        text(result.status, mark=STATUS_MARKS[result.status]),
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
        return f"not run: {result.reason or 'no reason was recorded'}"
    kinds = ", ".join(
        f"{words.count(n)} {words.VECTOR_WORDS.get(name, name)}"
        for name, n in result.vectors.items()
    )
    first = result.first_mismatch
    if first is None:
        return f"{kinds}; {result.difference}" if result.latency_differs else kinds
    return (
        f"{kinds}; first difference at {first.origin} vector {first.vector}, output "
        f"{first.output}: {first.reference:g} against {first.candidate} LSB"
    )


def resources(taggers: Sequence[Tagger]) -> Table:
    """Return every resource report, a row an origin."""
    notes = tuple(dict.fromkeys(r.note for tagger in taggers for r in tagger.resources if r.note))
    rows = {tagger.name: [_resources(r, notes) for r in tagger.resources] for tagger in taggers}
    amounts = ("LUT", "FF", "DSP", "BRAM18", "URAM", "CARRY8")
    return Table(
        name="resources",
        caption="Resources and timing by origin",
        columns=columns(
            "Origin", *amounts, "Latency", "II", "Part", "Tool", "Note", numeric=amounts
        ),
        groups=tuple(_per_tagger(taggers, rows)),
        footnotes=notes,
    )


def _resources(report: ResourceReport, notes: Sequence[str]) -> tuple[Cell, ...]:
    return (
        text(words.ORIGIN_WORDS[report.origin]),
        Cell(text=words.lut(report), sort=report.lut),
        Cell(text=words.ff(report), sort=report.ff),
        *(number(v) for v in (report.dsp, report.bram18, report.uram, report.carry8)),
        text(words.latency(report)),
        number(report.ii_cycles),
        text(report.part or words.UNKNOWN),
        text(report.tool_version or words.UNKNOWN),
        text(f"[{notes.index(report.note) + 1}]" if report.note else ""),
    )


def checks(outcomes: Sequence[Outcome]) -> Table:
    """Return the outcome of every rule, those that failed first."""
    rows = tuple(
        (
            text(outcome.tagger),
            text(outcome.check),
            text("passed", mark="good") if outcome.passed else text("failed", mark="bad"),
            text(outcome.found),
            text(outcome.wanted),
        )
        for outcome in sorted(outcomes, key=lambda outcome: outcome.passed)
    )
    return Table(
        name="checks-table",
        caption="Rules and their outcome",
        columns=columns("Tagger", "Check", "Outcome", "Found", "Wanted"),
        groups=(Group(heading="", rows=rows),),
        note="LUT and FF are checked at the upper end of their 90% intervals. Unknown fails.",
    )


def layers(taggers: Sequence[Tagger]) -> Table:
    """Return EBOPs, weights and mean bit widths a layer."""
    rows = {tagger.name: [_layer(layer) for layer in tagger.layers] for tagger in taggers}
    titles = ("Layer", "Kind", "EBOPs", "Weights", "Not zero", "Bits a weight", "Bits an input")
    return Table(
        name="layers",
        caption="Bits, weights and EBOPs by layer",
        columns=columns(*titles, numeric=titles[2:]),
        groups=tuple(_per_tagger(taggers, rows)),
        sortable=True,
        note="Bits are without the sign; means over weights that are not zero and all inputs.",
    )


def _layer(layer: LayerBits) -> tuple[Cell, ...]:
    total = sum(bits.size for bits in layer.inputs)
    mean = sum(float(bits.sum()) for bits in layer.inputs) / total if total else None
    share = f" ({100 * layer.n_nonzero / layer.n_weights:.0f}%)" if layer.n_weights else ""
    return (
        text(layer.name),
        text(layer.kind),
        number(layer.ebops),
        number(layer.n_weights or None),
        Cell(text=f"{words.count(layer.n_nonzero)}{share}", sort=layer.n_nonzero)
        if share
        else number(None),
        number(layer.weight_bits, 2),
        number(mean, 2),
    )


def missing(taggers: Sequence[Tagger]) -> Table:
    """Return what the report cannot show, why, and how to get it."""
    rows: dict[str, list[tuple[Cell, ...]]] = {
        tagger.name: [(text(gap.what), text(gap.why), text(gap.mend)) for gap in tagger.gaps]
        for tagger in taggers
    }
    return Table(
        name="missing",
        caption="What is missing",
        columns=columns("What", "Why", "How to get it"),
        groups=tuple(_per_tagger(taggers, rows)),
    )


def reproduce(tagger: Tagger) -> list[tuple[str, str]]:
    """Return what is needed to make a tagger again, as (name, value)."""
    provenance = tagger.provenance or tagger.synthesis or {}
    facts = [
        ("Folders", ", ".join(tagger.places)),
        ("Training", _command((tagger.provenance or {}).get("command"))),
        ("Synthesis", _command((tagger.synthesis or {}).get("command"))),
        ("Seed", provenance.get("seed")),
        ("Backend", provenance.get("backend")),
        ("Git revision", provenance.get("git_revision")),
        ("Versions", _versions(provenance.get("versions"))),
        ("Python", provenance.get("python")),
        ("Platform", provenance.get("platform")),
        ("Data file", tagger.data.path if tagger.data else None),
        ("Data SHA-256", tagger.data.sha256 if tagger.data else None),
        ("Jets", _jets(tagger)),
        ("Model SHA-256", tagger.model_sha256),
    ]
    return [(name, str(value)) for name, value in facts if value is not None and value != ""]


def _command(value: object) -> str | None:
    return " ".join(map(str, value)) if isinstance(value, list) else None


def _versions(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    return ", ".join(f"{name} {version}" for name, version in value.items() if version)


def _jets(tagger: Tagger) -> str | None:
    data = tagger.data
    if data is None:
        return None
    sizes = (data.n_train, data.n_validation, data.n_test)
    train, validation, test = map(words.count, sizes)
    return f"{train} for training, {validation} for validation, {test} for the test"


def recipe_lines(recipe: JSON) -> str:
    """Return a recipe as indented JSON."""
    return json.dumps(recipe, indent=2, sort_keys=True, default=str)
