"""Reads a file of jets block by block, in the form that a tagger takes, and checks every value."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from jetmix.data import checks
from jetmix.data.formulas.derive import JET_PREFIX
from jetmix.data.jet_table import JetFile, JetTable
from jetmix.data.normalise import (
    HASHED_CONSTITUENTS,
    apply_pt_gate,
    content_hash,
    in_split,
    table_hash,
)
from jetmix.data.schema import JETS, PT, SPLIT, TARGETS, WEIGHTS, kinematics, nearest
from jetmix.data.selection import Selection, as_delivered, class_numbers
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Bools, Floats, Hashes, Ints, Reals
from jetmix.support.files import content_digest

BLOCK_BYTES = 32 * 2**20
FILE_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Block:
    """Consecutive jets, before the normalisation.

    Attributes:
        x: features (jet, particle, feature) or (jet, feature).
        y: class of each jet.
        hashes: hash of each jet's content.
        targets: (jet, target).
        weights: (jet,), ones where the file's are not asked for.
        table: the jet columns that are asked for, (jet, column).
        splits: number of the file's split (jet,), -1 where the hash decides.
    """

    x: Floats
    y: Ints
    hashes: Hashes
    targets: Floats
    weights: Floats
    table: Floats
    splits: AnyArray

    @classmethod
    def empty(cls, n_jets: int, reader: "Reader") -> "Block":
        """Return a block of so many jets to be filled; hashes and splits are not kept."""
        return cls(
            x=np.empty((n_jets, *reader.x_shape), np.float32),
            y=np.empty(n_jets, np.int64),
            hashes=np.empty(0, np.uint64),
            targets=np.empty((n_jets, len(reader.selection.targets)), np.float32),
            weights=np.empty(n_jets, np.float32),
            table=np.empty((n_jets, len(reader.table_names)), np.float32),
            splits=np.empty(0, np.int8),
        )

    def in_split(self, split: str) -> Bools:
        """Return which jets belong to a split."""
        if split != "all" and (self.splits >= 0).any():
            return np.asarray(self.splits == FILE_SPLITS.index(split))
        return in_split(self.hashes, split)

    def put(self, places: slice, block: "Block", rows: Bools) -> None:
        """Copy the chosen rows of a block to these places."""
        for name in ("x", "y", "targets", "weights", "table"):
            getattr(self, name)[places] = getattr(block, name)[rows]

    def first(self, n_jets: int) -> "Block":
        """Return the first jets."""
        return Block(**{entry.name: getattr(self, entry.name)[:n_jets] for entry in fields(self)})


@dataclass(frozen=True, kw_only=True)
class Reader:
    """An open file, and what is read of it.

    Attributes:
        jets: the file.
        selection: what is read of each jet.
        class_names: the tagger's classes.
        class_numbers: the tagger's class of each class of the file, -1 for none.
        columns: where the features stand.
        beside: where the columns of the jet stand that come beside its constituents.
        hashed: where the features stand that decide the split.
        table_names: the jet columns that come along.
    """

    jets: JetTable
    selection: Selection
    class_names: tuple[str, ...]
    class_numbers: Ints
    columns: list[int]
    beside: list[int]
    hashed: list[int]
    table_names: tuple[str, ...]

    @classmethod
    def of(cls, jets: JetTable, selection: Selection) -> "Reader":
        """Check that a file holds what is asked for.

        Raises:
            DataError: naming what it does not hold.
            UsageError: if the features are none, or one is named twice.
        """
        selection.check()
        _require(jets, selection)
        names, numbers = class_numbers(selection.classes, jets.class_names, jets.path)
        whole = selection.n_particles is None
        find = jets.jet_columns if whole else _particles(jets).feature_columns
        of_hash = jets.feature_columns if isinstance(jets, JetFile) else jets.jet_columns
        jets.jet_columns(selection.reweight)
        table = dict.fromkeys((*selection.reweight, *kinematics(jets.plain_names).values()))
        return cls(
            jets=jets,
            selection=selection,
            class_names=names,
            class_numbers=numbers,
            columns=find(selection.columns),
            beside=jets.jet_columns(_jet_names(jets, selection.jet_columns)),
            hashed=of_hash(jets.hashed) if selection.split_by == "hash" else [],
            table_names=tuple(table),
        )

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Shape of one jet's features."""
        n_particles = self.selection.n_particles
        if self.selection.derivation is not None:
            return self.selection.derivation.shape(n_particles)
        return (*(() if n_particles is None else (n_particles,)), len(self.columns))

    def split_digest(self, file_sha256: str) -> str:
        """Return the digest of the rule that splits the jets.

        Of two files with the same one, no jet to train on in one is a test jet of the other.

        Args:
            file_sha256: of the file, whose own split holds for no other.
        """
        if self.selection.split_by != "hash":
            return content_digest({"by": "file", "file": file_sha256})
        hashed = "constituents" if isinstance(self.jets, JetFile) else "jets"
        return content_digest({"by": "hash", "of": hashed, "columns": list(self.jets.hashed)})

    def blocks(self) -> Iterator[Block]:
        """Yield the whole file in order, some megabytes at a time."""
        n_jets = self.jets.n_jets
        rows = n_jets
        if self.selection.n_particles is not None:
            rows = block_rows(_particles(self.jets), self.selection.n_particles)
        for start in range(0, n_jets, rows):
            yield self._block(start, min(start + rows, n_jets))

    def _block(self, start: int, stop: int) -> Block:
        jets = self.jets
        table = jets.read_jets(start, stop)
        if self.selection.n_particles is None:
            x, hashes = self._whole(start, stop, table)
        else:
            x, hashes = self._constituents(start, stop)
        as_delivered(x, self.selection.columns, self.selection.hardware)
        if self.beside:
            x = np.concatenate([x.reshape(len(x), -1), self._beside(start, table)], axis=1)
        y = self.class_numbers[jets.classes(start, stop, table)]
        block = Block(
            x=x,
            y=y,
            hashes=hashes,
            targets=self._targets(start, stop),
            weights=self._weights(start, stop),
            table=self._table(start, table),
            splits=self._splits(start, stop),
        )
        kept = y >= 0
        if kept.all():
            return block
        return Block(**{f.name: getattr(block, f.name)[kept] for f in fields(block)})

    def _constituents(self, start: int, stop: int) -> tuple[Floats, Hashes]:
        jets, n_particles = _particles(self.jets), int(self.selection.n_particles or 0)
        gate = self.selection.pt_gate_gev
        order = jets.feature_columns([jets.sorted_by] if jets.sorted_by else [])
        pt = jets.feature_columns([PT]) if gate is not None else []
        wide = min(max(n_particles, HASHED_CONSTITUENTS), jets.n_constituents)
        needed = sorted({*self.columns, *self.hashed, *order, *pt})
        raw = jets.read(start, stop, wide, needed)
        names = tuple(jets.particle_names[column] for column in needed)
        path, dataset = jets.path, jets.dataset
        checks.check_finite(raw, path=path, dataset=dataset, start=start, columns=names)
        for column in order:
            name = "pT" if jets.sorted_by == PT else jets.sorted_by
            ordered = raw[:, :n_particles, needed.index(column)]
            checks.check_sorted(ordered, path=path, dataset=dataset, start=start, column=name)
        kept = [needed.index(column) for column in self.columns]
        x = np.asarray(raw[:, :n_particles, kept], np.float32)
        for column in pt:
            apply_pt_gate(x, raw[:, :n_particles, needed.index(column)], gate)
        leading = raw[:, :HASHED_CONSTITUENTS, [needed.index(column) for column in self.hashed]]
        return x, content_hash(leading)

    def _beside(self, start: int, table: Reals) -> Floats:
        """Return the columns of the jet (jet, column) that come beside its constituents."""
        names, path = self.selection.jet_columns, self.jets.path
        values = np.ascontiguousarray(table[:, self.beside], np.float32)
        checks.check_finite(values, path=path, dataset=JETS, start=start, columns=names)
        as_delivered(values, names, self.selection.hardware)
        return values

    def _whole(self, start: int, stop: int, table: Reals) -> tuple[Floats, Hashes]:
        jets = self.jets
        x = np.ascontiguousarray(table[:, self.columns], np.float32)
        names = self.selection.columns
        checks.check_finite(x, path=jets.path, dataset=JETS, start=start, columns=names)
        if not isinstance(jets, JetFile):
            return x, table_hash(table[:, self.hashed])
        wide = min(HASHED_CONSTITUENTS, jets.n_constituents)
        return x, content_hash(jets.read(start, stop, wide, self.hashed))

    def _targets(self, start: int, stop: int) -> Floats:
        names = self.selection.targets
        if not names:
            return np.empty((stop - start, 0), np.float32)
        places = [self.jets.target_names.index(name) for name in names]
        values = self.jets.read_extra(TARGETS, start, stop)[:, places]
        checks.check_finite(
            values, path=self.jets.path, dataset=TARGETS, start=start, columns=names
        )
        return np.asarray(values, np.float32)

    def _weights(self, start: int, stop: int) -> Floats:
        if not self.selection.weights:
            return np.ones(stop - start, np.float32)
        values = np.asarray(self.jets.read_extra(WEIGHTS, start, stop), np.float32)
        checks.check_finite(
            values[:, None], path=self.jets.path, dataset=WEIGHTS, start=start, columns=(WEIGHTS,)
        )
        if (values < 0).any():
            row = start + int(np.argmax(values < 0))
            raise DataError(
                f"the weight {values[row - start]} is below zero",
                where=f"{self.jets.path} {WEIGHTS} row {row}",
                mend="leave such jets out, or set weights = false",
            )
        return values

    def _table(self, start: int, table: Reals) -> Floats:
        chosen = np.asarray(table[:, self.jets.jet_columns(self.table_names)], np.float32)
        if self.selection.reweight:
            checks.check_finite(
                chosen, path=self.jets.path, dataset=JETS, start=start, columns=self.table_names
            )
        return chosen

    def _splits(self, start: int, stop: int) -> AnyArray:
        if self.selection.split_by == "hash":
            return np.full(stop - start, -1, np.int8)
        splits = self.jets.read_extra(SPLIT, start, stop).astype(np.int16)
        if ((splits < 0) | (splits >= len(FILE_SPLITS))).any():
            raise DataError(
                "holds a number that is no split (0 train, 1 validation, 2 test)",
                where=f"{self.jets.path} {SPLIT}",
                mend="set split = 'hash' in the recipe",
            )
        return splits


