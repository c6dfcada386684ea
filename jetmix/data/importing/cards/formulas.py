"""All formulas of a card, parsed before any file is opened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jetmix.data.formulas.expressions import Expression, parse
from jetmix.data.importing.cards.card import CONSTITUENT_FEATURES, JET_FEATURES, ConstituentsSection
from jetmix.data.importing.cards.card_file import CardText

Formulas = dict[str, Expression]
FILE_ORDER = "file"


@dataclass(frozen=True, kw_only=True)
class ConstituentFormulas:
    """The formulas of ``[constituents]``; None where the card has none."""

    select: Expression | None
    order: Expression | None
    identifier: Expression | None
    momentum: Formulas
    axis: Formulas
    features: Formulas

    def of_columns(self) -> Iterator[Expression]:
        """Yield the formulas that may use columns of the file alone."""
        if self.identifier is not None:
            yield self.identifier
        yield from self.momentum.values()

    def choices(self) -> Iterator[Expression]:
        """Yield the formulas that may use the card's own features too."""
        yield from (f for f in (self.select, self.order) if f is not None)


@dataclass(frozen=True, kw_only=True)
class CardFormulas:
    """The formulas of a card."""

    constituents: ConstituentFormulas | None
    select: Expression | None
    features: Formulas
    targets: Formulas
    weight: Expression | None
    labels: Formulas

    @classmethod
    def of(cls, text: CardText) -> "CardFormulas":
        """Parse the formulas of a card.

        Raises:
            DataError: naming the line of what is no formula.
        """
        card = text.card
        labels = card.labels.select if card.labels else {}
        inside = card.constituents
        return cls(
            constituents=None if inside is None else _constituents(text, inside),
            select=_one(text, card.jets.select, "jets", "select"),
            features=_columns(text, card.jets.columns, "jets")
            | _several(text, card.jets.features, "jets", "features"),
            targets=_several(text, card.jets.targets, "jets", "targets"),
            weight=_one(text, card.jets.weight, "jets", "weight"),
            labels=_several(text, labels, "labels", "select"),
        )

    def choices(self) -> Iterator[Expression]:
        """Yield the formulas over jets that may use the card's own columns too."""
        yield from (f for f in (self.select, self.weight) if f is not None)
        yield from self.targets.values()
        yield from self.labels.values()


def derived_names(text: CardText, *, jets: bool) -> tuple[str, ...]:
    """Return the names that formulas may use beside the columns of the file."""
    section = text.card.constituents
    if section is None:
        return ()
    if jets:
        return JET_FEATURES if section.momentum else ("multiplicity",)
    found = CONSTITUENT_FEATURES if section.momentum else ()
    plain = tuple(name for name in found if name != "charge")
    return (*plain, "charge") if section.identifier else plain


def _constituents(text: CardText, section: ConstituentsSection) -> ConstituentFormulas:
    by_file = section.order == FILE_ORDER
    return ConstituentFormulas(
        select=_one(text, section.select, "constituents", "select"),
        order=None if by_file else _one(text, section.order, "constituents", "order"),
        identifier=_one(text, section.identifier, "constituents", "identifier"),
        momentum=_several(text, section.momentum, "constituents", "momentum"),
        axis=_several(text, section.axis, "constituents", "axis"),
        features=_columns(text, section.columns, "constituents")
        | _several(text, section.features, "constituents", "features"),
    )


def _one(text: CardText, formula: str, *keys: str) -> Expression | None:
    return parse(formula, text.where(*keys)) if formula else None


def _columns(text: CardText, names: tuple[str, ...], section: str) -> Formulas:
    where = text.where(section, "columns")
    return {name: parse(f"`{name}`", where) for name in names}


def _several(text: CardText, formulas: Mapping[str, str], *keys: str) -> Formulas:
    return {name: parse(formula, text.where(*keys, name)) for name, formula in formulas.items()}
