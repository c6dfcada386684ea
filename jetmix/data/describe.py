"""What a file of jets holds: counts, multiplicities, mass peaks, padding, bad values."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jetmix.data.dataset import block_rows, read_classes
from jetmix.data.preprocess import HASHED_CONSTITUENTS, HASHED_FEATURES, content_hash
from jetmix.data.schema import CLASS_NAMES, JetFile, open_jet_file
from jetmix.runs import JSON, file_digest

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
    multiplicity_median: dict[str, float]
    mass_peak_gev: dict[str, float | None]
    pt_median_gev: float
    padding_share: float
    n_not_finite: int
    n_duplicates: int

    def lines(self) -> list[str]:
        """Return the summary for people."""
        counts = "  ".join(f"{name} {count}" for name, count in self.counts.items())
        medians = "  ".join(
            f"{name} {median:g}"
            + (f" (public {PUBLIC_MULTIPLICITY[name]:g})" if name in PUBLIC_MULTIPLICITY else "")
            for name, median in self.multiplicity_median.items()
        )
        peaks = "  ".join(
            f"{name} {'-' if peak is None else f'{peak:.1f}'}"
            for name, peak in self.mass_peak_gev.items()
        )
        return [
            f"{self.path}: {self.n_jets} jets of {self.n_constituents} constituents, {self.origin}",
            f"jets a class: {counts}",
            f"median multiplicity: {medians}",
            f"mass peak in GeV: {peaks}",
            f"median jet pT: {self.pt_median_gev:.0f} GeV",
            f"padding: {100 * self.padding_share:.1f}% of the constituents",
            f"NaN or infinite values: {self.n_not_finite}; duplicate jets: {self.n_duplicates}",
        ]

    def as_json(self) -> JSON:
        """Return the summary as JSON-serialisable data."""
        return {**vars(self), "path": str(self.path)}


@dataclass
class _Tally:
    """What a pass over the file collects."""

    y: list[NDArray[np.int64]] = field(default_factory=list)
    multiplicity: list[NDArray[np.float64]] = field(default_factory=list)
    mass: list[NDArray[np.float64]] = field(default_factory=list)
    pt: list[NDArray[np.float64]] = field(default_factory=list)
    hashes: list[NDArray[np.uint64]] = field(default_factory=list)
    n_padding: int = 0
    n_not_finite: int = 0


def describe(path: Path) -> Description:
    """Read a file once and summarise it.

    Raises:
        DataError: if the file is not one of the schema or its labels are not one-hot.
    """
    tally = _Tally()
    with open_jet_file(path) as jets:
        rows = block_rows(jets, jets.n_constituents)
        for start in range(0, jets.n_jets, rows):
            _count(tally, jets, start, min(start + rows, jets.n_jets))
        n_jets, n_constituents, origin = jets.n_jets, jets.n_constituents, jets.origin
    y, multiplicity, mass, pt, hashes = (
        np.concatenate(part)
        for part in (tally.y, tally.multiplicity, tally.mass, tally.pt, tally.hashes)
    )
    of = {name: y == index for index, name in enumerate(CLASS_NAMES)}
    medians = {"all": float(np.median(multiplicity))}
    medians |= {n: float(np.median(multiplicity[of[n]])) for n in CLASS_NAMES if of[n].any()}
    return Description(
        path=path,
        sha256=file_digest(path),
        origin=origin,
        n_jets=n_jets,
        n_constituents=n_constituents,
        counts={name: int(chosen.sum()) for name, chosen in of.items()},
        multiplicity_median=medians,
        mass_peak_gev={n: mass_peak(mass[of[n]], w) for n, w in PEAK_WINDOW_GEV.items()},
        pt_median_gev=float(np.median(pt)),
        padding_share=tally.n_padding / (n_jets * n_constituents),
        n_not_finite=tally.n_not_finite,
        n_duplicates=int(n_jets - len(np.unique(hashes))),
    )


def _count(tally: _Tally, jets: JetFile, start: int, stop: int) -> None:
    every = range(len(jets.particle_names))
    x = jets.read(start, stop, jets.n_constituents, every)
    table = jets.read_jets(start, stop)
    present = x[..., jets.particle_names.index("pt")] > 0
    column = {name: table[:, i].astype(np.float64) for i, name in enumerate(jets.jet_names)}
    p4 = [x[..., i].astype(np.float64).sum(axis=1) for i in jets.feature_columns(("px", "py"))]
    tally.y.append(read_classes(jets, start, stop))
    tally.multiplicity.append(column.get("j_multiplicity", present.sum(axis=1).astype(float)))
    tally.mass.append(column.get("j_mass", np.full(stop - start, np.nan)))
    tally.pt.append(column.get("j_pt", np.hypot(*p4)))
    leading = x[:, :HASHED_CONSTITUENTS, jets.feature_columns(HASHED_FEATURES)]
    tally.hashes.append(content_hash(leading))
    tally.n_padding += int((~present).sum())
    tally.n_not_finite += int((~np.isfinite(x)).sum() + (~np.isfinite(table)).sum())


def mass_peak(mass_gev: NDArray[np.float64], window_gev: tuple[float, float]) -> float | None:
    """Return where the mass distribution peaks inside a window, in GeV; None without jets there.

    The median of the jets in the narrowest interval that holds half of those in the window.
    """
    inside = np.sort(mass_gev[(mass_gev > window_gev[0]) & (mass_gev < window_gev[1])])
    if len(inside) < 2:
        return None
    half = len(inside) // 2
    widths = inside[half:] - inside[: len(inside) - half]
    start = int(np.argmin(widths))
    return float(np.median(inside[start : start + half + 1]))
