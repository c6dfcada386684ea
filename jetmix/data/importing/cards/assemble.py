"""Makes jets of one block of a file, as a card says."""

from dataclasses import dataclass

import numpy as np

from jetmix.data.formulas.expressions import Expression
from jetmix.data.importing.cards.card import ConstituentsSection, JetsSection
from jetmix.data.importing.cards.card_file import CardText
from jetmix.data.importing.cards.columns import Block
from jetmix.data.importing.cards.formulas import CardFormulas
from jetmix.data.importing.cards.labels import (
    NO_CLASS,
    check_labelled,
    class_indices,
    split_indices,
)
from jetmix.data.importing.cards.scope import Scope
from jetmix.data.importing.sources import Source
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Float64, Floats, Ints, Reals


@dataclass(frozen=True, kw_only=True)
class Jets:
    """Jets of one block, checked; arrays as the container stores them.

    Attributes:
        constituents: float32 (jet, particle, feature), padded with zeros; None without them.
        jets: float32 (jet, column).
        labels: int64 (jet,).
        targets: float32 (jet, target), or None.
        weights: float32 (jet,), or None.
        split: int64 (jet,), or None.
        dropped: reason: jets that were left out.
    """

    constituents: Floats | None
    jets: Floats
    labels: Ints
    targets: Floats | None
    weights: Floats | None
    split: Ints | None
    dropped: dict[str, int]

    @property
    def arrays(self) -> dict[str, AnyArray]:
        """Return the arrays that there are, by the container's names."""
        names = ("constituents", "jets", "labels", "targets", "weights", "split")
        return {name: found for name in names if (found := getattr(self, name)) is not None}


def assemble(
    text: CardText, formulas: CardFormulas, block: Block, rows: Ints, source: Source
) -> Jets:
    """Return the jets of a block.

    Args:
        text: the card.
        formulas: its formulas.
        block: the columns under the card's names.
        rows: int64 (jet,) row of each jet in the file.
        source: the file.

    Raises:
        DataError: with file, row and card line of what is wrong.
    """
    scope = Scope.of(formulas, block, rows, source.label)
    scope, dropped = _selected(text, scope, source)
    classes = class_indices(text, scope, source)
    check_labelled(text, scope, classes, source)
    labelled = classes != NO_CLASS
    dropped["of no class"] = int((~labelled).sum())
    if not labelled.all():
        scope, classes = scope.kept_jets(labelled), classes[labelled]
    targets = [_checked_jets(text, scope, f, "targets", n) for n, f in formulas.targets.items()]
    return Jets(
        constituents=None if formulas.constituents is None else _constituents(text, scope),
        jets=_columns(text, scope),
        labels=classes,
        targets=np.stack(targets, axis=1).astype(np.float32) if targets else None,
        weights=_weights(text, scope),
        split=split_indices(text, scope, source),
        dropped={reason: count for reason, count in dropped.items() if count},
    )


def _selected(text: CardText, scope: Scope, source: Source) -> tuple[Scope, dict[str, int]]:
    """Return the selected jets with their selected constituents, and what was left out."""
    formulas, dropped = scope.formulas, {}
    inside = formulas.constituents
    if inside is not None:
        if not scope.flat:
            raise DataError(
                "no formula uses a column with one value per constituent",
                where=f"{source.label}, {text.where('constituents')}",
                mend="name columns of lists, or leave the section out",
            )
        if inside.select is not None:
            scope = scope.kept(scope.constituents(inside.select, features=True) != 0)
        scope, dropped["without constituents"] = _reduced(scope, scope.counts > 0)
    if formulas.select is not None:
        mask = scope.of_jets(formulas.select, features=True) != 0
        scope, dropped["not selected"] = _reduced(scope, mask)
    return scope, dropped


def _reduced(scope: Scope, mask: np.typing.NDArray[np.bool_]) -> tuple[Scope, int]:
    left_out = int((~mask).sum())
    return (scope.kept_jets(mask), left_out) if left_out else (scope, 0)


def _constituents(text: CardText, scope: Scope) -> Floats:
    section, inside = text.card.constituents, scope.formulas.constituents
    assert section is not None  # noqa: S101  the caller asked
    assert inside is not None  # noqa: S101
    for name, values in scope.coordinates.items():
        _check(text, scope, values, ("constituents", "momentum", name), inside=True)
    kept = _leading(text, scope, inside.order, section.keep)
    place = (kept.owners, kept.ranks)
    found = np.zeros((len(scope.counts), section.keep, len(section.names)), np.float32)
    for column, (name, values) in enumerate(_features(text, kept)):
        keys = ("constituents", _key_of(name, section), name)
        _check(text, kept, values, keys, inside=True)
        found[(*place, column)] = values
    return found


