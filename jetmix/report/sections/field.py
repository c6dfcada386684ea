"""Tables that hold our taggers against published ones."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.published.baselines import Baseline
from jetmix.report.published.comparable import Field
from jetmix.report.render.model import Cell, Group, Table, columns, number, text
from jetmix.report.rivals import Rival
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
RATES_NOTE = (
    "All in per cent, each class against the rest. TPR10 and TPR1: signal efficiency where 10% and "
    "1% of the other classes pass. Published values of the Mixers are before quantisation."
)
RIVALS_NOTE = (
    "'Only it' and 'only the other' count the jets that just one of the two gets right. The "
    "p-value is of McNemar's exact test, corrected for several comparisons by Holm's method; a "
    "verdict needs less than 0.05."
)


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
        caption=f"Taggers with {field.setting.n_features} features a constituent",
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


def _ours(tagger: Tagger) -> tuple[Cell, ...]:
    report, metrics = tagger.best_resources, tagger.metrics
    gate = tagger.data.pt_gate_gev if tagger.data else None
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
        text(words.ORIGIN_WORDS[report.origin] if report else words.UNKNOWN),
        Cell(text=words.gate(gate), sort=gate),
        text(words.yes_no(tagger.permutation_invariant)),
        text((report.part if report else None) or words.UNKNOWN),
        text(words.UNKNOWN),
        text("this report"),
        text(""),
    )


def _accuracy(share: float, error: float) -> Cell:
    return Cell(text=f"{100 * share:.2f} ± {100 * error:.2f}", sort=100 * share)


def _published(row: Baseline, notes: Sequence[str]) -> tuple[Cell, ...]:
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
        text(words.ORIGIN_WORDS[row.origin]),
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


def literature(field: Field, name: str) -> Table | None:
    """Return AUC and TPR a class as papers print them; None if nobody states any."""
    with_auc = [row for row in field.rows if row.auc_pct]
    ours = [tagger for tagger in field.taggers if tagger.metrics]
    if not ours:
        return None
    classes = ours[0].metrics.class_names if ours[0].metrics else ()
    kinds = ("AUC", "TPR10", "TPR1")
    titles = [f"{kind} {label}" for kind in kinds for label in classes]
    caveat = "; not comparable with the rows above" if field.setting.caveat else ""
    groups = [
        Group(heading="This report", rows=tuple(_rates(t, classes) for t in ours), mark="ours")
    ]
    if with_auc:
        rows = tuple(_published_rates(row, classes) for row in with_auc)
        groups.append(Group(heading=f"Published: public jets{caveat}", rows=rows))
    return Table(
        name=name,
        caption="AUC and signal efficiency a class, in the form of the literature",
        columns=columns("Tagger", "N", *titles, numeric=("N", *titles)),
        groups=tuple(groups),
        sortable=True,
        note=RATES_NOTE,
    )


def _rates(tagger: Tagger, classes: Sequence[str]) -> tuple[Cell, ...]:
    metrics = tagger.metrics
    groups = (metrics.auc, metrics.tpr_at_fpr10, metrics.tpr_at_fpr1) if metrics else ()
    values = [group.get(label) for group in groups for label in classes]
    cells = [number(None if v is None else 100 * v, 2) for v in values]
    return (text(tagger.name), number(tagger.n_particles), *cells)


def _published_rates(row: Baseline, classes: Sequence[str]) -> tuple[Cell, ...]:
    groups = (row.auc_pct, row.tpr_at_fpr10_pct, row.tpr_at_fpr1_pct)
    values = [(group or {}).get(label) for group in groups for label in classes]
    cells = [Cell(text=str(v), sort=v) if v is not None else number(None) for v in values]
    return (text(row.name, href=row.link), number(row.n_particles), *cells)


def between_ours(found: Sequence[Rival]) -> Table:
    """Return the differences between the taggers of the report, with their significance."""
    titles = (
        "Tagger",
        "Against",
        "Accuracy difference [points]",
        "p-value",
        "Verdict",
        "Only it",
        "Only the other",
        "Recipes differ in",
    )
    rows = tuple(
        (
            text(entry.rival),
            text(entry.reference),
            Cell(
                text=f"{100 * entry.difference:+.2f} ± {100 * entry.error:.2f}",
                sort=entry.difference,
            ),
            Cell(text=f"{entry.p_value:.2g}", sort=entry.p_value),
            text(entry.verdict),
            number(entry.only_rival),
            number(entry.only_reference),
            text(_recipes(entry)),
        )
        for entry in found
    )
    return Table(
        name="rivals-table",
        caption="Differences on the same test jets",
        columns=columns(*titles, numeric=(titles[2], "p-value", "Only it", "Only the other")),
        groups=(Group(heading="", rows=rows),),
        sortable=True,
        note=RIVALS_NOTE,
    )


def _recipes(entry: Rival) -> str:
    if entry.recipe_differs is None:
        return words.UNKNOWN
    return ", ".join(entry.recipe_differs) or "nothing but the architecture"
