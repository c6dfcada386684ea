"""What a file of jets holds, in figures beside those of the public set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.data.describing.separation import (
    JOINT_BINS,
    PUBLIC_ACCURACY,
    SINGLE_BINS,
    bayes_accuracy,
    mass_peak,
)
from jetmix.data.describing.survey import Survey, survey
from jetmix.data.normalise import SPLITS, in_split
from jetmix.data.schema import CLASS_NAMES
from jetmix.support.files import JSON, file_digest

PUBLIC_MULTIPLICITY = {"all": 46.0, "g": 64.0, "q": 35.0}
PEAK_WINDOW_GEV = {"W": (60.0, 100.0), "Z": (70.0, 110.0)}


@dataclass(frozen=True, kw_only=True)
class Description:
    """Summary of a file; a figure that the file cannot give is None."""

    path: Path
    sha256: str
    origin: str
    n_jets: int
    n_constituents: int
    counts: dict[str, int]
    splits: dict[str, int]
    multiplicity_median: dict[str, float]
    mass_peak_gev: dict[str, float | None]
    pt_median_gev: float | None
    bayes_accuracy: dict[str, float | None]
    padding_share: float
    n_not_finite: int
    n_duplicates: int
    feature_ranges: dict[str, tuple[float, float, float]]

    def lines(self) -> list[str]:
        """Return the summary for people."""
        return [
            f"{self.path}: {self.n_jets} jets of {self.n_constituents} constituents, {self.origin}",
            "jets a class: " + _listed(self.counts, "d"),
            "jets a split: " + _listed(self.splits, "d"),
            "median multiplicity: " + _listed(self.multiplicity_median, "g", PUBLIC_MULTIPLICITY),
            "mass peak in GeV: " + _listed(self.mass_peak_gev, ".1f"),
            "median jet pT in GeV: " + _listed({"all": self.pt_median_gev}, ".0f"),
            "best accuracy from " + _listed(self.bayes_accuracy, ".1%", PUBLIC_ACCURACY),
            f"padding: {self.padding_share:.1%} of the constituents",
            f"NaN or infinite values: {self.n_not_finite}; duplicate jets: {self.n_duplicates}",
            "features, lowest / mean / highest over real constituents:",
            *(
                f"  {name:<12} {low:10.4g} {mean:10.4g} {high:10.4g}"
                for name, (low, mean, high) in self.feature_ranges.items()
            ),
        ]

    def as_json(self) -> JSON:
        """Return the summary as JSON-serialisable data."""
        return {**vars(self), "path": str(self.path)}


def _listed(
    values: dict[str, int] | dict[str, float] | dict[str, float | None],
    form: str,
    public: dict[str, float] | None = None,
) -> str:
    """Return 'name value (public value)' of each entry."""
    words = []
    for name, value in values.items():
        known = (public or {}).get(name)
        beside = f" (public {known:{form}})" if known is not None else ""
        words.append(f"{name} {'-' if value is None else format(value, form)}{beside}")
    return "  ".join(words)


def describe(path: Path, found: Survey | None = None) -> Description:
    """Summarise a file.

    Args:
        path: the file.
        found: the survey of the file, where there is one already.

    Raises:
        DataError: if the file is not one of the schema or its labels are not one-hot.
    """
    found = found or survey(path)
    of = {name: found.y == index for index, name in enumerate(CLASS_NAMES)}
    medians = {"all": float(np.median(found.multiplicity))}
    medians |= {n: float(np.median(found.multiplicity[of[n]])) for n in CLASS_NAMES if of[n].any()}
    return Description(
        path=path,
        sha256=file_digest(path),
        origin=found.origin,
        n_jets=len(found.y),
        n_constituents=found.n_constituents,
        counts={name: int(chosen.sum()) for name, chosen in of.items()},
        splits={s: int(in_split(found.hashes, s).sum()) for s in SPLITS if s != "all"},
        multiplicity_median=medians,
        mass_peak_gev={n: mass_peak(found.mass_gev[of[n]], w) for n, w in PEAK_WINDOW_GEV.items()},
        pt_median_gev=_finite(float(np.median(found.pt_gev))),
        bayes_accuracy=separations(found),
        padding_share=found.n_padding / (len(found.y) * found.n_constituents),
        n_not_finite=found.n_not_finite,
        n_duplicates=int(len(found.y) - len(np.unique(found.hashes))),
        feature_ranges=found.ranges,
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def separations(found: Survey) -> dict[str, float | None]:
    """Return the best accuracy from mass alone, mass with multiplicity, and jet pT alone.

    The last one tells how far the spectra of the classes, and not the jets, give them away.
    """
    both = (found.mass_gev, found.multiplicity)
    return {
        "mass": bayes_accuracy(found.y, both[:1], (SINGLE_BINS,)),
        "mass and multiplicity": bayes_accuracy(found.y, both, JOINT_BINS),
        "jet pT": bayes_accuracy(found.y, (found.pt_gev,), (SINGLE_BINS,)),
    }
