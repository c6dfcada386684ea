"""What is done to jets between a file and a tagger: split, pT gate, normalisation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from jetmix.data.schema import SPLITS
from jetmix.errors import DataError, UsageError
from jetmix.recipes.data_section import NORMALISATIONS
from jetmix.support.arrays import Bools, Float64, Floats, Hashes, Reals
from jetmix.support.records import Check, rule

# where single features are scaled in their own way
MIXED = "mixed"
SPLIT_TENTHS = {"train": range(7), "validation": range(7, 8), "test": range(8, 10)}
HASHED_CONSTITUENTS = 4
HASHED_FEATURES = ("pt", "etarel", "phirel", "e")


def content_hash(leading: Reals) -> Hashes:
    """Return a 64-bit hash of each jet from its leading constituents.

    The values are rounded to float16 first, so that a jet keeps its hash, and with it its split,
    when its file is stored in half precision, cut to fewer constituents, shuffled or merged.

    Args:
        leading: (jet, particle, feature) with the features ``HASHED_FEATURES``; particles beyond
            the first ``HASHED_CONSTITUENTS`` are ignored, missing ones count as padding.
    """
    n_jets, n_particles, n_features = leading.shape
    rounded = np.zeros((n_jets, HASHED_CONSTITUENTS, n_features), np.float16)
    kept = min(n_particles, HASHED_CONSTITUENTS)
    with np.errstate(over="ignore"):
        rounded[:, :kept] = leading[:, :kept]
    rounded += np.float16(0)  # -0.0 and 0.0 are the same value
    # four constituents of any number of features fill whole words
    words = rounded.reshape(n_jets, -1).view(np.uint64)
    mixed = np.full(n_jets, 0x6A09E667F3BCC908, np.uint64)
    for column in words.T:
        mixed = mix(mixed ^ column)
    return mixed


def table_hash(values: Reals) -> Hashes:
    """Return a 64-bit hash of each jet from jet-level columns (jet, column), as float32."""
    exact = values.astype(np.float32) + np.float32(0)  # -0.0 and 0.0 are the same value
    words = np.ascontiguousarray(exact).view(np.uint32).astype(np.uint64)
    hashes = np.zeros(len(words), np.uint64)
    for column in words.T:
        hashes = mix(hashes ^ column)
    return hashes


def mix(value: Hashes) -> Hashes:
    """Return the SplitMix64 hash of each value (Steele, Lea, Flood, OOPSLA 2014)."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def in_split(hashes: Hashes, split: str) -> Bools:
    """Return which jets belong to ``split``: 7 tenths train, 1 validation, 2 test.

    Raises:
        UsageError: if the split has another name.
    """
    if split not in SPLITS:
        raise UsageError(f"no split {split!r}", mend="choose from " + " ".join(SPLITS))
    if split == "all":
        return np.ones(hashes.shape, bool)
    tenth = hashes % np.uint64(10)
    bounds = SPLIT_TENTHS[split]
    return np.asarray((tenth >= bounds.start) & (tenth < bounds.stop))


