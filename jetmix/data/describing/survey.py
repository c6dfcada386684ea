"""One pass over a file of jets that collects what a description and its plot need."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from jetmix.data.dataset import block_rows, read_classes
from jetmix.data.jet_file import JetFile, open_jet_file
from jetmix.data.normalise import HASHED_CONSTITUENTS, HASHED_FEATURES, content_hash
from jetmix.data.schema import CLASS_NAMES
from jetmix.support.arrays import AnyArray, Bools, Float64, Hashes, Ints

PT_EDGES_GEV = np.geomspace(0.3, 1000, 61)
DISTANCE_EDGES = np.linspace(0, 0.6, 61)


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Jet by jet: class, multiplicity, mass, pT; per class: spectra of the constituents.

    Attributes:
        y: class index of each jet.
        multiplicity: constituents of each jet, from the jet-level column where the file has it.
        mass_gev, pt_gev: of each jet; NaN where the file does not hold it.
        hashes: content hash of each jet.
        pt_spectrum: (class, bin) constituents over ``PT_EDGES_GEV``.
        distance_spectrum: (class, bin) pT fraction over ``DISTANCE_EDGES``.
        ranges: lowest, mean and highest value of each feature over real constituents.
        n_padding, n_not_finite: constituents that are padding; values that are NaN or infinite.
        n_constituents, origin, jet_names: of the file.
    """

    y: Ints
    multiplicity: Float64
    mass_gev: Float64
    pt_gev: Float64
    hashes: Hashes
    pt_spectrum: Float64
    distance_spectrum: Float64
    ranges: dict[str, tuple[float, float, float]]
    n_padding: int
    n_not_finite: int
    n_constituents: int
    origin: str
    jet_names: tuple[str, ...]


def survey(path: Path) -> Survey:
    """Read a whole file once, block by block.

    Raises:
        DataError: if the file is not one of the schema or its labels are not one-hot.
    """
    with open_jet_file(path) as jets:
        tally = _Tally(jets)
        rows = block_rows(jets, jets.n_constituents)
        for start in range(0, jets.n_jets, rows):
            tally.add(start, min(start + rows, jets.n_jets))
        return tally.result()


@dataclass
class _Tally:
    jets: JetFile
    columns: dict[str, list[AnyArray]] = field(default_factory=dict)
    n_padding: int = 0
    n_not_finite: int = 0

    def __post_init__(self) -> None:
        n_features, n_classes = len(self.jets.particle_names), len(CLASS_NAMES)
        self.low, self.high = np.full(n_features, np.inf), np.full(n_features, -np.inf)
        self.total, self.n_present = np.zeros(n_features), 0
        self.pt_spectrum = np.zeros((n_classes, len(PT_EDGES_GEV) - 1))
        self.distance_spectrum = np.zeros((n_classes, len(DISTANCE_EDGES) - 1))

    def add(self, start: int, stop: int) -> None:
        """Count the rows from ``start`` to ``stop``."""
        jets, names = self.jets, self.jets.particle_names
        x = jets.read(start, stop, jets.n_constituents, range(len(names))).astype(np.float64)
        table = jets.read_jets(start, stop).astype(np.float64)
        self.n_not_finite += int((~np.isfinite(x)).sum() + (~np.isfinite(table)).sum())
        present = x[..., names.index("pt")] > 0
        self.n_padding += int((~present).sum())
        y = read_classes(jets, start, stop)
        self._jet_columns(x, table, present, y)
        self._constituents(x[present], np.repeat(y, present.sum(axis=1)))

    def _jet_columns(self, x: Float64, table: Float64, present: Bools, y: Ints) -> None:
        names = self.jets.particle_names
        known = dict(zip(self.jets.jet_names, table.T, strict=True))
        px, py = x[..., names.index("px")].sum(axis=1), x[..., names.index("py")].sum(axis=1)
        leading = x[:, :HASHED_CONSTITUENTS, self.jets.feature_columns(HASHED_FEATURES)]
        found = {
            "y": y,
            "multiplicity": known.get("j_multiplicity", present.sum(axis=1).astype(float)),
            "mass_gev": known.get("j_mass", np.full(len(y), np.nan)),
            "pt_gev": known.get("j_pt", np.hypot(px, py)),
            "hashes": content_hash(leading),
        }
        for name, values in found.items():
            self.columns.setdefault(name, []).append(values)

    def _constituents(self, flat: Float64, y: Ints) -> None:
        names = self.jets.particle_names
        flat = np.where(np.isfinite(flat), flat, 0.0)
        if len(flat) == 0:
            return
        self.low = np.minimum(self.low, flat.min(axis=0))
        self.high = np.maximum(self.high, flat.max(axis=0))
        self.total += flat.sum(axis=0)
        self.n_present += len(flat)
        pt, distance, share = (flat[:, names.index(n)] for n in ("pt", "deltaR", "ptrel"))
        classes = np.arange(len(CLASS_NAMES) + 1)
        self.pt_spectrum += np.histogram2d(y, pt, bins=(classes, PT_EDGES_GEV))[0]
        self.distance_spectrum += np.histogram2d(
            y, distance, bins=(classes, DISTANCE_EDGES), weights=share
        )[0]

    def result(self) -> Survey:
        """Return what was counted."""
        mean = self.total / max(self.n_present, 1)
        ranges = zip(self.low.tolist(), mean.tolist(), self.high.tolist(), strict=True)
        return Survey(
            **{name: np.concatenate(parts) for name, parts in self.columns.items()},
            pt_spectrum=self.pt_spectrum,
            distance_spectrum=self.distance_spectrum,
            ranges=dict(zip(self.jets.particle_names, ranges, strict=True)),
            n_padding=self.n_padding,
            n_not_finite=self.n_not_finite,
            n_constituents=self.jets.n_constituents,
            origin=self.jets.origin,
            jet_names=self.jets.jet_names,
        )
