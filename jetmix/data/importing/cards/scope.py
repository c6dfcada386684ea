"""What the names in a card's formulas stand for, in one block of jets.

A name in a formula over constituents is, in this order: a column with one value per constituent, a
feature that can be derived, a column with one value per jet. In a formula over jets: a column with
one value per jet, then what can be derived. Selections and the order know the card's own features
too.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from jetmix.data.formulas.expressions import Expression
from jetmix.data.importing.cards import derive
from jetmix.data.importing.cards.card import CONSTITUENT_FEATURES, JET_FEATURES
from jetmix.data.importing.cards.columns import Block, as_jagged
from jetmix.data.importing.cards.formulas import CardFormulas
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Bools, Float64, Ints

NUMBERS = "fiub"
_LISTS = 2  # axes of a column with one list per jet


@dataclass(eq=False, kw_only=True)
class Scope:
    """The columns of a block of jets, those of constituents one after the other.

    Attributes:
        formulas: of the card.
        jets: name: (jet,).
        flat: name: (constituent,) of all jets.
        counts: (jet,) constituents of each jet.
        rows: (jet,) row of each jet in its file, for messages.
        file: for messages.
    """

    formulas: CardFormulas
    jets: Mapping[str, AnyArray]
    flat: Mapping[str, AnyArray]
    counts: Ints
    rows: Ints
    file: str

    @classmethod
    def of(cls, formulas: CardFormulas, block: Block, rows: Ints, file: str) -> "Scope":
        """Sort the columns of a block by what they hold a value for.

        Raises:
            DataError: naming the row where two lists of one jet differ in length.
        """
        jets: dict[str, AnyArray] = {}
        flat: dict[str, AnyArray] = {}
        counts, first = np.zeros(len(rows), np.int64), ""
        for name, column in block.items():
            if isinstance(column, np.ndarray) and column.ndim < _LISTS:
                jets[name] = column
                continue
            lists = as_jagged(column)
            if lists.values.ndim > 1:
                raise DataError(
                    f"{name} holds several values per constituent",
                    where=file,
                    mend=f'name them in the card: [source] arrays = {{{name} = ["...", "..."]}}',
                )
            if not first:
                counts, first = lists.counts, name
            differ = np.flatnonzero(lists.counts != counts)
            if len(differ):
                jet = differ[0]
                raise DataError(
                    f"{name} has {lists.counts[jet]} entries, {first} has {counts[jet]}",
                    where=f"{file} row {rows[jet]}",
                    mend="give columns with one entry per constituent, equally many in one jet",
                )
            flat[name] = lists.values
        return cls(formulas=formulas, jets=jets, flat=flat, counts=counts, rows=rows, file=file)

    def kept(self, mask: Bools) -> "Scope":
        """Return the scope with the chosen constituents alone."""
        counts = np.bincount(self.owners[mask], minlength=len(self.counts)).astype(np.int64)
        flat = {name: values[mask] for name, values in self.flat.items()}
        return replace(self, flat=flat, counts=counts)

    def kept_jets(self, mask: Bools) -> "Scope":
        """Return the scope with the chosen jets alone."""
        wide = np.repeat(mask, self.counts)
        return replace(
            self,
            jets={name: values[mask] for name, values in self.jets.items()},
            flat={name: values[wide] for name, values in self.flat.items()},
            counts=self.counts[mask],
            rows=self.rows[mask],
        )

    def taken(self, indices: Ints, counts: Ints) -> "Scope":
        """Return the scope with some constituents in another order; the jets' axes stay."""
        flat = {name: values[indices] for name, values in self.flat.items()}
        found = replace(self, flat=flat, counts=counts)
        inside = self.formulas.constituents
        if inside is not None and (inside.axis or inside.momentum):
            found.axis = self.axis
        return found

    @cached_property
    def ranks(self) -> Ints:
        """Return the place of each constituent in its jet (constituent,)."""
        starts = np.cumsum(self.counts) - self.counts
        return np.arange(len(self.owners)) - np.repeat(starts, self.counts)

    @cached_property
    def owners(self) -> Ints:
        """Return the jet of each constituent (constituent,)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @cached_property
    def coordinates(self) -> dict[str, Float64]:
        """Return the coordinates of each constituent's four-momentum, as the card gives them."""
        inside = self.formulas.constituents
        given = {} if inside is None else inside.momentum
        return {n: self._of_constituents(formula, self._column) for n, formula in given.items()}

    @cached_property
    def momenta(self) -> Any:
        """Return the four-momentum of each constituent."""
        return derive.four_momenta(self.coordinates)

    @cached_property
    def axis(self) -> Any:
        """Return the four-momentum of each jet: as the card gives it, or the sum."""
        inside = self.formulas.constituents
        if inside is not None and inside.axis:
            given = {n: self._of_jets(f, self._jet_column) for n, f in inside.axis.items()}
            return derive.four_momenta(given)
        return derive.summed(self.momenta, self.counts)

    def constituents(self, formula: Expression, *, features: bool = False) -> Float64:
        """Return a formula's value per constituent; with ``features``, it may use the card's."""
        return self._of_constituents(formula, self._feature if features else self._constituent)

    def of_jets(self, formula: Expression, *, features: bool = False) -> Float64:
        """Return a formula's value per jet; with ``features``, it may use the card's columns."""
        return self._of_jets(formula, self._jet_feature if features else self._jet)

    def derived(self, name: str) -> Float64:
        """Return a derived feature per constituent."""
        inside = self.formulas.constituents
        if name == "charge" and inside is not None and inside.identifier is not None:
            numbers = self._of_constituents(inside.identifier, self._column)
            return derive.charge(numbers, f"{self.file}, {inside.identifier.where}")
        return derive.constituent_feature(name, self.momenta, self._repeated_axis)

    def jet_derived(self, name: str) -> Float64:
        """Return a derived column per jet."""
        axis = None if name == "multiplicity" else self.axis
        return derive.jet_feature(name, axis, self.counts)

    @cached_property
    def _repeated_axis(self) -> Any:
        return derive.repeated(self.axis, self.counts)

    def _of_constituents(self, formula: Expression, lookup: Callable[[str], AnyArray]) -> Float64:
        with self._blaming(formula):
            return np.broadcast_to(formula.evaluate(lookup), self.owners.shape)

    def _of_jets(self, formula: Expression, lookup: Callable[[str], AnyArray]) -> Float64:
        def found(name: str) -> AnyArray:
            if name in self.flat and name not in self.jets:
                raise DataError(
                    f"{name} has one value per constituent, a formula of jets needs one per jet",
                    where=self.file,
                    mend="use a column with one value per jet, or derive one",
                )
            return lookup(name)

        with self._blaming(formula):
            return np.broadcast_to(formula.evaluate(found), self.counts.shape)

    @contextlib.contextmanager
    def _blaming(self, formula: Expression) -> Iterator[None]:
        """Name the line of the card in errors about columns."""
        try:
            yield
        except DataError as error:
            where = f"{error.where}, {formula.where}" if error.where == self.file else error.where
            raise DataError(error.what, mend=error.mend, where=where) from None

    def _column(self, name: str) -> AnyArray:
        if name in self.flat:
            return self._numbers(name, self.flat[name])
        return self._numbers(name, self.jets[name])[self.owners]

    def _constituent(self, name: str) -> AnyArray:
        inside = self.formulas.constituents
        if name not in self.flat and name in CONSTITUENT_FEATURES and inside is not None:
            known = inside.identifier is not None if name == "charge" else bool(inside.momentum)
            if known:
                return self.derived(name)
        return self._column(name)

    def _feature(self, name: str) -> AnyArray:
        inside = self.formulas.constituents
        if name not in self.flat and inside is not None and name in inside.features:
            return self.constituents(inside.features[name])
        return self._constituent(name)

    def _jet_column(self, name: str) -> AnyArray:
        return self._numbers(name, self.jets[name])

    def _jet(self, name: str) -> AnyArray:
        if name not in self.jets and name in JET_FEATURES:
            return self.jet_derived(name)
        return self._jet_column(name)

    def _jet_feature(self, name: str) -> AnyArray:
        if name not in self.jets and name in self.formulas.features:
            return self.of_jets(self.formulas.features[name])
        return self._jet(name)

    def _numbers(self, name: str, values: AnyArray) -> AnyArray:
        if values.dtype.kind not in NUMBERS:
            raise DataError(
                f"{name} holds {'text' if values.dtype.kind in 'OSU' else values.dtype}, "
                "numbers are needed",
                where=self.file,
                mend="name a column of numbers in the card",
            )
        return values.astype(np.float64, copy=False)