def apply_pt_gate(x: Reals, pt: Reals, gate_gev: float | None) -> None:
    """Set all features of constituents softer than ``gate_gev`` to zero, in place.

    Args:
        x: (jet, particle, feature).
        pt: (jet, particle) transverse momenta in GeV.
        gate_gev: threshold in GeV; None keeps every constituent.
    """
    if gate_gev is not None:
        x[pt < gate_gev] = 0


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """Shift and scale of each feature: (x - mean) / std.

    With kind ``standard``, mean and std are those of the training split over jets and the first
    N constituents, padding included, as in the literature. With ``power-of-two`` the mean is zero
    and the std is the power of two next to it: firmware takes the feature as it is, with its
    binary point moved, padding stays zero, and the first layer of a tagger absorbs the shift
    (:func:`jetmix.taggers.shift.absorb_shift`).

    Attributes:
        kind: ``standard``, ``power-of-two``, or ``mixed`` where features have their own.
        mean: shift of every feature.
        std: scale of every feature, above zero.
    """

    kind: str
    mean: tuple[float, ...]
    std: tuple[float, ...]

    CHECKS: ClassVar[dict[str, Check]] = {
        "kind": rule(
            (*NORMALISATIONS, MIXED).__contains__,
            f"is none of {', '.join(NORMALISATIONS)}, {MIXED}",
        ),
        "std": rule(lambda std: all(value > 0 for value in std), "must hold numbers above zero"),
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        if len(self.mean) != len(self.std):
            yield "std", f"one number for each of the {len(self.mean)} of 'mean'"

    def apply(self, x: Reals, out: Floats | None = None) -> Floats:
        """Return x (..., feature) normalised, as float32; ``out`` may be x itself."""
        if x.shape[-1] != len(self.mean):
            raise DataError(
                f"{x.shape[-1]} features, but the normalisation has {len(self.mean)}",
                mend="load the features that the tagger was trained with",
            )
        if out is None:
            out = np.empty(x.shape, np.float32)
        np.subtract(x, np.array(self.mean, np.float32), out=out, casting="same_kind")
        return np.divide(out, np.array(self.std, np.float32), out=out)


def checked_normalisation(normalisation: str | Normalisation) -> None:
    """Refuse an unknown name before a file is read.

    Raises:
        UsageError: if the name is unknown.
    """
    if isinstance(normalisation, str) and normalisation not in NORMALISATIONS:
        raise UsageError(
            f"no normalisation {normalisation!r}", mend="choose from " + " ".join(NORMALISATIONS)
        )


@dataclass
class Moments:
    """Running sums from which mean and standard deviation of each feature follow."""

    n_features: int
    count: int = 0
    total: Float64 = field(init=False)
    squares: Float64 = field(init=False)

    def __post_init__(self) -> None:
        """Start from nothing."""
        self.total, self.squares = np.zeros(self.n_features), np.zeros(self.n_features)

    def add(self, x: Reals) -> None:
        """Count the jets of a block (jet, particle, feature)."""
        flat = x.reshape(int(np.prod(x.shape[:-1])), self.n_features).astype(np.float64)
        self.count += len(flat)
        self.total += flat.sum(axis=0)
        self.squares += np.einsum("if,if->f", flat, flat)

    def normalisation(
        self, kind: str, features: Sequence[str] = (), scaling: Mapping[str, Any] | None = None
    ) -> Normalisation:
        """Return the constants; the spread of a feature that never varies counts as 1.

        With ``power-of-two`` its size counts instead, so that a large one needs no more bits.

        Args:
            kind: standard or power-of-two, for all features without their own.
            features: names of the features, where ``scaling`` names some.
            scaling: feature to standard, power-of-two or (mean, standard deviation).

        Raises:
            UsageError: if the kind is unknown.
        """
        checked_normalisation(kind)
        constants = {name: self._constants(name) for name in NORMALISATIONS}
        mean, std = (values.copy() for values in constants[kind])
        for name, wanted in (scaling or {}).items():
            at = features.index(name)
            if isinstance(wanted, str):
                mean[at], std[at] = (values[at] for values in constants[wanted])
            else:
                mean[at], std[at] = wanted
        kind = MIXED if any(wanted != kind for wanted in (scaling or {}).values()) else kind
        return Normalisation(kind=kind, mean=tuple(mean.tolist()), std=tuple(std.tolist()))

    def _constants(self, kind: str) -> tuple[Float64, Float64]:
        mean = self.total / self.count
        variance = np.maximum(self.squares / self.count - mean**2, 0)
        # below the rounding of the sums a spread is no spread
        constant = variance <= 1e-12 * np.maximum(mean**2, 1e-12)
        std = np.where(constant, 1.0, np.sqrt(np.where(constant, 1.0, variance)))
        if kind == "power-of-two":
            size = np.where(constant & (mean != 0), np.abs(mean), std)
            mean, std = np.zeros_like(mean), np.exp2(np.round(np.log2(size)))
        return mean, std
