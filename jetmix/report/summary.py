"""The few lines that a terminal shows of a report."""

from collections.abc import Sequence

from jetmix.report import words
from jetmix.report.tagger import Tagger


def summary(taggers: Sequence[Tagger]) -> list[str]:
    """Return one line a tagger, and one for each thing that is missing."""
    lines = []
    for tagger in taggers:
        metrics, report = tagger.metrics, tagger.best_resources
        accuracy = (
            words.percent(metrics.accuracy, metrics.accuracy_error) if metrics else "not known"
        )
        parts = [
            f"accuracy {accuracy}",
            f"EBOPs {words.count(tagger.ebops)}",
            words.exactness(tagger),
            f"LUT {words.lut(report)}" + (f" [{report.origin}]" if report else ""),
            f"latency {words.latency(report)}",
        ]
        lines.append(f"{tagger.name}: " + "; ".join(parts))
        lines += [f"  missing: {gap.what}: {gap.why}; {gap.mend}" for gap in tagger.gaps]
    return lines
