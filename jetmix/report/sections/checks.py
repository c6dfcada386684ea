"""Limits and baselines: the outcome of every check."""

from collections.abc import Sequence

from jetmix.report.gate.rules import Outcome
from jetmix.report.render.model import Group, Section, Table, columns, text


def section(outcomes: Sequence[Outcome]) -> Section | None:
    """Return the outcome of limits and baselines; None if there is nothing to show."""
    if not outcomes:
        return None
    failed = tuple(outcome.line for outcome in outcomes if not outcome.passed)
    return Section(name="checks", title="Checks", warnings=failed, tables=(checks(outcomes),))


def checks(outcomes: Sequence[Outcome]) -> Table:
    """Return the outcome of every rule, those that failed first."""
    rows = tuple(
        (
            text(outcome.tagger),
            text(outcome.check),
            text("passed", mark="good") if outcome.passed else text("failed", mark="bad"),
            text(outcome.found),
            text(outcome.wanted),
        )
        for outcome in sorted(outcomes, key=lambda outcome: outcome.passed)
    )
    return Table(
        name="checks-table",
        caption="Outcome of every check",
        columns=columns("Tagger", "Check", "Outcome", "Found", "Required"),
        groups=(Group(heading="", rows=rows),),
        note="LUT and FF are checked at the upper end of their 90% intervals. Unknown values fail.",
    )