def _key_of(name: str, section: ConstituentsSection | JetsSection) -> str:
    """Return the key of the card under which a feature stands."""
    keys = ("derive", "columns", "features", "one_hot")
    return next(key for key in keys if name in getattr(section, key, ()))


def _leading(text: CardText, scope: Scope, formula: Expression | None, keep: int) -> Scope:
    """Return the scope with the leading constituents of each jet, in their order."""
    order = np.arange(len(scope.owners))
    if formula is not None:
        key = scope.constituents(formula, features=True)
        _check(text, scope, key, ("constituents", "order"), inside=True)
        order = np.lexsort((-key, scope.owners))
    return scope.taken(order[scope.ranks < keep], np.minimum(scope.counts, keep))


def _features(text: CardText, scope: Scope) -> list[tuple[str, Float64]]:
    section, inside = text.card.constituents, scope.formulas.constituents
    assert section is not None  # noqa: S101  the caller asked
    assert inside is not None  # noqa: S101
    found = [(name, scope.derived(name)) for name in section.derive]
    found += [(name, scope.constituents(formula)) for name, formula in inside.features.items()]
    if section.one_hot and inside.identifier is not None:
        kind = scope.constituents(inside.identifier)
        found += [
            (name, np.isin(kind, numbers).astype(np.float64))
            for name, numbers in section.one_hot.items()
        ]
    return found


def _columns(text: CardText, scope: Scope) -> Floats:
    section, formulas = text.card.jets, scope.formulas.features
    found = np.zeros((len(scope.counts), len(section.names)), np.float32)
    for column, name in enumerate(section.derive):
        values = scope.jet_derived(name)
        _check(text, scope, values, ("jets", "derive", name))
        found[:, column] = values
    for column, (name, formula) in enumerate(formulas.items(), start=len(section.derive)):
        found[:, column] = _checked_jets(text, scope, formula, _key_of(name, section), name)
    return found


def _checked_jets(text: CardText, scope: Scope, formula: Expression, *keys: str) -> Float64:
    values = scope.of_jets(formula, features=keys[0] not in ("columns", "features"))
    _check(text, scope, values, ("jets", *keys))
    return values


def _weights(text: CardText, scope: Scope) -> Floats | None:
    formula = scope.formulas.weight
    if formula is None:
        return None
    values = _checked_jets(text, scope, formula, "weight")
    negative = np.flatnonzero(values < 0)
    if len(negative):
        jet = negative[0]
        raise DataError(
            f"the weight is {values[jet]:g}, below zero",
            where=f"{scope.file} row {scope.rows[jet]}, {text.where('jets', 'weight')}",
            mend="give weights of zero or more",
        )
    return values.astype(np.float32)


def _check(
    text: CardText, scope: Scope, values: Reals, keys: tuple[str, ...], *, inside: bool = False
) -> None:
    """Refuse NaN, infinity and absurd values before they ruin a normalisation.

    Args:
        text: the card, whose key ``largest`` says what is absurd.
        scope: the jets.
        values: one per jet, or per constituent.
        keys: of the card, where the values are from.
        inside: whether they are values of constituents.
    """
    good = np.abs(values) <= text.card.largest
    if good.all():
        return
    first = int(np.argmin(good))
    section = text.card.constituents
    name = keys[-1]
    if name == "order" and section is not None:
        name = f"the order {section.order}"
    row = scope.rows[scope.owners[first] if inside else first]
    particle = f" constituent {scope.ranks[first]}" if inside else ""
    raise DataError(
        f"{name} is {_fault(values[first], text.card.largest)}",
        where=f"{scope.file} row {row}{particle}, {text.where(*keys)}",
        mend="remove such jets or constituents with a selection in the card (for padding: "
        '[constituents] select = "pt > 0"); if large values are right, set "largest"',
    )


def _fault(value: float, limit: float) -> str:
    if np.isfinite(value):
        return f"{value:.4g}, beyond {limit:g}"
    return "NaN" if np.isnan(value) else "infinite"
