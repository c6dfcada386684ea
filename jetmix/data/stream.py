"""Jets that need not fit into memory: packed once into plain files, which are mapped or read.

A compressed HDF5 file is slow to read in another order. So one pass writes the features of each
split, normalised, into an uncompressed ``.npy`` file; labels, weights and targets stay in memory.
"""

import contextlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from jetmix.data.dataset import JetDataset, Sums, opened
from jetmix.data.normalise import Normalisation
from jetmix.data.reader import Block, Reader
from jetmix.data.selection import Selection
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Bools, Floats, Ints

PACKED = ("train", "validation", "test")
SMALL = ("y", "targets", "weights", "table")
BLOCK_JETS = 65_536


def pack(
    path: Path,
    selection: Selection,
    folder: Path,
    *,
    normalisation: str = "standard",
    scaling: Mapping[str, Any] | None = None,
) -> dict[str, JetDataset]:
    """Write the jets of all splits into a folder and return them, ``x`` mapped from its files.

    What :meth:`JetDataset.load` gives for each split, to the last bit, in memory for a few blocks.

    Args:
        path: an HDF5 file of jets.
        selection: what is read of each jet.
        folder: for ``train.npy``, ``validation.npy`` and ``test.npy``; it must exist.
        normalisation: standard or power-of-two.
        scaling: the normalisation of single features, as the recipe's ``scaling``.

    Raises:
        DataError: if the file is broken or lacks something, or the folder cannot be written.
    """
    with opened(path, selection) as reader:
        with _writing(folder):
            parts, sums = _split(reader, folder)
            constants = sums.features.normalisation(
                normalisation, selection.features, scaling or {}
            )
            for part in parts.values() if selection.derivation is None else ():
                _normalise(part, constants)
        return {
            split: JetDataset.of(reader, split, part.block(), constants, sums.target_scales)
            for split, part in parts.items()
        }


def read_rows(x: Floats, start: int, stop: int) -> Floats:
    """Return consecutive jets of ``x``, read from its file if it is mapped from one.

    Pages of a mapped file would count as memory of the process until the system takes them back.
    """
    return gathered(x, np.arange(start, stop))


def gathered(x: Floats, rows: Ints) -> Floats:
    """Return jets of ``x`` by their rows; runs of consecutive rows are read at once."""
    if not isinstance(x, np.memmap):
        return np.asarray(x[rows])
    found = np.empty((len(rows), *x.shape[1:]), np.float32)
    size = found[:1].nbytes
    ends = np.append(np.flatnonzero(np.diff(rows) != 1) + 1, len(rows))
    start = 0
    with Path(str(x.filename)).open("rb", buffering=0) as handle:
        for end in ends.tolist():
            handle.seek(x.offset + int(rows[start]) * size)
            _fill(handle, found[start:end].data.cast("B"))
            start = end
    return found


def _fill(handle: io.FileIO, place: memoryview) -> None:
    """Read until the place is full: one call reads at most 2 GB."""
    while place:
        n_read = handle.readinto(place)
        if not n_read:
            raise OSError("the file of packed jets has become shorter")
        place = place[n_read:]


def pieces(x: Floats) -> Iterator[Floats]:
    """Yield all jets of ``x`` in order, some ten thousand at a time."""
    for start in range(0, len(x), BLOCK_JETS):
        yield read_rows(x, start, min(start + BLOCK_JETS, len(x)))


@dataclass
class _Part:
    """The jets of one split while a file is read: ``x`` in a file, the rest in memory."""

    path: Path
    handle: BinaryIO
    x_shape: tuple[int, ...]
    n_jets: int = 0
    kept: dict[str, list[AnyArray]] = field(default_factory=lambda: {name: [] for name in SMALL})

    def header(self) -> None:
        """Write the header of the file; it has room for any number of jets."""
        about = {
            "descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)),
            "fortran_order": False,
            "shape": (self.n_jets, *self.x_shape),
        }
        self.handle.seek(0)
        np.lib.format.write_array_header_1_0(self.handle, about)

    def add(self, block: Block, rows: Bools) -> None:
        """Append the chosen jets of a block."""
        self.n_jets += int(rows.sum())
        self.handle.write(np.ascontiguousarray(block.x[rows]).data)
        for name, parts in self.kept.items():
            parts.append(getattr(block, name)[rows])

    def block(self) -> Block:
        """Return the jets, ``x`` mapped from its file."""
        return Block(
            x=np.load(self.path, mmap_mode="r"),
            hashes=np.empty(0, np.uint64),
            splits=np.empty(0, np.int8),
            **{name: np.concatenate(parts) for name, parts in self.kept.items()},
        )


def _split(reader: Reader, folder: Path) -> tuple[dict[str, _Part], Sums]:
    """Read the file once into the files of the splits."""
    sums = Sums(reader)
    with contextlib.ExitStack() as stack:
        parts = {}
        for split in PACKED:
            path = folder / f"{split}.npy"
            handle = stack.enter_context(path.open("wb"))
            parts[split] = _Part(path=path, handle=handle, x_shape=reader.x_shape)
            parts[split].header()
        for block in reader.blocks():
            sums.add(block)
            for split, part in parts.items():
                part.add(block, block.in_split(split))
        for part in parts.values():
            part.header()
    sums.check({split: part.n_jets for split, part in parts.items()})
    return parts, sums


def _normalise(part: _Part, constants: Normalisation) -> None:
    """Normalise the jets of a part in its file."""
    x = np.load(part.path, mmap_mode="r")
    with part.path.open("r+b") as handle:
        handle.seek(x.offset)
        for values in pieces(x):
            handle.write(constants.apply(values, out=values).data)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn a full disk, or a folder that cannot be written, into a DataError."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"the jets cannot be packed there ({error.strerror or error})",
            where=folder,
            mend="free some space, name a run directory on a larger disk, or leave stream_jets out",
        ) from None
