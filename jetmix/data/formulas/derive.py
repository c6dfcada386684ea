"""From a recipe's formulas to what the firmware derives, on the grid of the trigger's integers."""

import math
from collections.abc import Iterator, Mapping

from jetmix.data.formulas.linear import linear, signed_digits
from jetmix.errors import UsageError
from jetmix.recipes.data_section import HardwareInput
from jetmix.recipes.derivation import Derivation, DerivedFeature

# what a column of the jets beside the constituents is called in a formula
JET_PREFIX = "jet_"
# powers of two that a factor is a sum of; each beyond the first costs an adder for each particle
MAX_DIGITS = 4
# bits of the integers that float32, in which Keras computes, holds
MAX_BITS = 24
# units that differ by less are the same, written with few decimals
SAME_UNIT = 1e-6


def derivation_of(
    features: tuple[str, ...],
    formulas: Mapping[str, str],
    hardware: Mapping[str, HardwareInput],
    *,
    occupied: str,
    n_particles: int | None,
) -> Derivation | None:
    """Return what a tagger takes in and derives, None where it derives nothing.

    Args:
        features: what the network sees, in order.
        formulas: those of them that are derived, each a formula of other columns.
        hardware: the integers of all columns, in the order of the ports.
        occupied: the column that is 0 in an empty slot, "" for none.
        n_particles: number of constituents, None for features of the whole jet.

    Raises:
        UsageError: naming the feature, what firmware cannot derive of it, and what it would cost.
    """
    if not formulas:
        return None
    beside = [n for n in hardware if n.startswith(JET_PREFIX) and n not in features]
    jet_columns = tuple(beside) if n_particles is not None else ()
    made = []
    for name in features:
        if name in formulas:
            made.append(_Maker(name, formulas[name], hardware).feature(jet_columns, n_particles))
        else:
            made.append(DerivedFeature(name=name, terms={name: 1.0}, lsb=hardware[name].lsb))
    columns = tuple(name for name in hardware if name not in jet_columns)
    needed = any(feature.zero_if_empty for feature in made)
    found = Derivation(
        columns=columns,
        jet_columns=jet_columns,
        occupied=occupied if needed else "",
        features=tuple(made),
    )
    _check_columns(found)
    return found


def _check_columns(found: Derivation) -> None:
    gated = [feature.name for feature in found.features if feature.zero_if_empty]
    if gated and found.occupied not in found.columns:
        raise UsageError(
            f"{gated[0]} would not be zero in an empty slot, and "
            + (f"{found.occupied!r} is no input of each slot" if found.occupied else
               "no column says which slots are empty"),
            where="[data] occupied",
            mend=f"name the one that is 0 there, of: {', '.join(found.columns)}",
        )  # fmt: skip
    used = {name for feature in found.features for name in feature.terms} | {found.occupied}
    for name in (*found.columns, *found.jet_columns):
        if name not in used:
            raise UsageError(
                f"describes {name!r}, which no feature is made of",
                where="[data.hardware]",
                mend="take that line away, or use it in a formula of [data.derived]",
            )


class _Maker:
    """Puts one formula on the grid of its finest column."""

    def __init__(self, name: str, text: str, hardware: Mapping[str, HardwareInput]) -> None:
        self.text, self.name, self.hardware = text, name, hardware
        self.where = f"[data.derived] {name}"
        self.factors, self.constant = linear(text, hardware, where=self.where)
        self.lsb = min(hardware[column].lsb for column in self.factors)

    def feature(self, jet_columns: tuple[str, ...], n_particles: int | None) -> DerivedFeature:
        """Return the feature; its terms are in units of the finest LSB."""
        terms = {column: self._term(column) for column in self.factors}
        offset = round(self.constant / self.lsb)
        self._check_width(terms, offset)
        by_jet = any(column in jet_columns for column in terms)
        return DerivedFeature(
            name=self.name,
            terms=terms,
            lsb=self.lsb,
            offset=offset,
            turn=self._turn(),
            zero_if_empty=n_particles is not None and (by_jet or offset != 0),
        )

    def _fail(self, what: str, mend: str) -> UsageError:
        return UsageError(f"{self.text[:60]!r} {what}", where=self.where, mend=mend)

    def _term(self, column: str) -> float:
        factor, ratio = self.factors[column], self.hardware[column].lsb / self.lsb
        shift = round(math.log2(ratio))
        if abs(ratio / 2.0**shift - 1) > SAME_UNIT:
            raise self._fail(
                f"mixes units whose ratio is no power of two: the LSB of {column} is "
                f"{self.hardware[column].lsb:g}, the finest {self.lsb:g}",
                "give all its columns one LSB, or such that are a power of two apart",
            )
        digits = signed_digits(factor)
        if len(digits) > MAX_DIGITS:
            near = sum(digits[:MAX_DIGITS])
            raise self._fail(
                f"multiplies {column} by {factor:g}, which takes {len(digits) - 1} additions for "
                f"each particle (at most {MAX_DIGITS - 1})",
                f"take {near!r}, which is near, or {digits[0]!r}, which is a shift",
            )
        return factor * 2.0**shift

    def _turn(self) -> int | None:
        """Return the full turn of an angle, which all columns of a formula are or none is."""
        turns = dict(self._turns())
        if not any(turns.values()):
            return None
        if len({*map(float, turns.values())}) > 1:
            odd = min(turns, key=lambda column: turns[column])
            raise self._fail(
                f"mixes angles: {', '.join(f'{c} turns at {n:g}' for c, n in turns.items())} "
                "units (0: no angle)",
                f"give {odd} the same turn in [data.hardware], or leave it out of this formula",
            )
        if len(turns) > 2 or any(abs(factor) != 1 for factor in self.factors.values()):
            raise self._fail(
                "is no sum or difference of two angles, and more would need several turns back",
                "write such as phi - jet_phi, or derive it before the firmware",
            )
        return round(next(iter(turns.values())))

    def _turns(self) -> Iterator[tuple[str, float]]:
        for column in self.factors:
            port = self.hardware[column]
            yield column, (port.turn or 0) * 2.0 ** round(math.log2(port.lsb / self.lsb))

    def _check_width(self, terms: Mapping[str, float], offset: int) -> None:
        step = min(abs(digit) for factor in terms.values() for digit in signed_digits(factor))
        size = sum(
            abs(factor) * max(map(abs, self.hardware[column].limits))
            for column, factor in terms.items()
        )
        bits = math.ceil(math.log2((size + abs(offset) + 1) / min(step, 1.0)))
        if bits > MAX_BITS:
            raise self._fail(
                f"needs {bits} bits, and Keras computes in {MAX_BITS}",
                "give its columns fewer bits, or smaller factors",
            )
