"""The report as Markdown, for a CI summary or a merge request."""

import re
from collections.abc import Sequence

from jetmix.report.figures.style import Picture
from jetmix.report.render.model import Cell, Listing, Section, Table

# signs that would start markup somewhere; a backslash before them makes them plain
MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$&@!])")


def escaped(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is, on one line."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def markdown(title: str, sections: Sequence[Section]) -> str:
    """Return the whole report; figures are linked by their relative path."""
    return "\n\n".join([f"# {escaped(title)}", *(_section(section) for section in sections)]) + "\n"


def _section(section: Section) -> str:
    parts = [f"## {section.title}"]
    parts += [f"> **Note:** {escaped(warning)}" for warning in section.warnings]
    parts += [escaped(section.text)] if section.text else []
    parts += (
        ["\n".join(f"- {escaped(entry)}" for entry in section.legend)] if section.legend else []
    )
    parts += [_table(section.headline)] if section.headline else []
    parts += [_picture(section.lead)] if section.lead else []
    parts += [_table(table) for table in section.tables]
    parts += [_picture(picture) for picture in section.pictures]
    parts += [
        f"<details><summary>{table.caption}</summary>\n\n{_table(table)}\n\n</details>"
        for table in section.folded
    ]
    parts += [_listing(listing) for listing in section.listings]
    return "\n\n".join(parts)


def _picture(picture: Picture) -> str:
    return f"![{escaped(picture.alt)}](figures/{picture.name}.png)"


def _table(table: Table) -> str:
    titles = [escaped(column.title) for column in table.columns]
    rules = ["---:" if column.numeric else "---" for column in table.columns]
    lines = [_row(titles), _row(rules)]
    for group in table.groups:
        if group.heading:
            blanks = [""] * (len(titles) - 1)
            lines.append(_row([f"**{escaped(group.heading)}**", *blanks]))
        lines += [_row([_cell(cell) for cell in row]) for row in group.rows]
    note = [escaped(table.note)] if table.note else []
    numbered = [f"{index}. {escaped(text)}" for index, text in enumerate(table.footnotes, 1)]
    notes = [*note, "\n".join(numbered)] if numbered else note
    return "\n\n".join([f"### {escaped(table.caption)}", "\n".join(lines), *notes])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    shown = f"[{escaped(cell.text)}]({cell.href})" if cell.href else escaped(cell.text)
    return shown + escaped(cell.tail)


def _listing(listing: Listing) -> str:
    lines = [f"- {name}: {escaped(value)}" for name, value in listing.facts]
    parts = [f"### {escaped(listing.heading)}", "\n".join(lines) or "Nothing was recorded."]
    if listing.block is not None:
        # indented by four, nothing inside can end the block
        block = "\n".join(f"    {line}" for line in listing.block.splitlines())
        parts.append(f"{listing.block_title}:\n\n{block}")
    return "\n\n".join(parts)
