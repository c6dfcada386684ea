"""Features that firmware derives from the integers of a trigger by additions and shifts."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DerivedFeature:
    """A sum of columns times constants, in units of ``lsb``; a column as it is has one term.

    Attributes:
        name: what the recipe calls it.
        terms: factor of each column's integer; a power of two or the sum of a few.
        offset: integer that is added.
        lsb: what one unit stands for, in the unit of the file.
        turn: units of a full turn of an angle, which the sum is brought within a half of, once;
            None if it is no angle.
        zero_if_empty: whether an empty slot has to be given a zero.
    """

    name: str
    terms: Mapping[str, float]
    lsb: float
    offset: int = 0
    turn: int | None = None
    zero_if_empty: bool = False


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """What a tagger takes in, and what it makes of it.

    Attributes:
        columns: the integers of each constituent, or of the jet where there are no constituents.
        jet_columns: the integers of the jet beside its constituents.
        occupied: the column that is 0 in an empty slot, "" where no feature needs it.
        features: what the network sees.
    """

    columns: tuple[str, ...]
    jet_columns: tuple[str, ...]
    occupied: str
    features: tuple[DerivedFeature, ...]

    def shape(self, n_particles: int | None) -> tuple[int, ...]:
        """Return the shape of one jet: flat where the tagger has two inputs."""
        if n_particles is None:
            return (len(self.columns),)
        if not self.jet_columns:
            return (n_particles, len(self.columns))
        return (n_particles * len(self.columns) + len(self.jet_columns),)
