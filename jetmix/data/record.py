"""The jets of a run: which file they are from, how they were split, and how they were scaled."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jetmix.data.normalise import Normalisation
from jetmix.data.schema import DataOrigin
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
    """The file that jets are from; ``sha256`` is that of its bytes."""

    path: str
    sha256: str
    origin: DataOrigin

    CHECKS: ClassVar[dict[str, Check]] = checked(NOT_EMPTY, "path", "sha256")

    @property
    def title(self) -> str:
        """Name of the data set for people; the hash distinguishes simulated ones."""
        if self.origin == "public":
            return "public jets (Zenodo 3602260)"
        kind = "simulated jets" if self.origin == "simulated" else "jets of unknown origin"
        return f"{kind} ({Path(self.path).name}, SHA-256 {self.sha256[:8]})"


@dataclass(frozen=True, kw_only=True)
class DataUsed(JetSource):
    """Content of ``dataset.json``: the jets that a tagger was trained and tested on.

    Attributes:
        path: the file of jets, as it was given.
        sha256: SHA-256 of its bytes.
        origin: where the jets are from.
        n_train: jets to train on.
        n_validation: jets to validate on.
        n_test: jets to test on.
        class_names: the classes, in the order of the outputs.
        feature_names: the features, in the order of the inputs.
        n_particles: leading constituents that are read, None for jet-level features.
        pt_gate_gev: constituents with less pT are zeroed, in GeV; None for no gate.
        normalisation: shift and scale of each feature.
    """

    n_train: int
    n_validation: int
    n_test: int
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    n_particles: int | None
    pt_gate_gev: float | None
    normalisation: Normalisation

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

    def write(self, folder: Path) -> None:
        """Write ``dataset.json`` into the folder of a run's data."""
        write(folder / FILE, self)


def read_data(folder: Path) -> DataUsed | None:
    """Return what the folder of a run's data says, None if it holds no ``dataset.json``.

    Raises:
        ReportReadError: if the file is damaged.
    """
    return read(DataUsed, folder / FILE) if (folder / FILE).exists() else None
