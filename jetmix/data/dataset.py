"""The one loader of jets, for simulated and public files alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from jetmix.data import checks
from jetmix.data.jet_file import JetFile, JetTable, open_jet_file
from jetmix.data.normalise import (
    HASHED_CONSTITUENTS,
    HASHED_FEATURES,
    Moments,
    Normalisation,
    apply_pt_gate,
    checked_normalisation,
    content_hash,
    in_split,
)
from jetmix.data.record import JetSource
from jetmix.data.schema import CLASS_NAMES, CONSTITUENTS, SPLITS
from jetmix.errors import DataError, UsageError
from jetmix.support.arrays import Floats, Hashes, Ints
from jetmix.support.files import file_digest

BLOCK_BYTES = 32 * 2**20
_WITH_PARTICLES = 3  # axes of x


@dataclass(frozen=True, kw_only=True)
class JetDataset:
    """Jets ready for a tagger.

    Attributes:
        x: float32 (jet, particle, feature), normalised, C-contiguous; (jet, feature) for the
            high-level features of :func:`jetmix.data.high_level.load_high_level`.
        y: int64 (jet,), index into ``class_names``.
        feature_names: names of the last axis of ``x``.
        class_names: g q W Z t.
        normalisation: the constants that were applied to ``x``.
        split: train, validation, test or all.
        source: the file.
        n_particles: constituents per jet.
        pt_gate_gev: constituents softer than this were set to zero; None for no gate.
    """

    x: Floats
    y: Ints
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] = CLASS_NAMES
    normalisation: Normalisation
    split: str
    source: JetSource
    pt_gate_gev: float | None = None

    @property
    def n_particles(self) -> int:
        """Constituents per jet; 0 for jets of high-level features."""
        return int(self.x.shape[1]) if self.x.ndim == _WITH_PARTICLES else 0

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        n_particles: int,
        features: Sequence[str],
        split: str,
        pt_gate_gev: float | None = None,
        normalisation: str | Normalisation = "standard",
    ) -> "JetDataset":
        """Load one split of a file, reading only the constituents that are needed.

        Args:
            path: an HDF5 file of the public schema.
            n_particles: number of leading constituents, sorted by falling pT.
            features: particle features by name, such as ``ptrel``.
            split: train, validation, test or all; fixed by a hash of each jet's content.
            pt_gate_gev: set softer constituents to zero before the normalisation.
            normalisation: 'standard' or 'power-of-two' (scales only, no shift) take the constants
                from the training split over the first ``n_particles`` constituents, padding
                included; constants of a trained tagger are given as a :class:`Normalisation`.

        Raises:
            DataError: if the file is broken, lacks a feature or holds fewer constituents.
            UsageError: if the split or the normalisation has an unknown name.
        """
        if split not in SPLITS:
            raise UsageError(f"no split {split!r}", mend="choose from " + " ".join(SPLITS))
        checked_normalisation(normalisation)
        path = Path(path)
        with open_jet_file(path) as jets:
            reader = _Reader.of(jets, n_particles, features, pt_gate_gev)
            x, y, moments = _collect(reader, split, standardise=isinstance(normalisation, str))
            origin = jets.origin
        constants = (
            normalisation
            if isinstance(normalisation, Normalisation)
            else moments.normalisation(normalisation)
        )
        constants.apply(x, out=x)
        return cls(
            x=x,
            y=y,
            feature_names=tuple(features),
            normalisation=constants,
            split=split,
            source=JetSource(path=str(path), sha256=cached_digest(path), origin=origin),
            pt_gate_gev=pt_gate_gev,
        )


def cached_digest(path: Path) -> str:
    """Return the SHA-256 of a file, computed once for the several splits of a run."""
    state = path.stat()
    return _digest_of(path.resolve(), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=8)
def _digest_of(path: Path, size: int, changed_ns: int) -> str:
    del size, changed_ns  # they only tell whether the file is still the same
    return file_digest(path)


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Consecutive rows of a file: features before normalisation, classes, content hashes."""

    x: Floats
    y: Ints
    hashes: Hashes


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Reads a file in blocks of rows, checking every value that it hands out."""

    jets: JetFile
    n_particles: int
    columns: list[int]
    hashed: list[int]
    pt_gate_gev: float | None

    @classmethod
    def of(
        cls, jets: JetFile, n_particles: int, features: Sequence[str], gate: float | None
    ) -> "_Reader":
        if not 1 <= n_particles <= jets.n_constituents:
            raise DataError(
                f"{n_particles} constituents per jet were asked for, the file holds "
                f"{jets.n_constituents}",
                where=f"{jets.path} {CONSTITUENTS}",
                mend=f"ask for 1 to {jets.n_constituents}, or give a file with more",
            )
        if not features or len(set(features)) != len(features):
            raise UsageError(
                f"the features are {list(features)}", mend="name at least one, and each only once"
            )
        return cls(
            jets=jets,
            n_particles=n_particles,
            columns=jets.feature_columns(features),
            hashed=jets.feature_columns(HASHED_FEATURES),
            pt_gate_gev=gate,
        )

    def blocks(self) -> Iterator[_Block]:
        """Yield the whole file in order, some megabytes at a time."""
        rows = block_rows(self.jets, self.n_particles)
        for start in range(0, self.jets.n_jets, rows):
            yield self._block(start, min(start + rows, self.jets.n_jets))

    def _block(self, start: int, stop: int) -> _Block:
        path, n_particles = self.jets.path, self.n_particles
        wide = min(max(n_particles, HASHED_CONSTITUENTS), self.jets.n_constituents)
        needed = sorted({*self.columns, *self.hashed})
        raw = self.jets.read(start, stop, wide, needed)
        names = tuple(self.jets.particle_names[column] for column in needed)
        checks.check_finite(raw, path=path, dataset=CONSTITUENTS, start=start, columns=names)
        pt = raw[:, :n_particles, names.index("pt")]
        checks.check_sorted(pt, path=path, start=start)
        kept = [needed.index(column) for column in self.columns]
        x = np.asarray(raw[:, :n_particles, kept], np.float32)
        apply_pt_gate(x, pt, self.pt_gate_gev)
        leading = raw[:, :HASHED_CONSTITUENTS, [needed.index(column) for column in self.hashed]]
        return _Block(x=x, y=read_classes(self.jets, start, stop), hashes=content_hash(leading))


def block_rows(jets: JetFile, n_particles: int) -> int:
    """Return how many rows to read at once: a multiple of the chunk, near BLOCK_BYTES."""
    row_bytes = max(n_particles, HASHED_CONSTITUENTS) * len(jets.particle_names) * 8
    chunk = jets.constituents.chunks[0] if jets.constituents.chunks else 1
    return max(BLOCK_BYTES // row_bytes // chunk, 1) * int(chunk)


def read_classes(jets: JetTable, start: int, stop: int) -> Ints:
    """Return the class index of the rows from ``start`` to ``stop``.

    Raises:
        DataError: if a label is not one-hot.
    """
    labels = jets.read_jets(start, stop)[:, jets.label_columns]
    return checks.classes_of(labels, path=jets.path, start=start)


def _collect(reader: _Reader, split: str, *, standardise: bool) -> tuple[Floats, Ints, Moments]:
    """Read the file once: keep the rows of ``split``, sum up those of the training split."""
    n_features = len(reader.columns)
    x = _reserve(reader, n_features)
    y = np.empty(reader.jets.n_jets, np.int64)
    moments, counts, filled = Moments(n_features), np.zeros(len(CLASS_NAMES), np.int64), 0
    for block in reader.blocks():
        counts += np.bincount(block.y, minlength=len(CLASS_NAMES))
        if standardise:
            moments.add(block.x[in_split(block.hashes, "train")])
        rows = in_split(block.hashes, split)
        end = filled + int(rows.sum())
        x[filled:end], y[filled:end], filled = block.x[rows], block.y[rows], end
    checks.check_all_classes(counts, path=reader.jets.path)
    if filled == 0 or (standardise and moments.count == 0):
        raise DataError(
            f"none of the {reader.jets.n_jets} jets falls into the split "
            f"{split if filled == 0 else 'train'}",
            where=reader.jets.path,
            mend="give a file with more jets",
        )
    return x[:filled], y[:filled], moments


def _reserve(reader: _Reader, n_features: int) -> Floats:
    # sized for all jets; memory that no row of the split fills is never touched
    shape = (reader.jets.n_jets, reader.n_particles, n_features)
    try:
        return np.empty(shape, np.float32)
    except (MemoryError, ValueError):
        raise DataError(
            f"{shape} numbers do not fit into memory",
            where=reader.jets.path,
            mend="ask for fewer constituents or features, or give a smaller file",
        ) from None


__all__: Sequence[str] = ("JetDataset", "Normalisation")
