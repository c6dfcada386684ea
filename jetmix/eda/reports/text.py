"""What all readers of vendor reports share: lines with numbers, strict figures, boxed tables.

Everything here either returns what the report says or raises :class:`ReportReadError` with file
and line; nothing is guessed and nothing falls back to zero.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import ReportReadError

WHOLE = "write the report again with the tool, and give the whole file as the tool wrote it"
_COUNT = re.compile(r"\d+|\d{1,3}(,\d{3})+")
_DECIMAL = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
# 15 digits are far beyond any device and still exact in a double
_MAX_DIGITS = 15
_NS = {"ps": 1e-3, "ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9, "sec": 1e9}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a report with its place, which every complaint names."""

    path: Path
    number: int
    text: str

    def fail(self, what: str) -> ReportReadError:
        """Return the error that says what is wrong at this line."""
        return ReportReadError(what, where=f"{self.path}:{self.number}", mend=WHOLE)

    def count(self, text: str, name: str) -> int:
        """Return a whole number that is not negative; commas between thousands are allowed."""
        plain = text.strip()
        if not _COUNT.fullmatch(plain) or len(plain) > _MAX_DIGITS or not plain.isascii():
            raise self.fail(f"{name} is {plain[:40]!r}, expected a whole number")
        return int(plain.replace(",", ""))

    def decimal(self, text: str, name: str) -> float:
        """Return a decimal number; commas between thousands are allowed."""
        plain = text.strip()
        if not _DECIMAL.fullmatch(plain) or len(plain) > _MAX_DIGITS or not plain.isascii():
            raise self.fail(f"{name} is {plain[:40]!r}, expected a number")
        return float(plain.replace(",", ""))

    def time_ns(self, text: str, name: str) -> float:
        """Return a time with its unit, such as ``5.00 ns`` or ``0.211 ms``, in ns."""
        words = text.split()
        if len(words) != 2 or words[1] not in _NS:
            raise self.fail(f"{name} is {text.strip()[:40]!r}, expected a time with its unit")
        return self.decimal(words[0], name) * _NS[words[1]]

    def positive(self, value: float, name: str) -> float:
        """Return ``value``, refusing zero and below."""
        if value <= 0:
            raise self.fail(f"{name} is {value:g}, expected more than zero")
        return value


def lines_of(path: Path, text: str) -> list[Line]:
    """Return the lines of a report, numbered from 1, without trailing blanks."""
    return [
        Line(path=path, number=number, text=words.rstrip())
        for number, words in enumerate(text.split("\n"), start=1)
    ]


def only(found: Sequence[Line], what: str, within: Sequence[Line]) -> Line:
    """Return the single line of ``found``; none or several of them is an error."""
    if not found:
        raise (within[-1] if within else _NOWHERE).fail(f"{what} is missing")
    if len(found) > 1:
        raise found[1].fail(f"{what} is here a second time")
    return found[0]


_NOWHERE = Line(path=Path("report"), number=1, text="")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A boxed table: ``head`` rows stand above the first rule inside the box, ``rows`` below."""

    head: tuple[tuple[Line, tuple[str, ...]], ...]
    rows: tuple[tuple[Line, tuple[str, ...]], ...]

    def row(self, label: str) -> tuple[Line, tuple[str, ...]]:
        """Return the only row whose first cell is ``label``."""
        found = [(line, cells) for line, cells in self.rows if cells[0].strip() == label]
        line = only([line for line, _ in found], f"the row {label!r}", [self.head[-1][0]])
        return line, found[0][1]


def read_table(lines: Sequence[Line], start: int) -> tuple[Table, int]:
    """Read the boxed table whose top rule is ``lines[start]``.

    Every row must be as wide as the rules, and as wide in cells as the last heading row, so that
    a line that was cut or comes from another table is not taken for a row of this one.

    Returns:
        The table, and the index of the line after it.
    """
    width = len(lines[start].text)
    end = start
    blocks: list[list[tuple[Line, tuple[str, ...]]]] = []
    while end < len(lines) and (kind := lines[end].text.lstrip()[:1]) in ("+", "|"):
        line = lines[end]
        if len(line.text) != width:
            raise line.fail("the line is not as wide as its table")
        if kind == "+":
            blocks.append([])
        else:
            blocks[-1].append((line, tuple(line.text.strip().strip("|").split("|"))))
        end += 1
    if len(blocks) < 2 or blocks[-1] or not blocks[0]:
        raise lines[min(end, len(lines)) - 1].fail("the table is not closed")
    head, rows = tuple(blocks[0]), tuple(row for block in blocks[1:] for row in block)
    for line, cells in rows:
        if len(cells) != len(head[-1][1]):
            raise line.fail(f"{len(cells)} cells in a table of {len(head[-1][1])} columns")
    return Table(head=head, rows=rows), end


def tables_in(lines: Sequence[Line]) -> list[Table]:
    """Return all boxed tables among ``lines``, in order."""
    tables, at = [], 0
    while at < len(lines):
        if lines[at].text.lstrip().startswith("+-"):
            table, at = read_table(lines, at)
            tables.append(table)
        else:
            at += 1
    return tables


def first_table(lines: Sequence[Line], what: str, place: Line) -> Table:
    """Return the table that starts within the first lines; ``place`` is blamed if there is none."""
    for at, line in enumerate(lines):
        if line.text.lstrip().startswith("+-"):
            return read_table(lines, at)[0]
        if line.text.strip():
            raise line.fail(f"expected the table of {what}")
    raise place.fail(f"the table of {what} is missing")


def headings(table: Table) -> tuple[tuple[str, ...], ...]:
    """Return the heading rows of a table as stripped words."""
    return tuple(tuple(cell.strip() for cell in cells) for _, cells in table.head)
