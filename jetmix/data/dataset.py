"""The one loader of jets from HDF5, of constituents and of whole-jet features alike."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.data import checks
from jetmix.data.jet_file import open_jet_file, open_jet_table
from jetmix.data.normalise import Moments, Normalisation, checked_normalisation
from jetmix.data.reader import Block, Reader
from jetmix.data.record import JetSource
from jetmix.data.reweight import reweighted
from jetmix.data.schema import CLASS_NAMES, SPLITS, kinematics
from jetmix.data.selection import Selection
from jetmix.errors import DataError, UsageError
from jetmix.support import console
from jetmix.support.arrays import Floats, Ints
from jetmix.support.files import file_digest

_WITH_PARTICLES = 3  # axes of x


@dataclass(frozen=True, kw_only=True)
class JetDataset:
    """Jets ready for a tagger.

    Attributes:
        x: float32 (jet, particle, feature), normalised, C-contiguous; (jet, feature) for features
            of the whole jet. Of a tagger that derives features the trigger's integers, flat if it
            has two inputs.
        y: int64 (jet,), index into ``class_names``.
        feature_names: names of the last axis of ``x``.
        class_names: the classes.
        normalisation: the constants that were applied to ``x``, or that a tagger applies which
            derives its features.
        split: train, validation, test or all.
        source: the file.
        pt_gate_gev: constituents softer than this were set to zero; None for no gate.
        targets: float32 (jet, target) in the unit of the file; None without regression.
        target_names: names of the columns of ``targets``.
        target_scales: the powers of two by which a tagger's answers are to be multiplied to give
            targets, from the training split.
        weights: float32 (jet,), weight of each jet in the loss, with the mean 1; None if all weigh
            the same.
        columns: jet columns by name, float32 (jet,), such as ``pt`` for figures in bins of it.
        selection: what was read of each jet, None where it is not known.
        split_digest: digest of the rule of the split (:meth:`Reader.split_digest`), "" for none.
    """

    x: Floats
    y: Ints
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] = CLASS_NAMES
    normalisation: Normalisation
    split: str
    source: JetSource
    pt_gate_gev: float | None = None
    targets: Floats | None = None
    target_names: tuple[str, ...] = ()
    target_scales: tuple[float, ...] = ()
    weights: Floats | None = None
    columns: Mapping[str, Floats]
    selection: Selection | None = None
    split_digest: str = ""

    def seen(self, x: Floats) -> Floats:
        """Return what a network sees of jets ``x``: these, or the features that it derives."""
        if self.selection is None or self.selection.derivation is None:
            return x
        return self.normalisation.apply(self.selection.of_tagger(x))

    @property
    def n_particles(self) -> int:
        """Constituents per jet; 0 for jets of whole-jet features."""
        return int(self.x.shape[1]) if self.x.ndim == _WITH_PARTICLES else 0

    @classmethod
    def load(
        cls,
        path: str | Path,
        selection: Selection,
        *,
        split: str,
        normalisation: str | Normalisation = "standard",
        scaling: Mapping[str, Any] | None = None,
    ) -> "JetDataset":
        """Load one split of a file, reading only the constituents that are needed.

        Args:
            path: an HDF5 file of jets.
            selection: what is read of each jet.
            split: train, validation, test or all; fixed by a hash of each jet's content, or by
                the file.
            normalisation: 'standard' or 'power-of-two' (scales only, no shift) take the constants
                from the training split, padding included; constants of a trained tagger are given
                as a :class:`Normalisation`.
            scaling: the normalisation of single features, as the recipe's ``scaling``.

        Raises:
            DataError: if the file is broken, lacks a feature or holds fewer constituents.
            UsageError: if the split or the normalisation has an unknown name.
        """
        if split not in SPLITS:
            raise UsageError(f"no split {split!r}", mend="choose from " + " ".join(SPLITS))
        checked_normalisation(normalisation)
        path = Path(path)
        with opened(path, selection) as reader:
            sums = Sums(reader)
            found = _collect(reader, split, sums, standardise=isinstance(normalisation, str))
            constants = (
                normalisation
                if isinstance(normalisation, Normalisation)
                else sums.features.normalisation(normalisation, selection.features, scaling or {})
            )
            scales = sums.target_scales if isinstance(normalisation, str) else ()
            if selection.derivation is None:
                found = replace(found, x=constants.apply(found.x, out=found.x))
            return cls.of(reader, split, found, constants, scales)

    @classmethod
    def of(
        cls,
        reader: Reader,
        split: str,
        found: Block,
        normalisation: Normalisation,
        scales: tuple[float, ...],
    ) -> "JetDataset":
        """Return the jets of a split that were read and normalised.

        Args:
            reader: the file, still open, and what was read of it.
            split: train, validation, test or all.
            found: the jets, ``x`` normalised.
            normalisation: the constants that were applied.
            scales: the powers of two of the targets.
        """
        selection, jets = reader.selection, reader.jets
        sha256 = cached_digest(jets.path)
        return cls(
            x=found.x,
            y=found.y,
            feature_names=selection.features,
            class_names=reader.class_names,
            normalisation=normalisation,
            split=split,
            source=JetSource(
                path=str(jets.path),
                sha256=sha256,
                origin=jets.origin,
                data_set=jets.data_set,
            ),
            pt_gate_gev=selection.pt_gate_gev,
            targets=found.targets if selection.targets else None,
            target_names=selection.targets,
            target_scales=scales,
            weights=_loss_weights(reader, found, split),
            columns=_columns_by_name(reader, found),
            selection=selection,
            split_digest=reader.split_digest(sha256),
        )


@contextlib.contextmanager
def opened(path: Path, selection: Selection) -> Iterator[Reader]:
    """Open a file for what is asked of it; raises as :meth:`JetDataset.load` does."""
    opener = open_jet_table if selection.n_particles is None else open_jet_file
    with opener(path) as jets:
        yield Reader.of(jets, selection)


@dataclass
class Sums:
    """What a pass over a file counts: jets of each class, moments of the jets to train on."""

    reader: Reader

    def __post_init__(self) -> None:
        """Start from nothing."""
        selection = self.reader.selection
        self.features = Moments(len(selection.features))
        self.targets = Moments(len(selection.targets))
        self.counts = np.zeros(len(self.reader.class_names), np.int64)

    def add(self, block: Block, *, moments: bool = True) -> None:
        """Count a block."""
        self.counts += np.bincount(block.y, minlength=len(self.counts))
        if moments:
            to_train = block.in_split("train")
            self.features.add(self.reader.selection.of_tagger(block.x[to_train]))
            self.targets.add(block.targets[to_train])

    def check(self, n_jets: Mapping[str, int]) -> None:
        """Refuse a file without jets of a class, or of one of the splits, by their numbers.

        Raises:
            DataError: naming them.
        """
        jets = self.reader.jets
        checks.check_all_classes(self.counts, self.reader.class_names, path=jets.path)
        for split, number in n_jets.items():
            if number == 0:
                raise DataError(
                    f"none of the {jets.n_jets} jets falls into the split {split}",
                    where=jets.path,
                    mend="give a file with more jets",
                )

    @property
    def target_scales(self) -> tuple[float, ...]:
        """The power of two next to the size of each target."""
        return self.targets.normalisation("power-of-two").std


def _columns_by_name(reader: Reader, found: Block) -> dict[str, Floats]:
    """Return the jet columns by name; pT and mass are called so as well."""
    by_name = {name: found.table[:, at] for at, name in enumerate(reader.table_names)}
    return by_name | {role: by_name[name] for role, name in kinematics(reader.table_names).items()}


def _loss_weights(reader: Reader, found: Block, split: str) -> Floats | None:
    """Return the weights in the loss, which only jets to train on have."""
    selection = reader.selection
    if split != "train" or not (selection.weights or selection.reweight):
        return None
    weights = np.ones(len(found.y), np.float32)
    if selection.weights:
        weights = weights * found.weights
    if selection.reweight:
        columns = [reader.table_names.index(name) for name in selection.reweight]
        more, warnings = reweighted(
            found.table[:, columns].astype(np.float64), found.y, reader.class_names,
            to=selection.reweight_to, where=reader.jets.path,
        )  # fmt: skip
        for line in warnings:
            console.say(f"warning: {line}")
        weights = weights * more
    return np.asarray(weights / weights.mean(dtype=np.float64), np.float32)


def cached_digest(path: Path) -> str:
    """Return the SHA-256 of a file, computed once for the several splits of a run."""
    state = path.stat()
    return _digest_of(path.resolve(), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=8)
def _digest_of(path: Path, size: int, changed_ns: int) -> str:
    del size, changed_ns  # they only tell whether the file is still the same
    return file_digest(path)


def _collect(reader: Reader, split: str, sums: Sums, *, standardise: bool) -> Block:
    """Read the file once: keep the rows of ``split``, sum up those of the training split."""
    kept, filled = _reserve(reader), 0
    for block in reader.blocks():
        sums.add(block, moments=standardise)
        rows = block.in_split(split)
        end = filled + int(rows.sum())
        kept.put(slice(filled, end), block, rows)
        filled = end
    to_train = {"train": sums.features.count} if standardise else {}
    sums.check({split: filled} | to_train)
    return kept.first(filled)


def _reserve(reader: Reader) -> Block:
    # sized for all jets; memory that no row of the split fills is never touched
    n_jets = reader.jets.n_jets
    try:
        return Block.empty(n_jets, reader)
    except (MemoryError, ValueError):
        shape = (n_jets, *reader.x_shape)
        raise DataError(
            f"{shape} numbers do not fit into memory",
            where=reader.jets.path,
            mend="ask for fewer constituents or features, set stream_jets in the recipe, or give "
            "a smaller file",
        ) from None


__all__: Sequence[str] = ("JetDataset", "Normalisation", "Selection")
