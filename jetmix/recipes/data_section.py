"""The section [data] of a recipe: which jets are read, and in which form a tagger sees them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from jetmix.support.records import POSITIVE, Check, between, rule

NORMALISATIONS = ("standard", "power-of-two")
FLAT = "flat"
SplitBy = Literal["hash", "file"]


@dataclass(frozen=True, kw_only=True)
class HardwareInput:
    """The integer in which a trigger delivers a feature.

    Attributes:
        bits: its width, with the sign.
        signed: whether it has a sign (two's complement).
        lsb: what one unit of it stands for, in the unit of the file.
        turn: units of a full turn, where it is an angle.
    """

    bits: int
    signed: bool = False
    lsb: float = 1.0
    turn: int | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        "bits": between(1, 32),
        "lsb": POSITIVE,
        "turn": between(2, 2**32),
    }
    LATER: ClassVar[tuple[str, ...]] = ("turn",)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        if self.turn is not None and self.turn > 2**self.bits:
            yield "turn", f"at most the {2**self.bits} integers of {self.bits} bits,"

    @property
    def limits(self) -> tuple[int, int]:
        """Lowest and highest integer."""
        half = 1 << (self.bits - 1)
        return (-half, half - 1) if self.signed else (0, 2 * half - 1)

    def fixed_point(self, scale: float) -> tuple[int, int, int]:
        """Return sign, integer and fraction bits of the integer divided by a power of two."""
        fraction = round(math.log2(scale))
        return int(self.signed), self.bits - self.signed - fraction, fraction


def _scaling_problem(scaling: Mapping[str, Any]) -> str:
    """Return what is wrong with the scaling of single features, "" if nothing."""
    for name, value in scaling.items():
        if value in NORMALISATIONS:
            continue
        if not (isinstance(value, list | tuple) and len(value) == 2 and all(map(_number, value))):
            return (
                f"must give {name} one of {', '.join(NORMALISATIONS)}, or [mean, standard "
                "deviation]"
            )
        if value[1] <= 0:
            return f"must give {name} a standard deviation above zero"
    return ""


def _number(value: object) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and math.isfinite(float(str(value)))


@dataclass(frozen=True, kw_only=True)
class DataSection:
    """Which constituents, features, classes and targets are read, and how they are scaled."""

    features: tuple[str, ...]
    pt_gate_gev: float | None
    normalisation: str
    scaling: Mapping[str, Any] = field(default_factory=dict)
    hardware: Mapping[str, HardwareInput] = field(default_factory=dict)
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    weights: bool = False
    reweight: tuple[str, ...] = ()
    reweight_to: str = FLAT
    split: SplitBy = "hash"
    derived: Mapping[str, str] = field(default_factory=dict)
    occupied: str = ""

    CHECKS: ClassVar[dict[str, Check]] = {
        "features": rule(bool, "must name at least one feature"),
        "pt_gate_gev": POSITIVE,
        "normalisation": rule(
            NORMALISATIONS.__contains__, f"is none of {', '.join(NORMALISATIONS)}"
        ),
        "scaling": _scaling_problem,
        "classes": rule(lambda classes: len(classes) != 1, "must hold two classes or more"),
        "targets": rule(lambda names: len(set(names)) == len(names), "names a target twice"),
    }
    # keys that came later: a recipe without them keeps the digest that it had
    LATER: ClassVar[tuple[str, ...]] = (
        "scaling", "hardware", "classes", "targets", "weights", "reweight", "reweight_to", "split",
        "derived", "occupied",
    )  # fmt: skip

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        # formulas name further columns, whose integers 'hardware' says
        for key in ("scaling", *([] if self.derived else ["hardware"]), "derived"):
            for name in getattr(self, key):
                if name not in self.features:
                    yield key, f"for features of the recipe, and {name!r} is none,"
        parts = [part for group in self.classes.values() for part in group]
        if len(set(parts)) != len(parts) or not all(self.classes.values()):
            yield "classes", "lists of the file's classes, each in one list only,"
        yield from self._hardware_problems()

    def _hardware_problems(self) -> Iterator[tuple[str, str]]:
        twice = [name for name in self.derived if name in self.hardware]
        if twice:
            yield "hardware", f"for what the trigger delivers: {twice[0]} is derived, so it"
        of_ports = [name for name in self.features if name not in self.derived]
        missing = [name for name in of_ports if name not in self.hardware]
        if (self.hardware or self.derived) and missing:
            yield (
                "hardware",
                f"for all features of the recipe or for none ({missing[0]} is absent),",
            )
        if self.occupied and not self.derived:
            yield "occupied", "given with [data.derived] alone, since nothing else needs it,"
        for name in (*self.hardware, *self.derived):
            kind = self.scaling.get(name, self.normalisation)
            if name in self.features and kind != "power-of-two" and not _moves_bits(kind):
                should = f"for features taken as they are: give {name} the scaling 'power-of-two'"
                yield "hardware", f"{should}, or [0, a power of two],"


def _moves_bits(kind: Any) -> bool:
    """Tell whether a scaling only moves the binary point."""
    return kind not in NORMALISATIONS and kind[0] == 0 and math.frexp(kind[1])[0] == 0.5
