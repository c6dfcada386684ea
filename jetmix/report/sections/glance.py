"""The first section: the figures that matter, and each tagger in a dozen facts."""

from collections.abc import Callable, Sequence

from jetmix import words
from jetmix.report.figures.style import Picture
from jetmix.report.render.model import Cell, Group, Mark, Section, Table, columns, text
from jetmix.report.sections import headline
from jetmix.report.tagger import Tagger
from jetmix.resources.report import ResourceReport


def section(taggers: Sequence[Tagger], lead: Picture | None = None) -> Section:
    """Return the first section: headline figures, the main figure, and the facts of every tagger.

    Args:
        taggers: those of the report.
        lead: the figure to show beside the headline.
    """
    cards = tuple(headline.card(tagger) for tagger in taggers)
    bad = [
        f"{tagger.name}: {words.rung(result)}. This firmware is not the trained tagger."
        for tagger in taggers
        for result in tagger.verified("failed")
    ]
    return Section(
        name="glance",
        title="At a glance",
        warnings=tuple(bad),
        tables=(glance(taggers),),
        cards=cards,
        headline=headline.headline(cards),
        lead=lead,
    )


def glance(taggers: Sequence[Tagger]) -> Table:
    """Return the facts of all taggers: one column per tagger, one row per fact."""
    facts = [
        ("Accuracy", [_accuracy(tagger) for tagger in taggers]),
        *_other_rows(taggers),
        ("AUC", [_auc(tagger) for tagger in taggers]),
        ("EBOPs", [words.count(tagger.ebops) for tagger in taggers]),
        ("Bit-exact", [words.exactness(tagger.verification) for tagger in taggers]),
        ("LUT", [_with_origin(words.lut, tagger) for tagger in taggers]),
        ("FF", [_with_origin(words.ff, tagger) for tagger in taggers]),
        ("DSP", [_with_origin(_dsp, tagger) for tagger in taggers]),
        ("Latency", [_latency(tagger) for tagger in taggers]),
        ("II", [_interval(tagger) for tagger in taggers]),
        ("Part", [_part(tagger) for tagger in taggers]),
        ("Input", [_input(tagger) for tagger in taggers]),
        ("Jets", [tagger.data.title if tagger.data else words.UNKNOWN for tagger in taggers]),
    ]
    return Table(
        name="facts",
        caption="All figures",
        columns=columns("", *(tagger.name for tagger in taggers)),
        groups=(
            Group(
                heading="",
                rows=tuple((text(title), *_marked(title, values)) for title, values in facts),
            ),
        ),
        note=f"{words.UNKNOWN}: not known. Errors of accuracies are binomial standard errors.",
    )


def _marked(title: str, values: list[str]) -> list[Cell]:
    return [text(value, mark=_mark(title, value)) for value in values]


def _mark(title: str, value: str) -> Mark:
    if value == words.UNKNOWN:
        return "unknown"
    if title != "Bit-exact":
        return ""
    return "bad" if "differ" in value else "unknown" if value == "not verified" else "good"


def _accuracy(tagger: Tagger) -> str:
    metrics = tagger.metrics
    if metrics is None:
        return words.UNKNOWN
    share = words.percent(metrics.accuracy, metrics.accuracy_error)
    return f"{share} ({words.count(metrics.n_test)} test jets)"


def _other_rows(taggers: Sequence[Tagger]) -> list[tuple[str, list[str]]]:
    """Return the accuracy on jets of another source, if there is any."""
    if not any(tagger.other_jets for tagger in taggers):
        return []
    return [
        ("Accuracy on other jets", [words.on_other_jets(tagger.other_jets) for tagger in taggers])
    ]


def _auc(tagger: Tagger) -> str:
    metrics = tagger.metrics
    if metrics is None:
        return words.UNKNOWN
    listed = ", ".join(f"{name} {words.decimal(area, 4)}" for name, area in metrics.auc.items())
    return f"{words.decimal(metrics.mean_auc, 4)} (mean of {listed})"


def _dsp(report: ResourceReport | None) -> str:
    return words.count(report.dsp if report else None)


def _latency(tagger: Tagger) -> str:
    report = headline.timed(tagger)
    if report is None or report.latency_cycles is None:
        return words.UNKNOWN
    return f"{words.latency(report)} [{_timed_by(tagger, report)}]"


def _timed_by(tagger: Tagger, report: ResourceReport) -> str:
    timing = tagger.timing
    measured = timing is not None and timing.source != report.origin
    return words.source(timing.source) if timing and measured else words.latency_origin(report)


def _with_origin(show: Callable[[ResourceReport | None], str], tagger: Tagger) -> str:
    report = tagger.best_resources
    shown = show(report)
    if report is None or shown == words.UNKNOWN:
        return words.UNKNOWN
    return f"{shown} [{words.origin(report.origin)}]"


def _interval(tagger: Tagger) -> str:
    report = tagger.best_resources
    if report is None or report.ii_cycles is None:
        return words.UNKNOWN
    timing = tagger.timing
    interval = (timing.ii_cycles if timing else None) or report.ii_cycles
    return f"{words.cycles(interval)} [{_timed_by(tagger, report)}]"


def _part(tagger: Tagger) -> str:
    report = tagger.best_resources
    return (report.part if report else None) or words.UNKNOWN


def _input(tagger: Tagger) -> str:
    if tagger.ports is not None and len(tagger.ports.inputs) > 1:
        return ", ".join(f"{port.name}: {port.shown_shape}" for port in tagger.ports.inputs)
    if tagger.n_features is None:
        return words.UNKNOWN
    if not tagger.scores_classes and tagger.ports is not None:
        return tagger.ports.inputs[0].shown_shape
    gate = words.gate((tagger.data.pt_gate_gev or 0.0) if tagger.data else None)
    if tagger.n_particles is None:
        return f"{tagger.n_features} jet-level features"
    return f"{tagger.n_particles} constituents x {tagger.n_features} features, pT gate: {gate}"
