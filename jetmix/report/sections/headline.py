"""The few figures that matter of each tagger: accuracy, bit-exactness, LUT and latency."""

from collections.abc import Sequence
from dataclasses import replace

from jetmix import words
from jetmix.report.render.model import Card, Fact, Group, Mark, Table, columns, text
from jetmix.report.tagger import Tagger
from jetmix.resources.report import ResourceReport


def card(tagger: Tagger) -> Card:
    """Return the headline figures of one tagger."""
    facts = (_accuracy(tagger), _exactness(tagger), _lut(tagger), _latency(tagger))
    return Card(heading=tagger.name, facts=facts)


def headline(cards: Sequence[Card]) -> Table:
    """Return the headline figures as a table with one row per tagger."""
    titles = [fact.label for fact in cards[0].facts]
    rows = tuple(
        (text(shown.heading), *(text(fact.line, mark=fact.mark) for fact in shown.facts))
        for shown in cards
    )
    return Table(
        name="headline",
        caption="Headline figures",
        columns=columns("Tagger", *titles),
        groups=(Group(heading="", rows=rows),),
    )


def _accuracy(tagger: Tagger) -> Fact:
    metrics = tagger.metrics
    if metrics is None:
        return _unknown("Accuracy")
    return Fact(
        label="Accuracy",
        value=words.percent(metrics.accuracy, metrics.accuracy_error),
        detail=f"{words.count(metrics.n_test)} test jets",
    )


def _exactness(tagger: Tagger) -> Fact:
    passed, failed = tagger.verified("passed"), tagger.verified("failed")
    marks: dict[str, Mark] = {"yes": "good", "no": "bad", "not verified": "unknown"}
    value = "no" if failed else "yes" if passed else "not verified"
    details = [words.exactness(tagger.verification)] if passed or failed else []
    skipped = [words.source(result.candidate) for result in tagger.verified("not-run")]
    details += [f"not run: {', '.join(skipped)}"] if skipped else []
    return Fact(label="Bit-exact", value=value, detail="; ".join(details), mark=marks[value])


def _lut(tagger: Tagger) -> Fact:
    report = tagger.best_resources
    if report is None or report.lut is None:
        return _unknown("LUT")
    return Fact(
        label="LUT",
        value=words.count(report.lut),
        detail=words.interval(report.lut_low, report.lut_high),
        source=words.source(report.origin),
    )


def _latency(tagger: Tagger) -> Fact:
    report, timing = timed(tagger), tagger.timing
    if report is None or timing is None or report.latency_cycles is None:
        return _unknown("Latency")
    cycles = f"{report.latency_cycles} cycles"
    if timing.ns is None:
        return Fact(label="Latency", value=cycles, source=words.source(timing.source))
    return Fact(
        label="Latency",
        value=f"{words.decimal(timing.ns)} ns",
        detail=f"{cycles} at {words.clock(report)}",
        source=words.source(timing.source),
    )


def timed(tagger: Tagger) -> ResourceReport | None:
    """Return the best resource report, with the cycles that :attr:`Tagger.timing` takes."""
    report, timing = tagger.best_resources, tagger.timing
    if report is None or timing is None or timing.source == report.origin:
        return report
    return replace(report, latency_cycles=timing.cycles, latency_min_cycles=None)


def _unknown(label: str) -> Fact:
    return Fact(label=label, value=words.UNKNOWN, mark="unknown")
