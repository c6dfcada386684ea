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
    "pT gate", "Order-free", "Part", "Paper", "Read", "Remarks",
)  # fmt: skip
NUMERIC = ("N", "Accuracy [%]", "LUT", "FF", "DSP", "Latency [ns]", "II", "EBOPs")
NOTE = (
    "Origin: where LUT, FF, DSP and latency come from; compare them only within one origin "
    "(beside Yosys, latency is the estimate). "
    "Order-free: invariant under permutations of the constituents. Read: 'direct' in the authors' "
    "own files, 'quoted' in somebody else's copy of the table; the numbers lead to the sources "
    f"and remarks below the table. N: constituents. {words.UNKNOWN}: not known."
)


def section(fields: Sequence[Field]) -> Section | None:
    """Return our taggers beside published ones; None if there is nothing to show."""
    if not fields:
        return None
    tables = [against_the_field(f, f"field-{i}") for i, f in enumerate(fields, 1)]
    caveats = dict.fromkeys(f.setting.caveat for f in fields if f.setting.caveat)
    return Section(
        name="field",
        title="Against the field",
        text=(
            "Published taggers stand beside these only under rules that are checked: same data "
            "set, same features, same pT gate, accuracy after quantisation on test jets. Points "
            "share a plot only where the resources have the same origin too. In the plots, stars "
            "are this report's taggers with their errors; squares are invariant under "
            "permutations of the constituents, circles are not, for diamonds it is not known; "
            "filled points were read directly, open ones quoted; numbers count the constituents; "
            "the line joins the points that no other one beats in both."
        ),
        warnings=tuple(caveat for caveat in caveats if caveat),
        tables=tuple(tables),
        pictures=tuple(p for i, f in enumerate(fields, 1) for p in _pareto(f, i)),
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
    groups = (
        Group(
            heading=f"This report: {where}",
            rows=tuple(_ours(tagger) for tagger in field.taggers),
            mark="ours",
        ),
        Group(
            heading=f"Published: public jets (Zenodo 3602260){break_mark}",
            rows=tuple(_published(row, notes) for row in field.rows),
        ),
    )
    return Table(
        name=name,
        caption=f"Taggers with {field.setting.features}",
        columns=columns(*TITLES, numeric=NUMERIC),
        groups=groups,
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
        text((report.part if report else None) or words.UNKNOWN),
        text(words.UNKNOWN),
        text("this report"),
        text(""),
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
        text(row.part or words.UNKNOWN),
        text(row.paper or words.UNKNOWN, href=row.link),
        text(f"{row.seen} [{notes.index(row.source) + 1}]"),
        text(f"[{notes.index(row.remark) + 1}]" if row.remark else ""),
    )


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
        groups.append(Group(heading=f"Beside {names}", rows=rows))
    return Table(
        name="left-out",
        caption="Published taggers left out, and why",
        columns=columns("Reason", "Rows", "Taggers", numeric=("Rows",)),
        groups=tuple(groups),
    )
