"""The sections of the report in their order, for page and Markdown."""

from collections.abc import Sequence

from jetmix.report.gate.rules import Outcome
from jetmix.report.published.comparable import Field
from jetmix.report.render.model import Section
from jetmix.report.sections import (
    bits,
    checks,
    field,
    glance,
    missing,
    physics,
    reproduce,
    rivals,
    trust,
)
from jetmix.report.tagger import Tagger


def sections(
    taggers: Sequence[Tagger], fields: Sequence[Field], outcomes: Sequence[Outcome] = ()
) -> tuple[Section, ...]:
    """Return all sections that have something to show."""
    built = (
        glance.section(taggers),
        checks.section(outcomes),
        field.section(fields),
        rivals.section(taggers),
        physics.section(taggers, fields),
        bits.section(taggers),
        trust.section(taggers),
        missing.section(taggers),
        reproduce.section(taggers),
    )
    return tuple(section for section in built if section is not None)
