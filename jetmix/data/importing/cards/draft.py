"""Drafts a card by looking into a file."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.data.importing.cards.card import COORDINATES, MAX_KEEP
from jetmix.data.importing.cards.card_file import toml_key
from jetmix.data.importing.cards.columns import Block, Column, Field, Jagged, Table, as_jagged
from jetmix.data.importing.cards.readers.registry import FORMATS, format_of, table_of
from jetmix.data.importing.cards.scope import NUMBERS
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray
from jetmix.support.records import toml_text

LOOKED_AT = 1000
# a column with more different values is no class
_MOST_CLASSES = 30
_MOST_KEPT = 64
_FEWEST_NUMBERED = 4
_READABLE = re.compile(
    r"(u?int\d*|float\d*|double|halffloat|bool|text|(large_)?string|str\d*|bytes\d*|object)"
)
_CLASS_LIKE = re.compile(r"class|label|flavou?r|truth|signal|kind|type|^y$", re.IGNORECASE)
_NOT_FEATURES = re.compile(
    r"weight|event|index|^id$|split|^ttv$|fold|target|truth|gen|aux", re.IGNORECASE
)
_ALIASES = {"energy": "e", "m": "mass"}


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What stands in a file, sorted by what a card can use it for.

    Attributes:
        inside: columns with a value per constituent.
        jets: columns of numbers with a value per jet.
        words: columns of words with a value per jet.
        arrays: arrays whose last axis has no names in the file, and the names to begin with.
        series: numbered columns.
    """

    block: Block
    inside: dict[str, Column]
    jets: dict[str, AnyArray]
    words: dict[str, AnyArray]
    arrays: dict[str, list[str]]
    series: dict[str, str]


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
    found = _look(path, format_name, table)
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


def _look(path: Path, format_name: str, table: Table) -> _Found:
    readable = [f.name for f in table.fields if _READABLE.fullmatch(f.type.partition("[")[0])]
    blocks = FORMATS[format_name].blocks(path, table.name, readable, LOOKED_AT)
    block = next(blocks, {}) if readable else {}
    if not block:
        raise DataError(
            "holds no rows of numbers or words", where=path, mend="give a file with jets"
        )
    found = _Found(block=block, inside={}, jets={}, words={}, arrays={}, series=_series(block))
    numbered = [re.compile(re.escape(p).replace(r"\*", r"\d+")) for p in found.series.values()]
    for name, column in block.items():
        if not any(pattern.fullmatch(name) for pattern in numbered):
            _sort_in(found, name, column)
    for name, pattern in found.series.items():
        columns = [c for n, c in block.items() if re.fullmatch(_digits(pattern), n)]
        found.inside[name] = np.stack([np.asarray(column) for column in columns], axis=1)
    return found


