"""A data card: how a source becomes jets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from jetmix.data.schema import DataOrigin
from jetmix.support.records import POSITIVE, Check, between, rule, suggestion

MAX_KEEP = 1000
# a constituent's four-momentum, one of these choices of coordinates
COORDINATES = (
    ("px", "py", "pz", "e"),
    ("pt", "eta", "phi", "e"),
    ("pt", "eta", "phi", "mass"),
    ("pt", "eta", "phi"),
)
CONSTITUENT_FEATURES = (
    "px", "py", "pz", "e", "pt", "eta", "phi", "mass", "erel", "ptrel", "etarel", "phirel",
    "deltaR", "logpt", "loge", "logptrel", "logerel", "costheta", "charge",
)  # fmt: skip
JET_FEATURES = ("px", "py", "pz", "e", "pt", "eta", "phi", "mass", "multiplicity")
SPLIT_NAMES = ("train", "validation", "test")
# published sets that have an importer of their own
IMPORTERS = ("zenodo-3602260", "openml", "cernbox")
_OTHER = ("refuse", "drop")


def _momentum_problem(momentum: Mapping[str, str]) -> str:
    """Return what is wrong with the coordinates of a four-momentum, "" if nothing."""
    if not momentum or any(set(momentum) == set(choice) for choice in COORDINATES):
        return ""
    return "must name one of: " + "; ".join(" ".join(choice) for choice in COORDINATES)


def _derived_problem(known: tuple[str, ...]) -> Check:
    def problem(names: tuple[str, ...]) -> str:
        bad = next((name for name in names if name not in known), None)
        return "" if bad is None else f"holds '{bad}': {suggestion(bad, known, 'feature')}"

    return problem


@dataclass(frozen=True, kw_only=True)
class SourceSection:
    """Which files are read, and what of them.

    Attributes:
        format: root, parquet, hdf5, numpy or csv; "" goes by the name of each file.
        table: TTree, group or table in the file; "" if there is only one.
        files: patterns of the files that are taken from folders and archives; all if empty.
        arrays: names of the last axis of an array, which become columns of their own.
        series: columns that are numbered, such as ``E = "E_*"``, become one per constituent.
    """

    format: str = ""
    table: str = ""
    files: tuple[str, ...] = ()
    arrays: dict[str, tuple[str, ...]] = field(default_factory=dict)
    series: dict[str, str] = field(default_factory=dict)

    CHECKS: ClassVar[dict[str, Check]] = {
        "format": rule(
            lambda name: name in ("", "root", "parquet", "hdf5", "numpy", "csv"),
            "is none of root, parquet, hdf5, numpy, csv",
        ),
        "series": rule(
            lambda series: all(pattern.count("*") == 1 for pattern in series.values()),
            "must have one * in each pattern, where the number stands",
        ),
    }


@dataclass(frozen=True, kw_only=True)
class ConstituentsSection:
    """The constituents of each jet.

    Attributes:
        keep: how many are stored; jets with fewer are padded with zeros.
        order: a formula, stored in its falling order; "file" keeps the order of the file.
        select: a formula; where it is 0, the entry is no constituent.
        momentum: formulas of the four-momentum, from which features are derived.
        axis: formulas of the jet's four-momentum; the sum of its constituents if empty.
        identifier: a formula that gives the PDG number, for ``charge`` and ``one_hot``.
        derive: features made from the four-momentum, by name.
        columns: columns that are stored as they are, under their own name.
        features: further features, each a formula.
        one_hot: further features, 1 where the identifier is one of the numbers.
    """

    keep: int
    order: str = "pt"
    select: str = ""
    momentum: dict[str, str] = field(default_factory=dict)
    axis: dict[str, str] = field(default_factory=dict)
    identifier: str = ""
    derive: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    features: dict[str, str] = field(default_factory=dict)
    one_hot: dict[str, tuple[int, ...]] = field(default_factory=dict)

    CHECKS: ClassVar[dict[str, Check]] = {
        "keep": between(1, MAX_KEEP),
        "momentum": _momentum_problem,
        "axis": _momentum_problem,
        "derive": _derived_problem(CONSTITUENT_FEATURES),
    }

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all features, in the order in which they are stored."""
        return (*self.derive, *self.columns, *self.features, *self.one_hot)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield the rules between several keys that are broken."""
        if not self.names:
            yield "features", "at least one feature, here or in derive or columns"
        if set(self.derive) - {"charge"} and not self.momentum:
            yield "momentum", "given, since features are derived from it"
        if ("charge" in self.derive or self.one_hot) and not self.identifier:
            yield "identifier", "given, for charge and one_hot"
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            yield "features", f"without {twice[0]}, which is a feature already"


@dataclass(frozen=True, kw_only=True)
class JetsSection:
    """Columns of whole jets.

    Attributes:
        select: a formula; jets where it is 0 are left out and counted.
        derive: columns made from the jet's four-momentum, by name.
        columns: columns that are stored as they are, under their own name.
        features: further columns, each a formula.
        targets: what a regression is to give, each a formula.
        weight: a formula of the jet's weight in the training loss; "" for none.
    """

    select: str = ""
    derive: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    features: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    weight: str = ""

    CHECKS: ClassVar[dict[str, Check]] = {"derive": _derived_problem(JET_FEATURES)}

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all columns, in the order in which they are stored."""
        return (*self.derive, *self.columns, *self.features)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield the rules between several keys that are broken."""
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            yield "features", f"without {twice[0]}, which is a column already"


@dataclass(frozen=True, kw_only=True)
class LabelsSection:
    """The class of each jet: exactly one of three ways.

    Attributes:
        column: a column of numbers or words, which ``values`` translates.
        values: class: its value in the column, or several of them.
        select: class: a formula that is 1 for its jets, such as a one-hot branch.
        files: class: pattern of the names of the files that hold its jets.
        other: jets of no class: "refuse", or "drop" to leave them out, counted.
    """

    column: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    select: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    other: str = "refuse"

    CHECKS: ClassVar[dict[str, Check]] = {
        "other": rule(_OTHER.__contains__, f"is none of {', '.join(_OTHER)}")
    }

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the classes, in their order."""
        return tuple(self.values or self.select or self.files)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield the rules between several keys that are broken."""
        if bool(self.column) != bool(self.values):
            yield "values", "given together with column: class = value"
        if sum(map(bool, (self.values, self.select, self.files))) != 1:
            yield "values", "given, or else one of select and files"
        elif len(self.names) < 2:
            yield "values", "of two classes or more"
        for name, value in self.values.items():
            if not all(isinstance(one, str | int | float) for one in each(value)):
                yield "values", f"numbers or words, but {name} is something else"


@dataclass(frozen=True, kw_only=True)
class SplitSection:
    """The split of the source, kept; without this section it is made from each jet's content.

    Attributes:
        column: a column of numbers or words, which ``values`` translates.
        values: train, validation, test: the value in the column, or several.
        files: train, validation, test: pattern of the names of their files.
    """

    column: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def given(self) -> bool:
        """Return whether the source has a split."""
        return bool(self.values or self.files)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield the rules between several keys that are broken."""
        if bool(self.column) != bool(self.values) or (self.values and self.files):
            yield "values", "given together with column, or files instead of both"
        for name in (*self.values, *self.files):
            if name not in SPLIT_NAMES:
                yield "values" if self.values else "files", f"of {', '.join(SPLIT_NAMES)} only"


