"""The class and the split of each jet."""

import fnmatch
from collections.abc import Mapping
from pathlib import PurePosixPath

import numpy as np

from jetmix.data.importing.cards.card import SPLIT_NAMES, each
from jetmix.data.importing.cards.card_file import CardText
from jetmix.data.importing.cards.scope import NUMBERS, Scope
from jetmix.data.importing.sources import Source
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Ints

NO_CLASS = -1


def class_indices(text: CardText, scope: Scope, source: Source) -> Ints:
    """Return the class index of each jet (jet,), -1 for jets of no class.

    Raises:
        DataError: naming the row of a jet of two classes.
    """
    labels = text.card.labels
    assert labels is not None  # noqa: S101  a card without labels is refused
    if labels.files:
        return np.full(len(scope.rows), by_file(text, ("labels", "files"), labels.files, source))
    if labels.column:
        where = text.where("labels", "column")
        return translated(scope.jets[labels.column], labels.values, f"{source.label}, {where}")
    formulas = scope.formulas.labels
    found = [scope.of_jets(formula, features=True) for formula in formulas.values()]
    chosen = np.stack(found, axis=1) != 0
    several = np.flatnonzero(chosen.sum(axis=1) > 1)
    if len(several):
        row = several[0]
        names = [name for name, hit in zip(formulas, chosen[row], strict=True) if hit]
        raise DataError(
            f"is of the classes {' and '.join(names)} at once",
            where=f"{source.label} row {scope.rows[row]}, {text.where('labels', 'select')}",
            mend="write selections that exclude each other",
        )
    return np.where(chosen.any(axis=1), chosen.argmax(axis=1), NO_CLASS)


def check_labelled(text: CardText, scope: Scope, classes: Ints, source: Source) -> None:
    """Refuse jets of no class, unless the card drops them.

    Raises:
        DataError: naming the first row and what stands there.
    """
    labels = text.card.labels
    assert labels is not None  # noqa: S101  a card without labels is refused
    bad = np.flatnonzero(classes == NO_CLASS)
    if not len(bad) or labels.other == "drop":
        return
    row = bad[0]
    key = "column" if labels.column else "select"
    found = (
        f" ({labels.column} is {_shown(scope.jets[labels.column][row])})" if labels.column else ""
    )
    raise DataError(
        f"is of none of the classes {', '.join(labels.names)}{found}",
        where=f"{source.label} row {scope.rows[row]}, {text.where('labels', key)}",
        mend='add a class, or leave such jets out: [labels] other = "drop"',
    )


def split_indices(text: CardText, scope: Scope, source: Source) -> Ints | None:
    """Return the split of each jet (jet,): 0 train, 1 validation, 2 test; None if not given.

    Raises:
        DataError: naming the row of a jet of no split.
    """
    split = text.card.split
    if not split.given:
        return None
    order = np.array([SPLIT_NAMES.index(name) for name in (*split.values, *split.files)])
    if split.files:
        place = by_file(text, ("split", "files"), split.files, source)
        return np.full(len(scope.rows), order[place])
    where = text.where("split", "column")
    found = translated(scope.jets[split.column], split.values, f"{source.label}, {where}")
    bad = np.flatnonzero(found == NO_CLASS)
    if len(bad):
        row = bad[0]
        raise DataError(
            f"{split.column} is {_shown(scope.jets[split.column][row])}, which is no split",
            where=f"{source.label} row {scope.rows[row]}, {where}",
            mend="name every value of the column in [split] values",
        )
    return order[found]


def translated(column: AnyArray, values: Mapping[str, object], where: str) -> Ints:
    """Return the place in ``values`` of each entry of a column, -1 where it is none of them.

    Raises:
        DataError: if the column holds words and the card names numbers, or the other way round.
    """
    words = column.dtype.kind not in NUMBERS
    if column.dtype.kind == "S":
        column = np.char.decode(column, "utf-8")
    found = np.full(len(column), NO_CLASS)
    for place, value in enumerate(values.values()):
        for one in each(value):
            if isinstance(one, str) != words:
                raise DataError(
                    f"the column holds {'words' if words else 'numbers'}, the card names {one!r}",
                    where=where,
                    mend="write words in quotes and numbers without",
                )
            found[column == one] = place
    return found


def by_file(
    text: CardText, keys: tuple[str, ...], patterns: Mapping[str, str], source: Source
) -> int:
    """Return the place of the pattern that a file's name matches.

    Raises:
        DataError: if none does, or several.
    """
    hits = [n for n, pattern in enumerate(patterns.values()) if is_named(source, pattern)]
    if len(hits) != 1:
        raise DataError(
            f"{source.label} is named like {'several' if hits else 'none'} of "
            f"{', '.join(patterns.values())}",
            where=text.where(*keys),
            mend="write patterns of file names, one of which fits each file",
        )
    return hits[0]


def is_named(source: Source, pattern: str) -> bool:
    """Return whether a file's name fits a pattern; one with a slash is held to its path's end."""
    if "/" in pattern:
        return fnmatch.fnmatchcase(source.label.replace(":", "/"), f"*/{pattern}")
    return fnmatch.fnmatchcase(PurePosixPath(source.name).name, pattern)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, np.number) else repr(str(value))
