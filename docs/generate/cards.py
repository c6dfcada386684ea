"""The page of data cards: their keys from the types, and the shipped ones."""

from collections.abc import Iterable

from formats import documented, rows
from pages import table

from jetmix.data.formulas.expressions import FUNCTIONS
from jetmix.data.importing.cards.card import (
    CONSTITUENT_FEATURES,
    JET_FEATURES,
    Card,
    ConstituentsSection,
    JetsSection,
    LabelsSection,
    SourceSection,
    SplitSection,
)
from jetmix.data.importing.cards.card_file import read_card, shipped_cards
from jetmix.data.importing.cards.readers.registry import FORMATS

HEAD = """# Data cards

A data card is a TOML file that says how a source becomes jets. [Import any
jets](../how-to/my-data-card.md) shows one being written. Unknown keys are refused.
"""
SECTIONS = {
    "": Card,
    "source": SourceSection,
    "constituents": ConstituentsSection,
    "jets": JetsSection,
    "labels": LabelsSection,
    "split": SplitSection,
}


def card_keys() -> str:
    """Return the page."""
    return "\n".join(
        [
            HEAD,
            *(_section(name) for name in SECTIONS),
            _formulas(),
            "## Formats\n",
            table(("Format", "Files"), [(f"`{n}`", _code(f.suffixes)) for n, f in FORMATS.items()]),
            "## Shipped cards\n",
            table(("Card", "Data"), [(f"`{n}`", _shown(n)) for n in shipped_cards()]),
        ]
    )


def _section(name: str) -> str:
    text, about = documented(SECTIONS[name])
    head = f"## [{name}]" if name else "## Top level"
    own = [row for row in rows(SECTIONS[name], about) if row[0].strip("`") not in SECTIONS]
    return f"{head}\n\n{text}\n\n" + table(("Key", "Type", "Meaning"), own)


FORMULAS = """## Formulas

A formula is made of names, numbers, `+ - * / ** %`, comparisons (also `0 < pt < 30`), `and`, `or`,
`not`, and the functions {functions}. A name that is no word stands in backquotes. Formulas are
parsed into a checked tree; nothing of a card is run as Python.

In `[constituents]` a name is a column with one value per constituent, else a feature that can be
derived, else a column with one value per jet. In `[jets]` and `[labels]` it is a column with one
value per jet, else what can be derived. `select`, `order`, `targets` and `weight` can use the
card's own features too; `momentum`, `axis` and `identifier` only columns of the file.

Derived from the four-momentum of a constituent and the axis of its jet: {constituents}. `charge`
needs `identifier` instead. Derived of jets: {jets}. Logarithms are natural, `erel` and `ptrel` are
fractions of the jet's, `etarel` and `phirel` differences to its axis.
"""


def _formulas() -> str:
    return FORMULAS.format(
        functions=_code(FUNCTIONS),
        constituents=_code(CONSTITUENT_FEATURES),
        jets=_code(JET_FEATURES),
    )


def _code(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def _shown(name: str) -> str:
    card = read_card(name).card
    link = card.reference.startswith("https")
    return f"[{card.title}]({card.reference})" if link else card.title