@dataclass(frozen=True, kw_only=True)
class Card:
    """How a source becomes jets.

    Attributes:
        title: one line about the data.
        reference: where they are published.
        origin: simulated, public or unknown.
        data_set: name of the data set, by which published results are found; "" for none.
        importer: the published set whose own importer, with its checks, reads it instead.
        largest: a value beyond it, of either sign, is refused as broken.
        units: unit of each feature, column and target that has one; ``jets.NAME`` for a column of
            jets that is named like a feature of constituents.
        hashed: features, or columns of jets without constituents, whose content decides the
            split; all of them if empty.
        source: which files are read.
        constituents: the constituents of each jet; none for features of whole jets alone.
        jets: columns of whole jets.
        labels: the classes.
        split: the split of the source.
    """

    title: str = ""
    reference: str = ""
    origin: DataOrigin = "unknown"
    data_set: str = ""
    importer: str = ""
    largest: float = 1e7
    units: dict[str, str] = field(default_factory=dict)
    hashed: tuple[str, ...] = ()
    source: SourceSection = field(default_factory=SourceSection)
    constituents: ConstituentsSection | None = None
    jets: JetsSection = field(default_factory=JetsSection)
    labels: LabelsSection | None = None
    split: SplitSection = field(default_factory=SplitSection)

    CHECKS: ClassVar[dict[str, Check]] = {
        "largest": POSITIVE,
        "importer": rule(IMPORTERS.__contains__, f"is none of {', '.join(IMPORTERS)}"),
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield the rules between several sections that are broken."""
        if self.importer:
            return
        if self.constituents is None and not self.jets.names:
            yield "constituents", "given, or else features of jets"
        if self.constituents is None and self.jets.derive:
            yield "constituents", "given, since columns of jets are derived from them"
        if self.labels is None:
            yield "labels", "given: every jet needs a class"
        stored = self.jets.names if self.constituents is None else self.constituents.names
        for name in self.hashed:
            if name not in stored:
                yield "hashed", f"a list of {', '.join(stored)}"


def each(value: object) -> list[object]:
    """Return the one value, or the several, of an entry of a card."""
    return list(value) if isinstance(value, list | tuple) else [value]
