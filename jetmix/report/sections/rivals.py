"""The taggers of the report against each other."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.render.model import Cell, Group, Section, Table, columns, number, text
from jetmix.report.rivals import Rival, rivals
from jetmix.report.tagger import Tagger

RIVALS_NOTE = (
    "'Only ... right' count the jets that just one of the two classifies correctly. p-value: "
    "McNemar's exact test, corrected for several comparisons by Holm's method. Below 0.05 the "
    "difference is significant."
)


def section(taggers: Sequence[Tagger]) -> Section | None:
    """Return the comparison of our taggers with each other; None if there is nothing to show."""
    found = rivals(taggers)
    if not found:
        return None
    text = (
        "Taggers that were tested on the same jets, each compared with the most accurate one. A "
        "comparison of architectures is fair if the recipes differ in nothing else."
    )
    table = between_ours(found)
    return Section(name="rivals", title="Against each other", text=text, tables=(table,))


def between_ours(found: Sequence[Rival]) -> Table:
    """Return the differences between the taggers of the report, with their significance."""
    titles = (
        "Tagger",
        "Against",
        "Accuracy difference [points]",
        "p-value",
        "Verdict",
        "Only this right",
        "Only the other right",
        "Recipes differ in",
    )
    rows = tuple(
        (
            text(entry.rival),
            text(entry.reference),
            Cell(
                text=f"{100 * entry.difference:+.2f} ± {100 * entry.error:.2f}",
                sort=entry.difference,
            ),
            Cell(text=f"{entry.p_value:.2g}", sort=entry.p_value),
            text(entry.verdict),
            number(entry.only_rival),
            number(entry.only_reference),
            text(_recipes(entry)),
        )
        for entry in found
    )
    return Table(
        name="rivals-table",
        caption="Differences on the same test jets",
        columns=columns(
            *titles, numeric=(titles[2], "p-value", "Only this right", "Only the other right")
        ),
        groups=(Group(heading="", rows=rows),),
        sortable=True,
        note=RIVALS_NOTE,
    )


def _recipes(entry: Rival) -> str:
    if entry.recipe_differs is None:
        return words.UNKNOWN
    return ", ".join(entry.recipe_differs) or "only the architecture"
