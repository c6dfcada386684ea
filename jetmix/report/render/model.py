"""What a table of the report is made of, the same for the page and for Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from jetmix import words
from jetmix.report.figures.style import Picture
from jetmix.report.tagger import Tagger

Mark = Literal["", "ours", "good", "bad", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell; ``sort`` is what a column is sorted by, ``tail`` follows a link's text."""

    text: str
    tail: str = ""
    sort: float | str | None = None
    href: str | None = None
    mark: Mark = ""


Row = tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Column:
    """Heading of a column."""

    title: str
    numeric: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows that belong together; ``heading`` marks the break to the rows above."""

    heading: str
    rows: tuple[Row, ...]
    mark: Mark = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; rows are sorted only within their group, so that a break stays a break.

    ``footnotes`` are numbered from 1; cells refer to them as ``[1]``.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    sortable: bool = False
    note: str = ""
    footnotes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Named values and a block of text that folds away, for one tagger."""

    heading: str
    facts: tuple[tuple[str, str], ...]
    block_title: str
    block: str | None


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One headline figure: ``value`` in large type, ``detail`` and ``source`` below it."""

    label: str
    value: str
    detail: str = ""
    source: str = ""
    mark: Mark = ""

    @property
    def line(self) -> str:
        """The figure as one line."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.value}{detail}" + (f" [{self.source}]" if self.source else "")


@dataclass(frozen=True, kw_only=True)
class Card:
    """The headline figures of one tagger."""

    heading: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section; ``warnings`` are set apart, ``folded`` tables are shown on demand.

    ``cards`` and ``lead``, a figure beside them, come first. Where a page shows cards, Markdown
    shows the table ``headline``.
    """

    name: str
    title: str
    text: str = ""
    legend: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    folded: tuple[Table, ...] = ()
    cards: tuple[Card, ...] = ()
    lead: Picture | None = None
    headline: Table | None = None
    listings: tuple[Listing, ...] = ()


def text(value: str, mark: Mark = "", href: str | None = None) -> Cell:
    """Return a cell of words."""
    return Cell(text=value, sort=value, mark=mark, href=href)


def number(value: float | None, digits: int = 0) -> Cell:
    """Return a cell of a number, marked where it is not known."""
    mark: Mark = "unknown" if value is None else ""
    return Cell(text=words.decimal(value, digits), sort=value, mark=mark)


def columns(*titles: str, numeric: Iterable[str] = ()) -> tuple[Column, ...]:
    """Return headings; those named in ``numeric`` hold numbers."""
    chosen = set(numeric)
    return tuple(Column(title=title, numeric=title in chosen) for title in titles)


def per_tagger(taggers: Sequence[Tagger], rows: Sequence[Sequence[Row]]) -> tuple[Group, ...]:
    """Return one group per tagger that has rows; ``rows`` holds those of each tagger in order."""
    return tuple(
        Group(heading=tagger.name, rows=tuple(own))
        for tagger, own in zip(taggers, rows, strict=True)
        if own
    )
