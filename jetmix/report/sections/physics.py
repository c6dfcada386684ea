"""How well the classes are separated: curves, confusion, AUC and efficiencies."""

from collections.abc import Iterator, Sequence

from jetmix import words
from jetmix.report.figures import pareto
from jetmix.report.figures import scores as figures
from jetmix.report.figures.style import Picture
from jetmix.report.published.baselines import Baseline
from jetmix.report.published.comparable import Field
from jetmix.report.render.model import Cell, Group, Row, Section, Table, columns, number, text
from jetmix.report.tagger import Tagger, models

RATES_NOTE = (
    "In per cent, each class against the rest. TPR10 and TPR1: signal efficiency where 10% and 1% "
    "of the jets of other classes pass."
)
PUBLISHED_NOTE = " Published values of the Mixers are before quantisation."


def section(taggers: Sequence[Tagger], fields: Sequence[Field]) -> Section | None:
    """Return curves, confusion matrices and rates; None if there is nothing to show."""
    tables = [literature(f, f"literature-{i}") for i, f in enumerate(fields, 1)]
    pictures = [picture for i, tagger in models(taggers) for picture in _physics_of(tagger, i)]
    tables.append(rejections(taggers))
    shown = tuple(table for table in tables if table is not None)
    if not shown and not pictures:
        return None
    return Section(
        name="physics",
        title="Physics",
        text=_shared(taggers),
        tables=shown,
        pictures=tuple(pictures),
    )


def _shared(taggers: Sequence[Tagger]) -> str:
    """Say whose figures stand for other projects of the same model as well."""
    alike: dict[str, list[str]] = {}
    for tagger in taggers:
        alike.setdefault(tagger.model_sha256 or tagger.name, []).append(tagger.name)
    return " ".join(
        f"{', '.join(others)}: same model as {first}; its figures apply."
        for first, *others in alike.values()
        if others
    )


def _physics_of(tagger: Tagger, index: int) -> Iterator[Picture]:
    metrics, scores, jets = tagger.metrics, tagger.scores, tagger.kinematics
    if metrics and scores:
        yield figures.roc(tagger, scores, metrics, f"roc-{index}")
    if metrics:
        yield figures.confusion(tagger, metrics, f"confusion-{index}")
    if metrics and scores:
        yield figures.distributions(tagger, scores, metrics, f"scores-{index}")
    if metrics and scores and jets:
        for quantity, values in (("pT", jets.pt_gev), ("mass", jets.mass_gev)):
            if values is None:
                continue
            name = f"efficiency-{quantity.lower()}-{index}"
            yield figures.efficiency(tagger, scores, metrics, values, quantity=quantity, name=name)
    if tagger.front:
        yield pareto.front(tagger, f"front-{index}")


def literature(field: Field, name: str) -> Table | None:
    """Return AUC and TPR per class as papers print them; None if nobody states any."""
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
        caption="AUC and signal efficiency per class",
        columns=columns("Tagger", "N", *titles, numeric=("N", *titles)),
        groups=tuple(groups),
        sortable=True,
        note=RATES_NOTE + (PUBLISHED_NOTE if with_auc else ""),
    )


def rejections(taggers: Sequence[Tagger]) -> Table | None:
    """Return the background rejections of taggers of two classes; None if there are none."""
    binary = [(tagger, tagger.metrics) for _, tagger in models(taggers) if tagger.metrics]
    binary = [(tagger, metrics) for tagger, metrics in binary if metrics.rejection]
    if not binary:
        return None
    shares = sorted({one.efficiency for _, metrics in binary for one in metrics.rejection})
    titles = [f"1/FPR at {share:.0%} signal efficiency" for share in shares]
    rows = []
    for tagger, metrics in binary:
        background, signal = metrics.class_names
        values = {one.efficiency: words.rejection_value(one) for one in metrics.rejection}
        cells = [text(values.get(share, words.UNKNOWN)) for share in shares]
        rows.append((text(tagger.name), text(signal), text(background), *cells))
    return Table(
        name="rejection",
        caption="Background rejection",
        columns=columns("Tagger", "Signal", "Background", *titles),
        groups=(Group(heading="", rows=tuple(rows)),),
        note="1/FPR: one over the share of the background jets that pass. The signal is the second "
        "class of the data. Errors are binomial standard errors.",
    )


def _rates(tagger: Tagger, classes: Sequence[str]) -> Row:
    metrics = tagger.metrics
    groups = (metrics.auc, metrics.tpr_at_fpr10, metrics.tpr_at_fpr1) if metrics else ()
    values = [group.get(label) for group in groups for label in classes]
    cells = [number(None if v is None else 100 * v, 2) for v in values]
    return (text(tagger.name), number(tagger.n_particles), *cells)


def _published_rates(row: Baseline, classes: Sequence[str]) -> Row:
    groups = (row.auc_pct, row.tpr_at_fpr10_pct, row.tpr_at_fpr1_pct)
    values = [(group or {}).get(label) for group in groups for label in classes]
    cells = [Cell(text=str(v), sort=v) if v is not None else number(None) for v in values]
    return (text(row.name, href=row.link), number(row.n_particles), *cells)