def _digits(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", r"\d+")


def _sort_in(found: _Found, name: str, column: Column) -> None:
    values = column.values if isinstance(column, Jagged) else column
    depth = values.ndim + isinstance(column, Jagged)
    if values.dtype.kind not in NUMBERS:
        if depth == 1:
            found.words[name] = values
    elif depth == 1:
        found.jets[name] = values
    elif depth == 2:
        found.inside[name] = column
    elif depth == 3:
        names = [f"{name}_{place}" for place in range(values.shape[-1])]
        found.arrays[name] = names
        for place, part in enumerate(names):
            last = values[..., place]
            found.inside[part] = Jagged(last, column.counts) if isinstance(column, Jagged) else last


def _series(block: Block) -> dict[str, str]:
    """Return the families of numbered columns, such as E_0 to E_199."""
    families: dict[str, int] = {}
    for name in block:
        match = re.fullmatch(r"(.*?)(\d+)", name)
        if match:
            families[f"{match[1]}*"] = families.get(f"{match[1]}*", 0) + 1
    return {
        pattern.rstrip("*").rstrip("_") or "value": pattern
        for pattern, count in families.items()
        if count >= _FEWEST_NUMBERED
    }


def _heading(path: Path, tables: Sequence[Table], table: Table, found: _Found) -> Iterator[str]:
    yield f"# Draft made by 'jetmix data card {path.name}'. Check every line before you import."
    if len(tables) > 1:
        yield f"# Tables of the file: {', '.join(other.name for other in tables)}"
    rows = "" if table.rows is None else f" {table.rows:,} jets"
    yield f"# Columns{f' of {table.name}' if table.name else ''}:{rows}"
    for field in table.fields:
        if not any(re.fullmatch(_digits(p), field.name) for p in found.series.values()):
            yield f"#   {_described(field, found.block.get(field.name))}"
    for name, pattern in found.series.items():
        columns = [field for field in table.fields if re.fullmatch(_digits(pattern), field.name)]
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
        words = sorted(set(map(_word, values.ravel()[:LOOKED_AT])))
        return f"{field.name}: {field.type}{shape}, {' '.join(words[:8])}"
    if not values.size:
        return f"{field.name}: {field.type}{shape}, empty"
    return f"{field.name}: {field.type}{shape}, {values.min():.4g} to {values.max():.4g}"


def _word(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _source(format_name: str, table: Table, found: _Found) -> Iterator[str]:
    yield from ("", "[source]", f"format = {toml_text(format_name)}")
    if table.name:
        yield f"table = {toml_text(table.name)}"
    if found.arrays:
        yield "# names of the last axis of each array, in its order"
        yield f"arrays = {_table({n: toml_text(v) for n, v in found.arrays.items()})}"
    if found.series:
        yield f"series = {_table({n: toml_text(p) for n, p in found.series.items()})}"


def _constituents(found: _Found) -> Iterator[str]:
    if not found.inside:
        return
    lists = [as_jagged(column) for column in found.inside.values()]
    longest = max(int(entry.counts.max(initial=1)) for entry in lists)
    momentum = _momentum(list(found.inside))
    yield from ("", "[constituents]", f"# up to {longest} per jet in the first {LOOKED_AT:,} jets")
    yield f"keep = {min(max(longest, 1), _MOST_KEPT, MAX_KEEP)}"
    pt = momentum.get("pt") or next((n for n in found.inside if _coordinate(n) == "pt"), "")
    padded = any(not isinstance(column, Jagged) for column in found.inside.values())
    size = pt or momentum.get("e", "")
    if padded:
        yield "# entries where this formula is 0 are padding"
        yield f"select = {toml_text(f'{_quoted(size)} > 0')}" if size else '# select = "... > 0"'
    if momentum:
        yield f"momentum = {_table({n: toml_text(_quoted(c)) for n, c in momentum.items()})}"
        yield 'order = "pt"'
        yield 'derive = ["pt", "etarel", "phirel"]'
    else:
        order = _quoted(pt) if pt else "file"
        yield f'order = {toml_text(order)}   # a formula, highest first; or "file"'
    taken = set(momentum.values()) | ({"pt", "etarel", "phirel"} if momentum else set())
    rest = [name for name in found.inside if name not in taken]
    if rest:
        yield f"columns = {_wrapped(rest)}"


def _momentum(names: Sequence[str]) -> dict[str, str]:
    """Return coordinate: column of a whole four-momentum with one prefix, or nothing."""
    families: dict[str, dict[str, str]] = {}
    for name in names:
        coordinate = _coordinate(name)
        if coordinate:
            families.setdefault(_prefix(name), {})[coordinate] = name
    for choice in COORDINATES:
        for family in families.values():
            if set(choice) <= set(family):
                return {coordinate: family[coordinate] for coordinate in choice}
    return {}


def _coordinate(name: str) -> str:
    last = re.split(r"[_.]", name.lower())[-1]
    known = _ALIASES.get(last, last)
    return known if any(known in choice for choice in COORDINATES) else ""


def _prefix(name: str) -> str:
    return name[: len(name) - len(re.split(r"[_.]", name)[-1])]


def _jets(found: _Found, used: set[str]) -> Iterator[str]:
    # ROOT counts the entries of a branch x in a branch nx
    names = [
        name for name in found.jets
        if name not in used and not _NOT_FEATURES.search(name) and name[1:] not in found.inside
    ]  # fmt: skip
    yield from ("", "[jets]")
    if names:
        yield f"columns = {_wrapped(names)}"
    if _momentum(list(found.inside)):
        yield '# derive = ["pt", "mass", "multiplicity"]   # from the sum of the constituents'
    yield '# select = "..."   # a formula; other jets are left out and counted'
    yield '# targets = {pt_true = "..."}   # of a regression'
    yield '# weight = "..."   # in the training loss'


def _labels(found: _Found) -> tuple[list[str], set[str]]:
    """Return the section of labels, and the columns that it uses."""
    lines = ["", "[labels]"]
    one_hot = _one_hot(found)
    candidates = _candidates(found)
    chosen = next((n for n in candidates if _CLASS_LIKE.search(n) or n in found.words), "")
    if one_hot:
        select = {n: toml_text(_quoted(c)) for n, c in one_hot.items()}
        lines += ["# guessed: these columns are 1 for one class each", f"select = {_table(select)}"]
        return lines, set(one_hot.values())
    if chosen:
        lines += [
            f"# guessed: the values of {chosen} in the first {LOOKED_AT:,} jets; name the classes",
            f"column = {toml_text(chosen)}",
            f"values = {_table(candidates[chosen])}",
        ]
        return lines, {chosen}
    for name, values in candidates.items():
        lines += [f"# column = {toml_text(name)}", f"# values = {_table(values)}"]
    lines += [
        "# write the class line: a formula per class, 1 for its jets",
        'select = {}   # such as {signal = "truth == 1", background = "truth == 0"}',
    ]
    return lines, set()


def _candidates(found: _Found) -> dict[str, dict[str, str]]:
    """Return column: class: value of the columns that could hold a class."""
    candidates = {}
    for name, column in (found.words | found.jets).items():
        values = np.unique(column)
        if not 2 <= len(values) <= _MOST_CLASSES:
            continue
        if name in found.words:
            candidates[name] = {_word(v): toml_text(_word(v)) for v in values}
        elif (values == np.round(values)).all():
            candidates[name] = {f"class_{int(v)}": str(int(v)) for v in values}
    return candidates


def _one_hot(found: _Found) -> dict[str, str]:
    """Return class: column of a family of columns of which one is 1 in each jet."""
    families: dict[str, list[str]] = {}
    for name, values in found.jets.items():
        if np.isin(values, (0, 1)).all():
            families.setdefault(re.split(r"[_.]", name)[0], []).append(name)
    for prefix, names in families.items():
        if len(names) > 1 and bool(np.all(np.sum([found.jets[n] for n in names], axis=0) == 1)):
            return {n.removeprefix(prefix).strip("_.") or n: n for n in names}
    return {}


def _quoted(name: str) -> str:
    """Return a column as a formula names it."""
    return name if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else f"`{name}`"


def _table(entries: dict[str, str]) -> str:
    return "{" + ", ".join(f"{toml_key(name)} = {value}" for name, value in entries.items()) + "}"


def _wrapped(names: Sequence[str]) -> str:
    if len(toml_text(list(names))) <= 80:
        return toml_text(list(names))
    return "[\n" + "".join(f"    {toml_text(name)},\n" for name in names) + "]"
