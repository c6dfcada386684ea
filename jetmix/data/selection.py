"""What a tagger takes of a file of jets, and in which form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from jetmix.data import checks
from jetmix.data.formulas.derive import derivation_of
from jetmix.errors import UsageError
from jetmix.models.deriving import derived_features
from jetmix.recipes.data_section import FLAT, DataSection, HardwareInput
from jetmix.recipes.derivation import Derivation
from jetmix.support.arrays import Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is read of each jet.

    Attributes:
        n_particles: number of leading constituents; None for features of the whole jet.
        features: features of the constituents or of the jet, by name.
        pt_gate_gev: constituents softer than this are set to zero; None for no gate.
        classes: the classes of the file that make each of the tagger's; none for those of the
            file. Jets of other classes are left out.
        targets: regression targets by name.
        weights: whether the file's weights enter the loss.
        reweight: jet columns whose spectrum is made the same for every class.
        reweight_to: "flat", or the class whose spectrum the others get.
        split_by: "hash" of each jet's content, or "file" for the file's own split.
        hardware: the integers in which a trigger delivers features.
        derived: features that the tagger itself derives, as formulas.
        occupied: the column that is 0 in an empty slot, "" where no derived feature needs it.
    """

    n_particles: int | None
    features: tuple[str, ...]
    pt_gate_gev: float | None = None
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    weights: bool = False
    reweight: tuple[str, ...] = ()
    reweight_to: str = FLAT
    split_by: str = "hash"
    hardware: Mapping[str, HardwareInput] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    occupied: str = ""

    @cached_property
    def derivation(self) -> Derivation | None:
        """What the tagger takes in and derives, None where it derives nothing."""
        return derivation_of(
            self.features,
            self.derived,
            self.hardware,
            occupied=self.occupied,
            n_particles=self.n_particles,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read of each constituent, or of the jet where there are none."""
        return self.derivation.columns if self.derivation else self.features

    @property
    def jet_columns(self) -> tuple[str, ...]:
        """What is read of the jet beside its constituents."""
        return self.derivation.jet_columns if self.derivation else ()

    def of_tagger(self, x: Floats) -> Floats:
        """Return the features (jet, ..., feature) that the network sees of jets that were read."""
        if self.derivation is None:
            return x
        return derived_features(self.derivation, x, self.n_particles)

    @classmethod
    def of(cls, data: DataSection, n_particles: int | None) -> "Selection":
        """Return the selection that a recipe describes."""
        return cls(
            n_particles=n_particles,
            features=data.features,
            pt_gate_gev=data.pt_gate_gev,
            classes=data.classes,
            targets=data.targets,
            weights=data.weights,
            reweight=data.reweight,
            reweight_to=data.reweight_to,
            split_by=data.split,
            hardware=data.hardware,
            derived=data.derived,
            occupied=data.occupied,
        )

    def check(self) -> None:
        """Refuse features that are none, are named twice, or cannot be derived in firmware.

        Raises:
            UsageError: with the features.
        """
        if not self.features or len(set(self.features)) != len(self.features):
            raise UsageError(
                f"the features are {list(self.features)}",
                mend="name at least one, and each only once",
            )
        _ = self.derivation  # its formulas are judged


def as_delivered(
    x: Floats, columns: tuple[str, ...], hardware: Mapping[str, HardwareInput]
) -> None:
    """Replace columns (..., column) by the integers of the trigger, rounded and clipped."""
    for at, name in enumerate(columns):
        port = hardware.get(name)
        if port is not None:
            low, high = port.limits
            x[..., at] = np.clip(np.rint(x[..., at] / port.lsb), low, high)


def class_numbers(
    classes: Mapping[str, tuple[str, ...]], known: tuple[str, ...], where: object
) -> tuple[tuple[str, ...], Ints]:
    """Return the tagger's classes, and the number of each class of the file among them.

    Args:
        classes: the file's classes that make each of the tagger's; none for those of the file.
        known: the classes of the file.
        where: the file, for errors.

    Raises:
        DataError: if a class is not one of the file.
    """
    if not classes:
        return known, np.arange(len(known))
    numbers = np.full(len(known), -1, np.int64)
    for number, parts in enumerate(classes.values()):
        numbers[checks.places_of(parts, known, what="class", where=where)] = number
    return tuple(classes), numbers
