"""The first table: each tagger in a dozen facts."""

from collections.abc import Callable, Sequence

from jetmix import words
from jetmix.report.render.model import Cell, Group, Mark, Section, Table, columns, text
from jetmix.report.tagger import Tagger
from jetmix.resources.report import ResourceReport


def section(taggers: Sequence[Tagger]) -> Section:
    """Return the first section: the facts of every tagger."""
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
    )


def glance(taggers: Sequence[Tagger]) -> Table:
    """Return the first table: a column a tagger, a row a fact."""
    facts = [
        ("Accuracy", [_accuracy(tagger) for tagger in taggers]),
        ("AUC, mean of classes", [_mean_auc(tagger) for tagger in taggers]),
        *_auc_rows(taggers),
        ("EBOPs", [words.count(tagger.ebops) for tagger in taggers]),
        ("Bit-exact", [words.exactness(tagger.verification) for tagger in taggers]),
        ("LUT", [_with_origin(words.lut, tagger) for tagger in taggers]),
        ("FF", [_with_origin(words.ff, tagger) for tagger in taggers]),
        ("DSP", [_with_origin(_dsp, tagger) for tagger in taggers]),
        ("Latency", [_latency(tagger) for tagger in taggers]),
        *_measured_row(taggers),
        ("II", [_interval(tagger) for tagger in taggers]),
        ("Part", [_part(tagger) for tagger in taggers]),
        ("Input", [_input(tagger) for tagger in taggers]),
        ("Jets", [tagger.data.title if tagger.data else words.UNKNOWN for tagger in taggers]),
    ]
    return Table(
        name="facts",
        caption="The taggers of this report",
        columns=columns("", *(tagger.name for tagger in taggers)),
        groups=(
            Group(
                heading="",
                rows=tuple((text(title), *_marked(title, values)) for title, values in facts),
            ),
        ),
        note=f"{words.UNKNOWN} means not known. Accuracy errors are binomial, one sigma.",
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


def _mean_auc(tagger: Tagger) -> str:
    if tagger.metrics is None:
        return words.UNKNOWN
    return words.decimal(tagger.metrics.mean_auc, 4)


def _auc_rows(taggers: Sequence[Tagger]) -> list[tuple[str, list[str]]]:
    names = class_names(taggers)
    return [
        (
            f"AUC {name}",
            [words.decimal(t.metrics.auc.get(name) if t.metrics else None, 4) for t in taggers],
        )
        for name in names
    ]


def class_names(taggers: Sequence[Tagger]) -> tuple[str, ...]:
    """Return the classes of all taggers in the order they come."""
    return tuple(dict.fromkeys(n for t in taggers if t.metrics for n in t.metrics.class_names))


def _dsp(report: ResourceReport | None) -> str:
    return words.count(report.dsp if report else None)


def _latency(tagger: Tagger) -> str:
    report = tagger.best_resources
    if report is None or report.latency_cycles is None:
        return words.UNKNOWN
    return f"{words.latency(report)} [{words.latency_origin(report)}]"


def _with_origin(show: Callable[[ResourceReport | None], str], tagger: Tagger) -> str:
    report = tagger.best_resources
    shown = show(report)
    if report is None or shown == words.UNKNOWN:
        return words.UNKNOWN
    return f"{shown} [{words.origin(report.origin)}]"


def _measured_row(taggers: Sequence[Tagger]) -> list[tuple[str, list[str]]]:
    """Return the row of measured latencies, if there is any."""
    if not any(tagger.measured for tagger in taggers):
        return []
    return [("Latency, measured", [_measured(tagger) for tagger in taggers])]


def _measured(tagger: Tagger) -> str:
    found = tagger.measured
    if found is None:
        return words.UNKNOWN
    interval = f", II {found.ii_cycles}" if found.ii_cycles else ""
    return f"{found.latency_cycles} cycles{interval} [{words.source(found.candidate)}]"


def _interval(tagger: Tagger) -> str:
    report = tagger.best_resources
    if report is None or report.ii_cycles is None:
        return words.UNKNOWN
    plural = "s" if report.ii_cycles > 1 else ""
    return f"{report.ii_cycles} cycle{plural} [{words.latency_origin(report)}]"


def _part(tagger: Tagger) -> str:
    report = tagger.best_resources
    return (report.part if report else None) or words.UNKNOWN


def _input(tagger: Tagger) -> str:
    if tagger.n_features is None:
        return words.UNKNOWN
    gate = words.gate((tagger.data.pt_gate_gev or 0.0) if tagger.data else None)
    if tagger.n_particles is None:
        return f"{tagger.n_features} jet-level features"
    return f"{tagger.n_particles} constituents x {tagger.n_features} features, pT gate: {gate}"
