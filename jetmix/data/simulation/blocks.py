"""Blocks of simulated jets on disk, kept until the file that they fill is complete."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.data.schema import CLASS_NAMES, PARTICLE_FEATURES
from jetmix.data.simulation.generator import Block
from jetmix.data.writer import writing
from jetmix.support.arrays import Floats, Ints
from jetmix.support.files import atomic_path


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """A folder of blocks, one file each, without their padding."""

    folder: Path

    def path(self, class_index: int, block: int) -> Path:
        """Return the file of a block."""
        return self.folder / f"{CLASS_NAMES[class_index]}-{block:06d}.npz"

    def has(self, class_index: int, block: int, n_jets: int) -> bool:
        """Return whether a block is there, readable, and has so many jets."""
        try:
            with np.load(self.path(class_index, block)) as stored:
                return len(stored["sizes"]) >= n_jets
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return False

    def write(self, class_index: int, block: int, made: Block) -> None:
        """Write a block.

        Raises:
            DataError: if it cannot be written, for one when the disk is full.
        """
        present = made.constituents[..., PARTICLE_FEATURES.index("pt")] > 0
        path = self.path(class_index, block)
        with writing(path), atomic_path(path) as temporary:
            np.savez(
                temporary,
                flat=made.constituents[present],
                sizes=present.sum(axis=1),
                jets=made.jets,
                spent=made.spent,
            )

    def spent(self, class_index: int, block: int, n_jets: int) -> Ints:
        """Return the counts of ``Block.spent`` for the first jets of a block."""
        with np.load(self.path(class_index, block)) as stored:
            counts: Ints = stored["spent"][n_jets - 1]
        return counts

    def read(
        self, class_index: int, block: int, n_jets: int, n_constituents: int
    ) -> tuple[Floats, Floats]:
        """Return the first jets of a block as they were written, padded again."""
        with np.load(self.path(class_index, block)) as stored:
            sizes, flat, jets = stored["sizes"][:n_jets], stored["flat"], stored["jets"][:n_jets]
        padded = np.zeros((n_jets, n_constituents, flat.shape[1]), np.float32)
        padded[np.arange(n_constituents) < sizes[:, None]] = flat[: sizes.sum()]
        return padded, jets
