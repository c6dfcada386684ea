"""The few lines that a terminal shows of a report."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.sections.headline import timed
from jetmix.report.tagger import Packaged, Tagger
from jetmix.verification.result import VerificationResult


def summary(taggers: Sequence[Tagger]) -> list[str]:
    """Return the headline figures of each tagger, one per line, and what is missing.

    Where there are several taggers, each one's name stands above its figures.
    """
    lines = []
    for tagger in taggers:
        if len(taggers) > 1:
            lines.append(tagger.name)
        lines += [
            f"Accuracy:   {_accuracy(tagger)}, {words.count(tagger.ebops)} EBOPs",
            *_other_jets(tagger),
            f"Bit-exact:  {_exactness(tagger.verification)}",
            f"LUT:        {_lut(tagger)}",
            f"Latency:    {_latency(tagger)}",
        ]
        lines += [_package(packaged) for packaged in tagger.packages]
        lines += [f"  missing: {gap.what}: {gap.why}; {gap.mend}" for gap in tagger.gaps]
    return lines


def _accuracy(tagger: Tagger) -> str:
    metrics = tagger.metrics
    if metrics is None:
        return "not known"
    share = words.percent(metrics.accuracy, metrics.accuracy_error)
    return f"{share} on {words.count(metrics.n_test)} test jets"


def _other_jets(tagger: Tagger) -> list[str]:
    return [f"Elsewhere:  {words.on_other_jets(tagger.other_jets)}"] if tagger.other_jets else []


def _exactness(results: Sequence[VerificationResult]) -> str:
    outcomes: dict[str, list[str]] = {}
    for result in results:
        if result.status != "not-run":
            outcomes.setdefault(_outcome(result), []).append(result.candidate)
    lines = [f"{' and '.join(levels)}: {outcome}" for outcome, levels in outcomes.items()]
    return "; ".join(lines) or "not verified"


def _outcome(result: VerificationResult) -> str:
    if result.status == "passed":
        return f"equal to Keras on {words.compared(result)}"
    if result.n_mismatch:
        return f"DIFFERENT on {words.count(result.n_mismatch)} of {words.compared(result)}"
    return result.difference.upper()


def _package(packaged: Packaged) -> str:
    name = f"{packaged.record.label} ({packaged.record.target})"
    costs = [f"{report.part_of}: {words.taken(report)}" for report in packaged.resources]
    return f"Package:    {'; '.join([name, *costs])}"


def _lut(tagger: Tagger) -> str:
    report = tagger.best_resources
    return f"{words.lut(report)} [{words.source(report.origin)}]" if report else words.UNKNOWN


def _latency(tagger: Tagger) -> str:
    timing = tagger.timing
    if timing is None:
        return words.UNKNOWN
    return f"{words.latency(timed(tagger))} [{words.source(timing.source)}]"
