"""Cards as files: read, with the lines of their keys for messages, and written."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetmix.data.importing.cards.card import Card
from jetmix.errors import DataError
from jetmix.support.packaged import shipped
from jetmix.support.records import Dialect, dump, load, suggestion, toml_text

CARDS = "datasets/cards"
SUFFIX = ".toml"
_DIALECT = Dialect(error=DataError, mend="change the card")


@dataclass(frozen=True, kw_only=True)
class CardText:
    """A card and the text that it was read from, so that messages can name its lines."""

    card: Card
    text: str
    label: str

    def where(self, *keys: str) -> str:
        """Return the file, line and key of an entry, such as ``my.toml line 9 (jets.select)``."""
        return f"{self.label}{_line_text(self.text, keys)} ({'.'.join(keys)})"


def read_card(card: Card | Mapping[str, Any] | str | Path) -> CardText:
    """Return a card by the name of a shipped one, from a file, or as it is given.

    A mapping holds what a file would hold.

    Raises:
        DataError: if there is none, or something in it is unknown or wrong.
    """
    if isinstance(card, Mapping):
        card = _loaded(card, "", "card")
    if isinstance(card, Card):
        return CardText(card=card, text=card_text(card), label="card")
    path = _card_path(str(card))
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise DataError(f"cannot be read ({reason})", where=path, mend="give a card") from None
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"not TOML ({error})", where=path, mend="correct that line") from None
    label = str(card) if path.name == f"{card}{SUFFIX}" else str(path)
    return CardText(card=_loaded(table, text, label), text=text, label=label)


def _loaded(table: Mapping[str, Any], text: str, label: str) -> Card:
    try:
        return load(Card, table, where=label, dialect=_DIALECT)
    except DataError as error:
        keys = re.findall(r"\w+", error.where.removeprefix(label))
        quoted = re.search(r"^(?:unknown key )?'([^']+)'|^(\w+) = ", error.what)
        if quoted:
            keys.append((quoted[1] or quoted[2]).partition("[")[0])
        line = _line_text(text, keys) or _line_text(text, keys[:-1])
        where = f"{label}{line}" + error.where.removeprefix(label)
        raise DataError(error.what, mend=error.mend, where=where) from None


def _card_path(name: str) -> Path:
    path = Path(name)
    if path.suffix == SUFFIX or path.exists():
        if path.is_file():
            return path
        raise DataError("no such file", where=path, mend="name a card that exists")
    if name in shipped_cards():
        return shipped(CARDS) / f"{name}{SUFFIX}"
    raise DataError(
        f"no card {name!r} is shipped, and there is no such file",
        mend=suggestion(name, shipped_cards(), "card"),
    )


def shipped_cards() -> list[str]:
    """Return the names of the cards that come with jetmix."""
    return sorted(path.stem for path in shipped(CARDS).glob(f"*{SUFFIX}"))


def _line_text(text: str, keys: Sequence[str]) -> str:
    """Return " line N" of an entry or of the section that holds it, "" if neither is there."""
    section: tuple[str, ...] = ()
    best, depth = 0, 0
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[([^\[\]]+)\]", line)
        entry = re.match(r"\s*([\w.\"'-]+)\s*=", line)
        if header:
            section = _parts(header[1])
        elif not entry:
            continue
        found = section if header else (*section, *_parts(entry[1] if entry else ""))
        if found == tuple(keys[: len(found)]) and len(found) > depth:
            best, depth = number, len(found)
    return f" line {best}" if best else ""


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip(" \"'") for part in dotted.split("."))


def card_text(card: Card) -> str:
    """Return a card as TOML, without what is as by default."""
    default = dump(Card())
    content = {key: value for key, value in dump(card).items() if value != default[key]}
    lines = [
        f"{key} = {toml_text(v)}" for key, v in content.items() if not _is_section(key, v)
    ]  # fmt: skip
    for key, value in content.items():
        if _is_section(key, value):
            lines += ["", f"[{key}]"]
            lines += [
                f"{toml_key(k)} = {_toml(v)}" for k, v in value.items() if v not in ("", [], {})
            ]
    return "\n".join(lines).lstrip("\n") + "\n"


def _is_section(key: str, value: object) -> bool:
    return isinstance(value, dict) and key != "units"


def toml_key(name: str) -> str:
    """Return a name as a key of TOML, in quotes where it needs them."""
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else toml_text(name)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_key(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    return toml_text(value)
