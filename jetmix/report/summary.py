"""The few lines that a terminal shows of a report."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.tagger import Tagger
from jetmix.verification.result import VerificationResult


def summary(taggers: Sequence[Tagger]) -> list[str]:
    """Return four lines a tagger, under its name if there are several, and what is missing."""
    lines = []
    for tagger in taggers:
        if len(taggers) > 1:
            lines.append(tagger.name)
        report = tagger.best_resources
        origin = f" [{report.origin}]" if report else ""
        lines += [
            f"Accuracy:   {_accuracy(tagger)}, {words.count(tagger.ebops)} EBOPs",
            f"Bit-exact:  {_exactness(tagger.verification)}",
            f"LUT:        {words.lut(report)}{origin}",
            f"Latency:    {words.latency(report)}{origin}{_measured(tagger)}",
        ]
        lines += [f"  missing: {gap.what}: {gap.why}; {gap.mend}" for gap in tagger.gaps]
    return lines


def _measured(tagger: Tagger) -> str:
    seen = tagger.measured
    return f"; {seen.latency_cycles} cycles [{words.source(seen.candidate)}]" if seen else ""


def _accuracy(tagger: Tagger) -> str:
    metrics = tagger.metrics
    if metrics is None:
        return "not known"
    share = words.percent(metrics.accuracy, metrics.accuracy_error)
    return f"{share} on {words.count(metrics.n_test)} test jets"


def _exactness(results: Sequence[VerificationResult]) -> str:
    outcomes: dict[str, list[str]] = {}
    for result in results:
        if result.status != "not-run":
            outcomes.setdefault(_outcome(result), []).append(result.candidate)
    lines = [f"{' and '.join(levels)}: {outcome}" for outcome, levels in outcomes.items()]
    return "; ".join(lines) or "not verified"


def _outcome(result: VerificationResult) -> str:
    jets = result.vectors.get("jet", 0)
    vectors = f"{words.count(jets)} jets and {words.count(result.n_vectors - jets)} other vectors"
    if result.status == "failed" and not result.n_mismatch:
        return result.difference.upper()
    if result.status == "failed":
        return f"DIFFERENT on {words.count(result.n_mismatch)} of {vectors}"
    return f"equal to Keras on {vectors}"
