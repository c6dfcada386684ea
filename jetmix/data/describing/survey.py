"""One pass over a file of jets that collects what a description and its plot need."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from jetmix.data.jet_file import open_jet_table
from jetmix.data.jet_table import JetFile, JetTable
from jetmix.data.normalise import HASHED_CONSTITUENTS, content_hash, table_hash
from jetmix.data.reader import block_rows
from jetmix.data.schema import KINEMATICS, PT, kinematics
from jetmix.support.arrays import AnyArray, Float64, Hashes, Ints

PT_EDGES_GEV = np.geomspace(0.3, 1000, 61)
DISTANCE_EDGES = np.linspace(0, 0.6, 61)


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Jet by jet: class, multiplicity, mass, pT; per class: spectra of the constituents.

    Attributes:
        y: class index of each jet.
        multiplicity, mass_gev, pt_gev: of each jet; NaN where the file does not hold it.
        hashes: content hash of each jet.
        pt_spectrum: (class, bin) constituents over ``PT_EDGES_GEV``.
        distance_spectrum: (class, bin) pT fraction over ``DISTANCE_EDGES``.
        ranges: lowest, mean and highest value of each feature over real constituents, or of
            each jet column where there are none.
        n_padding, n_not_finite: constituents that are padding; values that are NaN or infinite.
        n_constituents, origin, data_set, units, class_names, jet_names: of the file.
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
    data_set: str
    units: dict[str, str]
    class_names: tuple[str, ...]
    jet_names: tuple[str, ...]


def survey(path: Path) -> Survey:
    """Read a whole file once, block by block.

    Raises:
        DataError: if it is no file of jets, or its labels are not one-hot.
    """
    with open_jet_table(path) as jets:
        tally = _Tally(jets)
        rows = block_rows(jets, jets.n_constituents) if isinstance(jets, JetFile) else jets.n_jets
        for start in range(0, jets.n_jets, rows):
            tally.add(start, min(start + rows, jets.n_jets))
        return tally.result()


@dataclass
class _Tally:
    jets: JetTable
    columns: dict[str, list[AnyArray]] = field(default_factory=dict)
    n_padding: int = 0
    n_not_finite: int = 0

    def __post_init__(self) -> None:
        jets = self.jets
        self.names = jets.particle_names if isinstance(jets, JetFile) else jets.plain_names
        n_features, n_classes = len(self.names), len(jets.class_names)
        self.low, self.high = np.full(n_features, np.inf), np.full(n_features, -np.inf)
        self.total, self.n_present = np.zeros(n_features), 0
        self.pt_spectrum = np.zeros((n_classes, len(PT_EDGES_GEV) - 1))
        self.distance_spectrum = np.zeros((n_classes, len(DISTANCE_EDGES) - 1))

    def add(self, start: int, stop: int) -> None:
        """Count the rows from ``start`` to ``stop``."""
        jets = self.jets
        table = jets.read_jets(start, stop).astype(np.float64)
        self.n_not_finite += int((~np.isfinite(table)).sum())
        y = jets.classes(start, stop)
        known = dict(zip(jets.plain_names, table.T, strict=True))
        found = {
            f"{role}_gev": known.get(kinematics(jets.plain_names).get(role, ""))
            for role in KINEMATICS
        }
        if isinstance(jets, JetFile):
            x = jets.read(start, stop, jets.n_constituents, range(len(self.names)))
            found |= self._constituents(x.astype(np.float64), y, known)
        else:
            self._ranges(table)
            found["multiplicity"] = known.get("multiplicity")
            found["hashes"] = table_hash(table[:, jets.jet_columns(jets.hashed)])
        missing = np.full(len(y), np.nan)
        for name, values in {"y": y, **found}.items():
            self.columns.setdefault(name, []).append(missing if values is None else values)

    def _constituents(
        self, x: Float64, y: Ints, known: dict[str, Float64]
    ) -> dict[str, AnyArray | None]:
        """Count the constituents of a block, and return what they say of each jet."""
        self.n_not_finite += int((~np.isfinite(x)).sum())
        pt = self._feature(x, PT)
        present = (x != 0).any(axis=-1) if pt is None else pt > 0
        self.n_padding += int((~present).sum())
        self._count(x[present], np.repeat(y, present.sum(axis=1)))
        px, py = self._feature(x, "px"), self._feature(x, "py")
        summed = None if px is None or py is None else np.hypot(px.sum(axis=1), py.sum(axis=1))
        hashed = [self.names.index(name) for name in self.jets.hashed]
        return {
            "multiplicity": known.get("multiplicity", present.sum(axis=1).astype(float)),
            **({} if summed is None or PT in kinematics(list(known)) else {"pt_gev": summed}),
            "hashes": content_hash(x[:, :HASHED_CONSTITUENTS, hashed]),
        }

    def _feature(self, x: Float64, name: str) -> Float64 | None:
        return x[..., self.names.index(name)] if name in self.names else None

    def _ranges(self, flat: Float64) -> None:
        if len(flat) == 0:
            return
        self.low = np.minimum(self.low, flat.min(axis=0))
        self.high = np.maximum(self.high, flat.max(axis=0))
        self.total += flat.sum(axis=0)
        self.n_present += len(flat)

    def _count(self, flat: Float64, y: Ints) -> None:
        flat = np.where(np.isfinite(flat), flat, 0.0)
        self._ranges(flat)
        pt, distance, share = (self._feature(flat, name) for name in (PT, "deltaR", "ptrel"))
        classes = np.arange(len(self.jets.class_names) + 1)
        if pt is not None:
            self.pt_spectrum += np.histogram2d(y, pt, bins=(classes, PT_EDGES_GEV))[0]
        if distance is not None and share is not None:
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
            ranges=dict(zip(self.names, ranges, strict=True)),
            n_padding=self.n_padding,
            n_not_finite=self.n_not_finite,
            n_constituents=self.jets.n_constituents if isinstance(self.jets, JetFile) else 0,
            origin=self.jets.origin,
            data_set=self.jets.data_set,
            units=self.jets.units,
            class_names=self.jets.class_names,
            jet_names=self.jets.jet_names,
        )
