"""The report as a notebook shows it: the headline figures as a table, and the main figure."""

from markupsafe import Markup

from jetmix.report.figures.style import Picture
from jetmix.report.render.model import Table

COLOURS = {"good": "#00805f", "bad": "#cc3311"}


def notebook(table: Table, lead: Picture | None) -> str:
    """Return HTML without scripts or styles of its own; all text is escaped."""
    parts = [_table(table)]
    if lead is not None:
        # the SVG is matplotlib's, which escapes the text that it is given
        parts.append(Markup('<div style="max-width: 36rem">{}</div>').format(Markup(lead.inline)))  # noqa: S704
    return str(Markup("").join(parts))


def _table(table: Table) -> Markup:
    cell = Markup('<td style="text-align: left; color: {}">{}</td>')
    heads = Markup("").join(
        Markup('<th style="text-align: left">{}</th>').format(column.title)
        for column in table.columns
    )
    rows = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(cell.format(COLOURS.get(c.mark, "inherit"), c.text) for c in row)
        )
        for group in table.groups
        for row in group.rows
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(heads, rows)
