"""What the report cannot show, why, and how to get it."""

from collections.abc import Sequence

from jetmix.report.render.model import Section, Table, columns, per_tagger, text
from jetmix.report.tagger import Tagger


def section(taggers: Sequence[Tagger]) -> Section | None:
    """Return what is missing; None if there is nothing to show."""
    table = missing(taggers)
    if not table.groups:
        return None
    return Section(name="missing", title="What is missing", tables=(table,))


def missing(taggers: Sequence[Tagger]) -> Table:
    """Return what the report cannot show, why, and how to get it."""
    rows = [
        [(text(gap.what), text(gap.why), text(gap.mend)) for gap in tagger.gaps]
        for tagger in taggers
    ]
    return Table(
        name="missing",
        caption="What is missing",
        columns=columns("What", "Why", "How to get it"),
        groups=per_tagger(taggers, rows),
    )
