"""Frozen dataclasses from TOML tables: keys, types and values are checked, and named if wrong."""

import difflib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from jetmix.errors import UsageError
from jetmix.runs import JSON

NONE = "none"
Section = TypeVar("Section")
# says what is wrong with a value, "" if nothing
Check = Callable[[Any], str]


def rule(accepts: Callable[[Any], bool], text: str) -> Check:
    """Return a check that says ``text`` about values that ``accepts`` refuses."""
    return lambda value: "" if accepts(value) else text


def between(low: int, high: int) -> Check:
    """Return a check for numbers from ``low`` to ``high``, both allowed."""
    return rule(lambda value: low <= value <= high, f"must lie in {low} ... {high}")


POSITIVE = rule(lambda value: math.isfinite(value) and value > 0, "must be above zero")
NOT_NEGATIVE = rule(lambda value: math.isfinite(value) and value >= 0, "must not be negative")
FRACTION = rule(lambda value: 0 <= value <= 1, "must lie between 0 and 1")
POSITIVE_SIZES = rule(lambda sizes: all(n > 0 for n in sizes), "must hold sizes above zero")


def section_from(kind: type[Section], table: Mapping[str, Any], *, where: str) -> Section:
    """Build one frozen section from a TOML table, checking keys, types and values.

    Args:
        kind: a dataclass; fields without a default must be in the table. A class attribute
            ``CHECKS`` may map a field to its :data:`Check`.
        table: the values by key.
        where: file and section, for the message.

    Raises:
        UsageError: naming the key, what is wrong with it and how to mend it.
    """
    hints = get_type_hints(kind)
    known = [entry.name for entry in fields(kind)]  # type: ignore[arg-type]
    refuse_unknown(table, known, where)
    values = {key: check_type(hints[key], value, f"{where} {key}") for key, value in table.items()}
    checks: dict[str, Check] = getattr(kind, "CHECKS", {})
    for key, check in checks.items():
        value = values.get(key)
        problem = "" if value is None else check(value)
        if problem:
            raise UsageError(
                f"{key} = {toml_text(value)} {problem}", where=where, mend="change the value"
            )
    return kind(**values)


def refuse_unknown(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Refuse keys that nothing reads, naming the nearest known one."""
    for key in table:
        if key not in known:
            raise UsageError(
                f"unknown key '{key}'", where=where, mend=suggestion(key, known, "key")
            )


def suggestion(word: str, known: Sequence[str], kind: str) -> str:
    """Return "did you mean ...?" with the nearest known word, or the list of all."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else f"take a {kind} of: {', '.join(known)}"


def check_type(expected: Any, value: Any, where: str) -> Any:
    """Return ``value`` as ``expected`` (int, float, bool, str, tuples, optionals, dict).

    Raises:
        UsageError: if the type is another one; booleans are no numbers.
    """
    if isinstance(expected, UnionType):
        if value is None or value == NONE:
            return None
        expected = next(kind for kind in get_args(expected) if kind is not NoneType)
    if get_origin(expected) is tuple:
        return _check_tuple(get_args(expected), value, where)
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if expected in (JSON, dict) or get_origin(expected) is dict:
        expected = dict
    if not isinstance(value, expected) or (expected is not bool and isinstance(value, bool)):
        raise UsageError(
            f"{toml_text(value)} is not of type {expected.__name__}",
            where=where,
            mend=f"write a value of type {expected.__name__}",
        )
    return value


def _check_tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise UsageError(
            f"{toml_text(value)} is not a list", where=where, mend="write a list [...]"
        )
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise UsageError(
            f"{toml_text(value)} has {len(value)} entries", where=where, mend=f"give {len(kinds)}"
        )
    return tuple(check_type(kind, item, where) for kind, item in zip(kinds, value, strict=True))


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
        return "{" + ", ".join(f"{key} = {toml_text(item)}" for key, item in value.items()) + "}"
    return repr(value)
