"""What a file of jets holds, in figures beside those of the public set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.data.describing.separation import (
    JOINT_BINS,
    SINGLE_BINS,
    bayes_accuracy,
    mass_peak,
)
from jetmix.data.describing.survey import Survey, survey
from jetmix.data.normalise import in_split
from jetmix.data.schema import SPLITS
from jetmix.support.files import JSON, file_digest

PUBLIC_MULTIPLICITY = {"all": 46.0, "g": 64.0, "q": 35.0}
PEAK_WINDOW_GEV = {"W": (60.0, 100.0), "Z": (70.0, 110.0)}


@dataclass(frozen=True, kw_only=True)
class Description:
    """Summary of a file; a figure that the file cannot give is None."""

    path: Path
    sha256: str
    origin: str
    data_set: str
    n_jets: int
    n_constituents: int
    counts: dict[str, int]
    splits: dict[str, int]
    multiplicity_median: dict[str, float | None]
    mass_peak_gev: dict[str, float | None]
    pt_median_gev: float | None
    bayes_accuracy: dict[str, float | None]
    padding_share: float
    n_not_finite: int
    n_duplicates: int
    feature_ranges: dict[str, tuple[float, float, float]]

    def as_json(self) -> JSON:
        """Return the summary as JSON-serialisable data."""
        return {**vars(self), "path": str(self.path)}


def describe(path: Path, found: Survey | None = None) -> Description:
    """Summarise a file.

    Args:
        path: the file.
        found: the survey of the file, where there is one already.

    Raises:
        DataError: if the file is not one of the schema or its labels are not one-hot.
    """
    found = found or survey(path)
    of = {name: found.y == index for index, name in enumerate(found.class_names)}
    medians = {"all": _finite(float(np.median(found.multiplicity)))}
    medians |= {
        name: _finite(float(np.median(found.multiplicity[chosen])))
        for name, chosen in of.items()
        if chosen.any()
    }
    return Description(
        path=path,
        sha256=file_digest(path),
        origin=found.origin,
        data_set=found.data_set,
        n_jets=len(found.y),
        n_constituents=found.n_constituents,
        counts={name: int(chosen.sum()) for name, chosen in of.items()},
        splits={s: int(in_split(found.hashes, s).sum()) for s in SPLITS if s != "all"},
        multiplicity_median=medians,
        mass_peak_gev={
            name: mass_peak(found.mass_gev[of[name]], window)
            for name, window in PEAK_WINDOW_GEV.items()
            if name in of
        },
        pt_median_gev=_finite(float(np.median(found.pt_gev))),
        bayes_accuracy=separations(found),
        padding_share=found.n_padding / max(len(found.y) * found.n_constituents, 1),
        n_not_finite=found.n_not_finite,
        n_duplicates=int(len(found.y) - len(np.unique(found.hashes))),
        feature_ranges=found.ranges,
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def separations(found: Survey) -> dict[str, float | None]:
    """Return the best accuracy from mass alone, mass with multiplicity, and jet pT alone.

    The last one shows how far the classes differ in their spectra alone.
    """
    both = (found.mass_gev, found.multiplicity)
    return {
        "mass": bayes_accuracy(found.y, both[:1], (SINGLE_BINS,)),
        "mass and multiplicity": bayes_accuracy(found.y, both, JOINT_BINS),
        "jet pT": bayes_accuracy(found.y, (found.pt_gev,), (SINGLE_BINS,)),
    }
