"""One codec between frozen dataclasses and what stands in files: JSON artefacts and TOML tables.

A dataclass is the whole description of an artefact. Its type hints say what each key holds. The
class attribute ``CHECKS`` maps a field to a :data:`Check` of its value, ``DERIVED`` names
properties that are written for other programs and not read back, and a method ``problems`` yields
what must hold between several fields. ``PARTIAL`` marks a record of a few keys out of many; other
keys of the file are ignored. :func:`dump` and :func:`read` go by these alone, so what is
written reads back equal, and what was edited into nonsense is refused with its key named.
"""

import difflib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    Protocol,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from jetmix.errors import JetmixError, ReportReadError, UsageError
from jetmix.support.files import read_json, write_json

NONE = "none"
MEND = "let the stage that wrote the file write it again; it is not meant to be edited"
Record = TypeVar("Record")
# says what is wrong with a value, "" if nothing
Check = Callable[[Any], str]
_PLAIN = {int: "an integer", float: "a number", str: "a text", bool: "true or false"}


class Consistent(Protocol):
    """A record with rules between several of its fields."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what it should be) for every rule that is broken."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a kind of file writes None, and which error its faults are."""

    error: type[JetmixError]
    mend: str
    none: object = None


JSON_FILE = Dialect(error=ReportReadError, mend=MEND)
# TOML has no null
TOML_FILE = Dialect(error=UsageError, mend="change the value", none=NONE)


def rule(accepts: Callable[[Any], bool], text: str) -> Check:
    """Return a check that says ``text`` about values that ``accepts`` refuses."""
    return lambda value: "" if accepts(value) else text


def between(low: float, high: float) -> Check:
    """Return a check for numbers from ``low`` to ``high``, both allowed."""
    return rule(lambda value: low <= value <= high, f"must lie in {low} ... {high}")


def checked(check: Check, *names: str) -> dict[str, Check]:
    """Return one check for several fields."""
    return dict.fromkeys(names, check)


POSITIVE = rule(lambda value: math.isfinite(value) and value > 0, "must be above zero")
NOT_NEGATIVE = rule(lambda value: math.isfinite(value) and value >= 0, "must not be negative")
FRACTION = rule(lambda value: 0 <= value <= 1, "must lie between 0 and 1")
POSITIVE_SIZES = rule(lambda sizes: all(n > 0 for n in sizes), "must hold sizes above zero")
NOT_EMPTY = rule(bool, "must not be empty")
# what NumPy, Keras and Optuna take
MAX_SEED = 2**32 - 1
SEED = between(0, MAX_SEED)