def _particles(jets: JetTable) -> JetFile:
    assert isinstance(jets, JetFile)  # noqa: S101 -- Reader.of is given no other
    return jets


def _jet_names(jets: JetTable, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of jet columns in a file, which may lack the ``jet_`` of a formula."""
    known = jets.plain_names
    return tuple(name if name in known else name.removeprefix(JET_PREFIX) for name in names)


def _require(jets: JetTable, selection: Selection) -> None:
    """Refuse what a file does not hold, beside features."""
    n_particles = selection.n_particles
    if n_particles is not None:
        held = _particles(jets).n_constituents
        if not 1 <= n_particles <= held:
            raise DataError(
                f"{n_particles} constituents per jet were asked for, the file holds {held}",
                where=f"{jets.path} {_particles(jets).dataset}",
                mend=f"ask for 1 to {held}, or give a file with more",
            )
    for name in selection.targets:
        if name not in jets.target_names:
            known = " ".join(jets.target_names)
            raise DataError(
                f"no regression target {name!r}{nearest(name, jets.target_names)}",
                where=f"{jets.path} {TARGETS}",
                mend=f"choose from {known}" if known else "import the jets with a target column",
            )
    wanted = {WEIGHTS: selection.weights, SPLIT: selection.split_by == "file"}
    for name, is_wanted in wanted.items():
        if is_wanted and name not in jets.extras:
            key = "weights = true" if name == WEIGHTS else "split = 'file'"
            raise DataError(
                f"holds no {name} of its jets, and the recipe says {key}",
                where=jets.path,
                mend=f"import the jets with a column of {name}, or take that line away",
            )


def block_rows(jets: JetFile, n_particles: int) -> int:
    """Return how many rows to read at once: a multiple of the chunk, near BLOCK_BYTES."""
    row_bytes = max(n_particles, HASHED_CONSTITUENTS) * len(jets.particle_names) * 8
    chunk = jets.constituents.chunks[0] if jets.constituents.chunks else 1
    return max(BLOCK_BYTES // row_bytes // chunk, 1) * int(chunk)
