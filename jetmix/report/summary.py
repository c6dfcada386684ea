"""The few lines that a terminal shows of a report."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.sections.headline import card
from jetmix.report.tagger import Tagger


def summary(taggers: Sequence[Tagger]) -> list[str]:
    """Return the headline figures of each tagger, one per line, and what is missing.

    Where there are several taggers, each one's name stands above its figures.
    """
    lines = []
    for tagger in taggers:
        if len(taggers) > 1:
            lines.append(tagger.name)
        lines += [f"{fact.label + ':':11} {fact.line}" for fact in card(tagger).facts]
        lines.append(f"{'EBOPs:':11} {words.count(tagger.ebops)}")
        lines += [f"  missing: {gap.what}: {gap.why}; {gap.mend}" for gap in tagger.gaps]
    return lines
