"""Tables that hold our taggers against published ones."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.figures import pareto as figures
from jetmix.report.figures.style import Picture
from jetmix.report.published.baselines import Baseline
from jetmix.report.published.comparable import Field
from jetmix.report.published.panels import COST_TITLES, panels
from jetmix.report.render.model import Cell, Group, Row, Section, Table, columns, number, text
from jetmix.report.tagger import Tagger

TITLES = (
    "Tagger", "N", "Accuracy [%]", "LUT", "FF", "DSP", "Latency [ns]", "II", "EBOPs", "Origin",
    "pT gate", "Order-free", "Part", "Source",
)  # fmt: skip
NUMERIC = ("N", "Accuracy [%]", "LUT", "FF", "DSP", "Latency [ns]", "II", "EBOPs")
NOTE = (
    "N: constituents per jet. Origin: where LUT, FF, DSP and latency come from; compare them only "
    "within one origin (Yosys does not time a pipeline, its latency is the estimate). Order-free: "
    "independent of the order of the constituents. Source: 'direct' was read in the authors' own "
    "files, 'quoted' in a copy of their table; the numbers refer to the notes below. "
    f"{words.UNKNOWN}: not known."
)

LEGEND = (
    "Star: a tagger of this report, with its errors.",
    "Square: independent of the order of the constituents. Circle: dependent. Diamond: unknown.",
    "Filled: read in the authors' own files. Open: quoted by somebody else.",
    "Number beside a point: constituents per jet.",
    "Line: Pareto front, the taggers that no other one beats in both accuracy and cost.",
)


def section(fields: Sequence[Field]) -> Section | None:
    """Return our taggers beside published ones; None if there is nothing to show."""
    if not fields:
        return None
    tables = [against_the_field(f, f"field-{i}") for i, f in enumerate(fields, 1)]
    pictures = tuple(p for i, f in enumerate(fields, 1) for p in _pareto(f, i))
    caveats = dict.fromkeys(f.setting.caveat for f in fields if f.rows and f.setting.caveat)
    return Section(
        name="field",
        title="Against the field",
        text=(
            "A published tagger is shown only if it uses the same data set, the same features and "
            "the same pT gate, and if its accuracy is that of the quantised tagger on test jets. "
            "Two taggers share a plot only if their resources have the same origin."
        ),
        legend=LEGEND if pictures else (),
        warnings=tuple(caveat for caveat in caveats if caveat),
        tables=tuple(tables),
        pictures=pictures,
        folded=(left_out(fields),),
    )


def _pareto(field: Field, number: int) -> list[Picture]:
    pictures = []
    for cost in COST_TITLES:
        group = panels(field, cost)
        limits = figures.shared_limits(group)
        kind = "latency" if cost == "latency_ns" else cost
        pictures += [
            figures.pareto(panel, f"pareto-{kind}-{number}-{index}", *limits[panel.public])
            for index, panel in enumerate(group, 1)
        ]
    return pictures


def against_the_field(field: Field, name: str) -> Table:
    """Return our taggers and the published rows that may stand beside them, with the break."""
    break_mark = "; not comparable with the rows above" if field.setting.caveat else ""
    where = field.setting.data or "jets not known"
    notes = _footnotes(field.rows)
    ours = tuple(_ours(tagger) for tagger in field.taggers)
    groups = [Group(heading=f"This report: {where}", rows=ours, mark="ours")]
    if field.rows:
        heading = f"Published: public jets (Zenodo 3602260){break_mark}"
        rows = tuple(_published(row, notes) for row in field.rows)
        groups.append(Group(heading=heading, rows=rows))
    return Table(
        name=name,
        caption=f"Taggers with {field.setting.features}",
        columns=columns(*TITLES, numeric=NUMERIC),
        groups=tuple(groups),
        sortable=True,
        note=NOTE,
        footnotes=notes,
    )


def _footnotes(rows: Sequence[Baseline]) -> tuple[str, ...]:
    """Return every source and remark of the rows once: what their numbers count."""
    sources = [row.source for row in rows]
    remarks = [row.remark for row in rows if row.remark]
    return tuple(dict.fromkeys([*sources, *remarks]))


def _ours(tagger: Tagger) -> Row:
    report, metrics = tagger.best_resources, tagger.metrics
    gate = (tagger.data.pt_gate_gev or 0.0) if tagger.data else None
    return (
        text(tagger.name),
        number(tagger.n_particles),
        _accuracy(metrics.accuracy, metrics.accuracy_error) if metrics else number(None),
        Cell(text=words.lut(report), sort=report.lut if report else None),
        Cell(text=words.ff(report), sort=report.ff if report else None),
        number(report.dsp if report else None),
        number(report.latency_ns if report else None, 1),
        number(report.ii_cycles if report else None),
        number(tagger.ebops),
        text(words.origin(report.origin) if report else words.UNKNOWN),
        Cell(text=words.gate(gate), sort=gate),
        text(words.yes_no(tagger.permutation_invariant)),
        text(words.device(report.part if report else None)),
        text("this report"),
    )


def _accuracy(share: float, error: float) -> Cell:
    return Cell(text=f"{100 * share:.2f} ± {100 * error:.2f}", sort=100 * share)


def _published(row: Baseline, notes: Sequence[str]) -> Row:
    return (
        text(row.name),
        number(row.n_particles),
        Cell(text=str(row.accuracy_pct), sort=row.accuracy_pct),
        number(row.lut),
        number(row.ff),
        number(row.dsp),
        Cell(text=str(row.latency_ns), sort=row.latency_ns)
        if row.latency_ns is not None
        else number(None),
        number(row.ii),
        number(row.ebops),
        text(words.origin(row.origin)),
        Cell(text=_gate(row), sort=row.pt_gate_gev),
        text(words.yes_no(row.permutation_invariant)),
        text(words.device(row.part)),
        _source(row, notes),
    )


def _source(row: Baseline, notes: Sequence[str]) -> Cell:
    """Return the paper, how its figures were read, and the numbers of the footnotes."""
    numbers = [notes.index(note) + 1 for note in (row.source, row.remark) if note]
    tail = f", {row.seen} [{', '.join(map(str, numbers))}]"
    paper = row.paper or "no paper"
    return Cell(text=paper, tail=tail, sort=paper, href=row.link)


def _gate(row: Baseline) -> str:
    return "not stated" if row.pt_gate_gev is None else words.gate(row.pt_gate_gev)


def left_out(fields: Sequence[Field]) -> Table:
    """Return the published rows that are not shown, by reason."""
    groups = []
    for field in fields:
        reasons: dict[str, list[str]] = {}
        for entry in field.left_out:
            reasons.setdefault(entry.reason, []).append(entry.row.id)
        rows = tuple(
            (text(reason), number(len(ids)), text(", ".join(ids)))
            for reason, ids in sorted(reasons.items(), key=lambda item: -len(item[1]))
        )
        names = ", ".join(tagger.name for tagger in field.taggers)
        groups.append(Group(heading=f"Not compared with {names}", rows=rows))
    return Table(
        name="left-out",
        caption="Published taggers that are not shown, and why",
        columns=columns("Reason", "Rows", "Taggers", numeric=("Rows",)),
        groups=tuple(groups),
    )
