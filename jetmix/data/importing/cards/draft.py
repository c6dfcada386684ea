"""Drafts a card by looking into a file."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from jetmix.data.importing.cards.card import MAX_KEEP
from jetmix.data.importing.cards.card_file import toml_key
from jetmix.data.importing.cards.columns import Column, Field, Jagged, Table, as_jagged
from jetmix.data.importing.cards.found import (
    LOOKED_AT,
    Found,
    candidates,
    coordinate,
    digits,
    look,
    momentum_of,
    one_hot,
    quoted,
    word,
)
from jetmix.data.importing.cards.readers.registry import FORMATS, format_of, table_of
from jetmix.data.importing.cards.scope import NUMBERS
from jetmix.errors import DataError
from jetmix.support.records import toml_text

_MOST_KEPT = 64
_CLASS_LIKE = re.compile(r"class|label|flavou?r|truth|signal|kind|type|^y$", re.IGNORECASE)
_NOT_FEATURES = re.compile(
    r"weight|event|index|^id$|split|^ttv$|fold|target|truth|gen|aux", re.IGNORECASE
)


def draft(path: Path, table_name: str = "") -> str:
    """Return the text of a card for a file, with what was found in it as comments.

    Args:
        path: a file of any format that cards read.
        table_name: the table to take; that with the most jets if "".

    Raises:
        DataError: if the file cannot be read or holds nothing that could be jets.
        ToolMissingError: if the library for its format is not installed.
    """
    if not path.is_file():
        raise DataError("no such file", where=path, mend="give one file of jets")
    format_name = format_of(path)
    tables = FORMATS[format_name].tables(path)
    table = table_of(path, format_name, table_name or _largest(tables))
    found = look(path, format_name, table)
    labels, used = _labels(found)
    lines = [
        *_heading(path, tables, table, found),
        *_source(format_name, table, found),
        *_constituents(found),
        *_jets(found, used),
        *labels,
    ]
    return "\n".join(lines) + "\n"


def _largest(tables: Sequence[Table]) -> str:
    best = max(tables, key=lambda table: (table.rows or 0, len(table.fields)), default=None)
    return best.name if best else ""


def _heading(path: Path, tables: Sequence[Table], table: Table, found: Found) -> Iterator[str]:
    yield f"# Draft made by 'jetmix data card {path.name}'. Check every line before you import."
    if len(tables) > 1:
        yield f"# Tables of the file: {', '.join(other.name for other in tables)}"
    rows = "" if table.rows is None else f" {table.rows:,} jets"
    yield f"# Columns{f' of {table.name}' if table.name else ''}:{rows}"
    for field in table.fields:
        if not any(re.fullmatch(digits(p), field.name) for p in found.series.values()):
            yield f"#   {_described(field, found.block.get(field.name))}"
    for name, pattern in found.series.items():
        columns = [field for field in table.fields if re.fullmatch(digits(pattern), field.name)]
        yield f"#   {pattern}: {len(columns)} columns of {columns[0].type}, here called {name}"
    yield 'title = ""'
    yield 'origin = "unknown"   # or "simulated", "public"'
    yield 'units = {}   # such as {pt = "GeV"}'


def _described(field: Field, column: Column | None) -> str:
    shape = f" ({field.shape})" if field.shape else ""
    if column is None:
        return f"{field.name}: {field.type}{shape}, cannot be used"
    values = column.values if isinstance(column, Jagged) else column
    if values.dtype.kind not in NUMBERS:
        words = sorted(set(map(word, values.ravel()[:LOOKED_AT])))
        return f"{field.name}: {field.type}{shape}, {' '.join(words[:8])}"
    if not values.size:
        return f"{field.name}: {field.type}{shape}, empty"
    return f"{field.name}: {field.type}{shape}, {values.min():.4g} to {values.max():.4g}"


def _source(format_name: str, table: Table, found: Found) -> Iterator[str]:
    yield from ("", "[source]", f"format = {toml_text(format_name)}")
    if table.name:
        yield f"table = {toml_text(table.name)}"
    if found.arrays:
        yield "# names of the last axis of each array, in its order"
        yield f"arrays = {_table({n: toml_text(v) for n, v in found.arrays.items()})}"
    if found.series:
        yield f"series = {_table({n: toml_text(p) for n, p in found.series.items()})}"


def _constituents(found: Found) -> Iterator[str]:
    if not found.inside:
        return
    lists = [as_jagged(column) for column in found.inside.values()]
    longest = max(int(entry.counts.max(initial=1)) for entry in lists)
    momentum = momentum_of(list(found.inside))
    yield from ("", "[constituents]", f"# up to {longest} per jet in the first {LOOKED_AT:,} jets")
    yield f"keep = {min(max(longest, 1), _MOST_KEPT, MAX_KEEP)}"
    pt = momentum.get("pt") or next((n for n in found.inside if coordinate(n) == "pt"), "")
    padded = any(not isinstance(column, Jagged) for column in found.inside.values())
    size = pt or momentum.get("e", "")
    if padded:
        yield "# entries where this formula is 0 are padding"
        yield f"select = {toml_text(f'{quoted(size)} > 0')}" if size else '# select = "... > 0"'
    if momentum:
        yield f"momentum = {_table({n: toml_text(quoted(c)) for n, c in momentum.items()})}"
        yield 'order = "pt"'
        yield 'derive = ["pt", "etarel", "phirel"]'
    else:
        order = quoted(pt) if pt else "file"
        yield f'order = {toml_text(order)}   # a formula, highest first; or "file"'
    taken = set(momentum.values()) | ({"pt", "etarel", "phirel"} if momentum else set())
    rest = [name for name in found.inside if name not in taken]
    if rest:
        yield f"columns = {_wrapped(rest)}"


def _jets(found: Found, used: set[str]) -> Iterator[str]:
    # ROOT counts the entries of a branch x in a branch nx
    names = [
        name for name in found.jets
        if name not in used and not _NOT_FEATURES.search(name) and name[1:] not in found.inside
    ]  # fmt: skip
    yield from ("", "[jets]")
    if names:
        yield f"columns = {_wrapped(names)}"
    if momentum_of(list(found.inside)):
        yield '# derive = ["pt", "mass", "multiplicity"]   # from the sum of the constituents'
    yield '# select = "..."   # a formula; other jets are left out and counted'
    yield '# targets = {pt_true = "..."}   # of a regression'
    yield '# weight = "..."   # in the training loss'


def _labels(found: Found) -> tuple[list[str], set[str]]:
    """Return the section of labels, and the columns that it uses."""
    lines = ["", "[labels]"]
    branches, columns = one_hot(found), candidates(found)
    chosen = next((n for n in columns if _CLASS_LIKE.search(n) or n in found.words), "")
    if branches:
        select = {n: toml_text(quoted(c)) for n, c in branches.items()}
        lines += ["# guessed: these columns are 1 for one class each", f"select = {_table(select)}"]
        return lines, set(branches.values())
    if chosen:
        lines += [
            f"# guessed: the values of {chosen} in the first {LOOKED_AT:,} jets; name the classes",
            f"column = {toml_text(chosen)}",
            f"values = {_table(columns[chosen])}",
        ]
        return lines, {chosen}
    for name, values in columns.items():
        lines += [f"# column = {toml_text(name)}", f"# values = {_table(values)}"]
    lines += [
        "# write the class line: a formula per class, 1 for its jets",
        'select = {}   # such as {signal = "truth == 1", background = "truth == 0"}',
    ]
    return lines, set()


def _table(entries: dict[str, str]) -> str:
    return "{" + ", ".join(f"{toml_key(name)} = {value}" for name, value in entries.items()) + "}"


def _wrapped(names: Sequence[str]) -> str:
    if len(toml_text(list(names))) <= 80:
        return toml_text(list(names))
    return "[\n" + "".join(f"    {toml_text(name)},\n" for name in names) + "]"
