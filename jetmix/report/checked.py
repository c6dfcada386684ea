"""Reading values out of files that a person may have edited, one named complaint a value."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetmix.errors import ReportReadError
from jetmix.support.files import read_json

MEND = "let the stage that wrote the file write it again; it is not meant to be edited"
_MISSING = object()


@dataclass(frozen=True)
class Checked:
    """A mapping from a file, whose values are taken out by kind and range.

    Every getter raises :class:`ReportReadError` that names the file, the key and what stands
    there. A getter whose name ends in ``_or_none`` also takes an absent key or null.
    """

    content: Mapping[str, Any]
    where: str

    @classmethod
    def of(cls, content: object, where: object) -> "Checked":
        """Wrap ``content``, which must be a mapping."""
        if not isinstance(content, Mapping):
            raise ReportReadError("should hold named values", where=where, mend=MEND)
        return cls(content, str(where))

    @classmethod
    def read(cls, path: Path) -> "Checked":
        """Read a JSON file that holds one object."""
        return cls.of(read_sound(path), path)

    def fail(self, key: str, should: str) -> ReportReadError:
        """Return the error that says what ``key`` should be and what it is."""
        value = self.content.get(key, _MISSING)
        found = "is absent" if value is _MISSING else f"is {str(value)[:60]!r}"
        return ReportReadError(
            f"'{key}' should be {should} but {found}", where=self.where, mend=MEND
        )

    def has(self, key: str) -> bool:
        """Tell whether ``key`` is there and not null."""
        return self.content.get(key) is not None

    def only(self, known: Iterable[str]) -> None:
        """Refuse keys that are not ``known``."""
        unknown = sorted(set(self.content) - set(known))
        if unknown:
            raise ReportReadError(
                f"the key '{unknown[0]}' is not known here", where=self.where, mend=MEND
            )

    def number(self, key: str, low: float = 0.0, high: float = math.inf) -> float:
        """Return a finite number in [low, high]."""
        value = self.content.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(key, "a number")
        if not math.isfinite(value) or not low <= value <= high:
            raise self.fail(key, f"a number from {low:g} to {high:g}")
        return value

    def integer(self, key: str, low: int = 0) -> int:
        """Return an integer of at least ``low``."""
        value = self.content.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise self.fail(key, f"an integer of at least {low}")
        return value

    def text(self, key: str) -> str:
        """Return a non-empty text."""
        value = self.content.get(key)
        if not isinstance(value, str) or not value:
            raise self.fail(key, "a text")
        return value

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        """Return one of the ``allowed`` texts."""
        value = self.content.get(key)
        names = list(allowed)
        if value not in names:
            raise self.fail(key, f"one of {', '.join(names)}")
        return str(value)

    def flag_or_none(self, key: str) -> bool | None:
        """Return true, false or None."""
        value = self.content.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.fail(key, "true or false")
        return value

    def number_or_none(self, key: str, low: float = 0.0, high: float = math.inf) -> float | None:
        """Return a finite number in [low, high] or None."""
        return self.number(key, low, high) if self.has(key) else None

    def integer_or_none(self, key: str, low: int = 0) -> int | None:
        """Return an integer or None."""
        return self.integer(key, low) if self.has(key) else None

    def text_or_none(self, key: str) -> str | None:
        """Return a text or None."""
        return self.text(key) if self.has(key) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts as a tuple."""
        value = self.content.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(key, "a list of texts")
        return tuple(value)

    def length(self, key: str) -> int:
        """Return how many items a list holds."""
        value = self.content.get(key)
        if not isinstance(value, list):
            raise self.fail(key, "a list")
        return len(value)

    def pair(self, key: str) -> tuple[float, float]:
        """Return two finite numbers, the smaller one first."""
        value = self.content.get(key)
        if not isinstance(value, list) or len(value) != len(("low", "high")):
            raise self.fail(key, "two numbers")
        ends = Checked({"low": value[0], "high": value[1]}, f"{self.where}: {key}")
        low = ends.number("low", -math.inf)
        return low, ends.number("high", low)

    def numbers(self, key: str, low: float = 0.0, high: float = math.inf) -> dict[str, float]:
        """Return a mapping of names to numbers in [low, high]."""
        part = self.part(key)
        return {name: part.number(name, low, high) for name in part.content}

    def part(self, key: str) -> "Checked":
        """Return a nested mapping."""
        value = self.content.get(key)
        if not isinstance(value, Mapping):
            raise self.fail(key, "a group of named values")
        return Checked(value, f"{self.where}: {key}")

    def part_or_none(self, key: str) -> "Checked | None":
        """Return a nested mapping or None."""
        return self.part(key) if self.has(key) else None

    def parts(self, key: str) -> Iterator["Checked"]:
        """Yield the mappings of a list."""
        value = self.content.get(key)
        if not isinstance(value, list):
            raise self.fail(key, "a list")
        yield from each(value, f"{self.where}: {key}")


def read_sound(path: Path) -> Any:
    """Read a JSON file whose content can be written again: no NaN, no broken text."""
    return sound(read_json(path), path)


def sound(content: Any, where: object) -> Any:
    """Return content as plain JSON data, dates as texts; refuse NaN and broken text."""
    try:
        text = json.dumps(content, allow_nan=False, ensure_ascii=False, default=str)
        return json.loads(text.encode("utf-8"))
    except ValueError as error:
        raise ReportReadError(
            f"holds a number or text that no file of jetmix holds ({error})", where=where, mend=MEND
        ) from None


def each(items: object, where: object) -> Iterator[Checked]:
    """Yield the mappings of a list, each with its place in the list."""
    if not isinstance(items, list):
        raise ReportReadError("should hold a list", where=where, mend=MEND)
    for index, item in enumerate(items):
        yield Checked.of(item, f"{where}[{index}]")
