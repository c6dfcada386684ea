"""The sections of the report in their order, for page and Markdown."""

from collections.abc import Sequence
from dataclasses import replace

from jetmix.report.figures.style import Picture
from jetmix.report.gate.rules import Outcome
from jetmix.report.published.comparable import Field
from jetmix.report.render.model import Section
from jetmix.report.sections import (
    bits,
    checks,
    experts,
    field,
    glance,
    missing,
    physics,
    regression,
    reproduce,
    rivals,
    trust,
)
from jetmix.report.tagger import Tagger

# figures that lead the report where no tagger can be compared with another one
LEADS = ("roc-", "front-", "lut-by-layer-")


def sections(
    taggers: Sequence[Tagger],
    fields: Sequence[Field],
    outcomes: Sequence[Outcome] = (),
    of_sweeps: Sequence[Section] = (),
) -> tuple[Section, ...]:
    """Return all sections that have something to show."""
    rest = (
        checks.section(outcomes),
        *of_sweeps,
        field.section(fields),
        rivals.section(taggers),
        physics.section(taggers, fields),
        regression.section(taggers),
        bits.section(taggers),
        experts.section(taggers),
        trust.section(taggers),
        missing.section(taggers),
        reproduce.section(taggers),
    )
    shown = [section for section in rest if section is not None]
    return (glance.section(taggers, lead=_lead(shown)), *shown)


def _lead(sections: Sequence[Section]) -> Picture | None:
    """Choose the main figure: accuracy against LUT where there is something to compare."""
    pictures = [picture for section in sections for picture in section.pictures]
    compared = [p for p in pictures if p.name.startswith("pareto-lut") and _compares(p)]
    best = max(compared, key=_ours, default=None)
    others = (p for start in LEADS for p in pictures if p.name.startswith(start))
    chosen = best or next(others, None)
    return replace(chosen, name="headline") if chosen else None


def _compares(picture: Picture) -> bool:
    return len(picture.points) > 1 and _ours(picture) > 0


def _ours(picture: Picture) -> int:
    return sum(bool(point["ours"]) for point in picture.points)