def dump(value: object) -> Any:
    """Return a record, or a sequence or mapping of records, as JSON-serialisable data."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [entry.name for entry in fields(value)] + list(getattr(value, "DERIVED", ()))
        return {name: dump(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): dump(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [dump(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def write(path: Path, value: object) -> None:
    """Write a record, or a sequence of them, atomically as JSON."""
    write_json(path, dump(value))


def read(kind: type[Record], path: Path) -> Record:
    """Read a JSON file that :func:`write` wrote.

    Args:
        kind: a dataclass, or such as ``tuple[Kind, ...]``.
        path: the file.

    Raises:
        ReportReadError: if it is missing or damaged, naming the key that is not as it should be.
    """
    return load(kind, sound(read_json(path), path), where=path)


def load(
    kind: type[Record], content: object, *, where: object, dialect: Dialect = JSON_FILE
) -> Record:
    """Return the record of ``kind`` that stands in ``content``; ``where`` is named in errors.

    Raises:
        ReportReadError: (of TOML: UsageError) naming the key, what it should be and what it is.
    """
    return cast(Record, _Place(str(where), dialect).value(kind, content))


def section_from(kind: type[Record], table: Mapping[str, Any], *, where: str) -> Record:
    """Build one frozen section from a TOML table, checking keys, types and values.

    Args:
        kind: a dataclass; fields without a default must be in the table.
        table: the values by key.
        where: file and section, for the message.

    Raises:
        UsageError: naming the key, what is wrong with it and how to mend it.
    """
    return load(kind, table, where=where, dialect=TOML_FILE)


@dataclass(frozen=True)
class _Place:
    """A place in a file, for messages, and the values that are taken out there."""

    where: str
    dialect: Dialect
    key: str = ""

    def at(self, key: str) -> "_Place":
        where = f"{self.where}: {self.key}" if self.key else self.where
        return _Place(where, self.dialect, key)

    def fail(self, should: str, value: object = MISSING) -> JetmixError:
        found = "is absent" if value is MISSING else f"is {_shown(value)}"
        what = f"'{self.key}' should be {should} but {found}" if self.key else f"should be {should}"
        return self.dialect.error(what, where=self.where, mend=self.dialect.mend)

    def value(self, expected: Any, value: object) -> Any:
        kinds = get_args(expected)
        # with a Literal in it, a choice of types is of the older kind
        if get_origin(expected) in (UnionType, Union) and NoneType in kinds:
            if value is None or value == self.dialect.none:
                return None
            expected = next(kind for kind in kinds if kind is not NoneType)
        if get_origin(expected) is Literal:
            if value not in get_args(expected):
                raise self.fail(_described(expected), value)
            return value
        if is_dataclass(expected):
            return self.record(cast(type[Any], expected), value)
        return self.container(expected, value)

    def container(self, expected: Any, value: object) -> Any:
        origin, kinds = get_origin(expected), get_args(expected)
        if origin in (tuple, list):
            return self.sequence(expected, kinds, value)
        if origin in (dict, Mapping) or expected is dict:
            return self.mapping(kinds[1] if kinds else Any, value)
        return Path(self.plain(str, value)) if expected is Path else self.plain(expected, value)

    def plain(self, expected: Any, value: object) -> Any:
        if expected in (Any, object):
            return value
        if expected is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, expected) or (expected is not bool and isinstance(value, bool)):
            raise self.fail(_PLAIN.get(expected, expected.__name__), value)
        if expected is float and not math.isfinite(cast(float, value)):
            raise self.fail("a finite number", value)
        return value

    def sequence(self, expected: Any, kinds: tuple[Any, ...], value: object) -> Any:
        if not isinstance(value, list | tuple):
            raise self.fail("a list", value)
        every = get_origin(expected) is list or kinds[1:] == (Ellipsis,)
        if every:
            kinds = (kinds[0],) * len(value)
        if len(kinds) != len(value):
            raise self.fail(f"a list of {len(kinds)} entries", value)
        pairs = enumerate(zip(kinds, value, strict=True))
        items = [self.item(index).value(kind, item) for index, (kind, item) in pairs]
        return items if get_origin(expected) is list else tuple(items)

    def item(self, index: int) -> "_Place":
        if self.key:
            return _Place(self.where, self.dialect, f"{self.key}[{index}]")
        return _Place(f"{self.where}[{index}]", self.dialect)

    def mapping(self, kind: Any, value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise self.fail("a group of named values", value)
        return {str(key): self.at(str(key)).value(kind, item) for key, item in value.items()}

    def record(self, kind: type[Any], table: object) -> Any:
        if not isinstance(table, Mapping):
            raise self.fail("a group of named values", table)
        inner = self.at("") if self.key else self
        hints, known = get_type_hints(kind), [entry.name for entry in fields(kind)]
        derived = getattr(kind, "DERIVED", ())
        ignored = set(table) - set(known) if getattr(kind, "PARTIAL", False) else set(derived)
        given = {key: value for key, value in table.items() if key not in ignored}
        refuse_unknown(given, known, inner.where, error=self.dialect.error)
        for entry in fields(kind):
            required = entry.default is MISSING and entry.default_factory is MISSING
            if required and entry.name not in given:
                raise inner.at(entry.name).fail(_described(hints[entry.name]))
        values = {key: inner.at(key).value(hints[key], value) for key, value in given.items()}
        for key, check in getattr(kind, "CHECKS", {}).items():
            problem = "" if values.get(key) is None else check(values[key])
            if problem:
                raise self.dialect.error(
                    f"{key} = {toml_text(dump(values[key]))[:60]} {problem}",
                    where=inner.where,
                    mend=self.dialect.mend,
                )
        made = kind(**values)
        for key, should in made.problems() if hasattr(made, "problems") else ():
            raise inner.at(key).fail(should, dump(values[key]) if key in values else MISSING)
        return made


def _shown(value: object) -> str:
    return "null" if value is None else toml_text(value)[:60]


def _described(expected: Any) -> str:
    kinds = get_args(expected)
    if get_origin(expected) is Literal:
        return f"one of {', '.join(map(str, kinds))}"
    if get_origin(expected) in (tuple, list):
        return "a list"
    plain = next((kind for kind in (expected, *kinds) if kind in _PLAIN), None)
    return _PLAIN[plain] if plain else "a group of named values"


def sound(content: Any, where: object) -> Any:
    """Return content as plain JSON data, dates as texts; refuse NaN and broken text.

    Raises:
        ReportReadError: if it cannot be written again as it is.
    """
    try:
        text = json.dumps(content, allow_nan=False, ensure_ascii=False, default=str)
        return json.loads(text.encode("utf-8"))
    except ValueError as error:
        raise ReportReadError(
            f"holds a number or text that no file of jetmix holds ({error})", where=where, mend=MEND
        ) from None


def refuse_unknown(
    table: Mapping[str, Any],
    known: Sequence[str],
    where: str,
    *,
    error: type[JetmixError] = UsageError,
) -> None:
    """Refuse keys that nothing reads, naming the nearest known one."""
    for key in table:
        if key not in known:
            raise error(f"unknown key '{key}'", where=where, mend=suggestion(key, known, "key"))


def suggestion(word: str, known: Sequence[str], kind: str) -> str:
    """Return "did you mean ...?" with the nearest known word, or the list of all."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else f"take a {kind} of: {', '.join(known)}"


def check_type(expected: Any, value: Any, where: str) -> Any:
    """Return a TOML value as ``expected``.

    Raises:
        UsageError: if the type is another one; booleans are no numbers.
    """
    place, _, key = where.rpartition(": ")
    return _Place(place, TOML_FILE, key).value(expected, value)


def toml_text(value: Any) -> str:
    """Return a value as TOML, None as "none"."""
    if value is None:
        return f'"{NONE}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_text(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {toml_text(item)}" for k, item in value.items()) + "}"
    return repr(value)


def _key(key: str) -> str:
    """Return a key as TOML, in quotes where it needs them."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_text(key)
