"""How well regression outputs predict their targets, overall and in bins."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.figures.regression import response
from jetmix.report.render.model import Group, Row, Section, Table, columns, number, text
from jetmix.report.tagger import Tagger, models
from jetmix.training.target_metrics import Accuracy, TargetMetrics

NOTE = (
    "Bias: median of the ratio predicted / true less 1, or of the difference predicted - true "
    "where a true value is not positive. Resolution: half of the width between the 16% and 84% "
    "quantiles. Errors are statistical, for a Gaussian core."
)


def section(taggers: Sequence[Tagger]) -> Section | None:
    """Return one table per target and a picture of each; None if no tagger has targets."""
    found = [
        (f"{index}-{place}", tagger, target)
        for index, tagger in models(taggers)
        if tagger.metrics
        for place, target in enumerate(tagger.metrics.targets, 1)
    ]
    if not found:
        return None
    return Section(
        name="regression",
        title="Regression",
        tables=tuple(_table(tagger, target, f"response-{name}") for name, tagger, target in found),
        pictures=tuple(
            response(tagger, target, f"response-{name}")
            for name, tagger, target in found
            if len(target.bins) > 1
        ),
    )


def _table(tagger: Tagger, target: TargetMetrics, name: str) -> Table:
    rows = [_row("all jets", target.overall, target)]
    if len(target.bins) > 1:
        rows += [_row(words.span(part), part, target) for part in target.bins]
    return Table(
        name=name,
        caption=f"{target.name} ({words.response_of(target)}): {tagger.name}",
        columns=columns(words.binned_in(target), "Jets", "Bias", "Resolution", numeric=("Jets",)),
        groups=(Group(heading="", rows=tuple(rows)),),
        note=NOTE,
    )


def _row(title: str, found: Accuracy, target: TargetMetrics) -> Row:
    bias, resolution = words.response(found, relative=target.relative)
    return (text(title), number(found.n_jets), text(bias), text(resolution))
