"""The jets of a run: which file they are from, how they were split, and how they were scaled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from jetmix.data.normalise import Normalisation
from jetmix.data.schema import ZENODO, DataOrigin
from jetmix.data.selection import Selection
from jetmix.recipes.data_section import HardwareInput, SplitBy
from jetmix.support.records import (
    NOT_EMPTY,
    NOT_NEGATIVE,
    POSITIVE,
    Check,
    checked,
    read,
    write,
)

FILE = "dataset.json"


@dataclass(frozen=True, kw_only=True)
class JetSource:
    """The file that jets are from.

    Attributes:
        path: the file, as it was given.
        sha256: SHA-256 of its bytes.
        origin: where the jets are from.
        data_set: name of the published set that they are of, "" for none.
    """

    path: str
    sha256: str
    origin: DataOrigin
    data_set: str = ""

    CHECKS: ClassVar[dict[str, Check]] = checked(NOT_EMPTY, "path", "sha256")

    @property
    def is_reference(self) -> bool:
        """Whether these are jets of the public set that published taggers are measured on."""
        return self.origin == "public" and self.data_set in {"", ZENODO}

    @property
    def title(self) -> str:
        """Name of the data set for people; the hash distinguishes simulated ones."""
        if self.is_reference:
            return "public jets (Zenodo 3602260)"
        if self.data_set:
            return f"jets of {self.data_set} (SHA-256 {self.sha256[:8]})"
        kind = "simulated jets" if self.origin == "simulated" else "jets of unknown origin"
        return f"{kind} ({Path(self.path).name}, SHA-256 {self.sha256[:8]})"


@dataclass(frozen=True, kw_only=True)
class DataUsed(JetSource):
    """Content of ``dataset.json``: the jets that a tagger was trained and tested on.

    Attributes:
        path: the file of jets, as it was given.
        sha256: SHA-256 of its bytes.
        origin: where the jets are from.
        data_set: name of the published set that they are of, "" for none.
        n_train: jets to train on.
        n_validation: jets to validate on.
        n_test: jets to test on.
        class_names: the classes, in the order of the outputs.
        feature_names: the features, in the order of the inputs.
        n_particles: leading constituents that are read, None for jet-level features.
        pt_gate_gev: constituents with less pT are zeroed, in GeV; None for no gate.
        normalisation: shift and scale of each feature.
        target_names: the regression targets, in the order of that output.
        target_scales: the tagger answers with each target divided by this power of two.
        classes: the file's classes that make each of the tagger's, none for those of the file.
        split_by: hash or file.
        hardware: the integers in which a trigger delivers features.
        derived: features that the tagger derives of such integers, as formulas; shift and scale
            are then applied by the tagger.
        occupied: the column that is 0 in an empty slot, "" where no derived feature needs it.
        n_effective: effective number of jets to train on under their weights, None if all weigh
            the same.
        split_digest: digest of the rule of the split; jets to train on of a run are no test jets of
            another one with the same digest. "" where it was not recorded.
    """

    n_train: int
    n_validation: int
    n_test: int
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    n_particles: int | None
    pt_gate_gev: float | None
    normalisation: Normalisation
    target_names: tuple[str, ...] = ()
    target_scales: tuple[float, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    split_by: SplitBy = "hash"
    hardware: Mapping[str, HardwareInput] = field(default_factory=dict)
    n_effective: float | None = None
    derived: Mapping[str, str] = field(default_factory=dict)
    occupied: str = ""
    split_digest: str = ""

    CHECKS: ClassVar[dict[str, Check]] = {
        **JetSource.CHECKS,
        **checked(NOT_NEGATIVE, "n_train", "n_validation", "n_test", "pt_gate_gev"),
        **checked(NOT_EMPTY, "class_names", "feature_names"),
        "n_particles": POSITIVE,
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        n_features = len(self.feature_names)
        if len(self.normalisation.mean) != n_features:
            yield "normalisation", f"one shift and one scale per feature ({n_features})"
        if len(self.target_scales) != len(self.target_names):
            yield "target_scales", f"one per target ({len(self.target_names)})"

    @property
    def input_names(self) -> tuple[str, ...]:
        """Name of each element of the tagger's input in flat order, such as ``pt[3]``."""
        selection = self.selection
        columns, beside = selection.columns, selection.jet_columns
        if self.n_particles is None:
            return columns
        inside = (f"{name}[{n}]" for n in range(self.n_particles) for name in columns)
        return (*inside, *beside)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Name of each element of the tagger's outputs: classes, then targets."""
        return (*self.class_names, *self.target_names)

    @property
    def selection(self) -> Selection:
        """What is read of jets for the tagger; weights are for training alone."""
        return Selection(
            n_particles=self.n_particles,
            features=self.feature_names,
            pt_gate_gev=self.pt_gate_gev,
            classes=self.classes,
            targets=self.target_names,
            split_by=self.split_by,
            hardware=self.hardware,
            derived=self.derived,
            occupied=self.occupied,
        )

    def write(self, folder: Path) -> None:
        """Write ``dataset.json`` into the folder of a run's data."""
        write(folder / FILE, self)


def read_data(folder: Path) -> DataUsed | None:
    """Return what the folder of a run's data says, None if it holds no ``dataset.json``.

    Raises:
        ReportReadError: if the file is damaged.
    """
    return read(DataUsed, folder / FILE) if (folder / FILE).exists() else None
