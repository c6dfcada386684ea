"""Writes jetmix' own layout of a file of jets, which names its classes, features and targets."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from jetmix.data.schema import (
    CONSTITUENT_NAMES,
    JETS,
    LABELS,
    LAYOUT,
    OWN_CLASS_NAMES,
    OWN_CONSTITUENTS,
    OWN_JET_NAMES,
    SPLIT,
    TARGET_NAMES,
    TARGETS,
    WEIGHTS,
)
from jetmix.data.writer import (
    CHUNK_CONSTITUENTS,
    CHUNK_JETS,
    JetWriter,
    create,
    new_hdf5,
)
from jetmix.support.arrays import AnyArray


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a file of jetmix' own layout holds of each jet.

    Attributes:
        constituents: features of the constituents; none for jets of whole-jet features alone.
        n_constituents: constituents kept of each jet.
        jets: columns of the whole jet.
        classes: the classes, in the order of the labels.
        targets: regression targets.
        has_weights: whether jets have weights.
        has_split: whether the file says which split a jet is of.
        half: keep constituents as float16.
    """

    constituents: tuple[str, ...] = ()
    n_constituents: int = 0
    jets: tuple[str, ...] = ()
    classes: tuple[str, ...]
    targets: tuple[str, ...] = ()
    has_weights: bool = False
    has_split: bool = False
    half: bool = False

    def datasets(self) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...], type]]:
        """Yield name, shape of a jet's row, chunk and type of every dataset."""
        if self.constituents:
            row = (self.n_constituents, len(self.constituents))
            # a chunk holds one feature: compresses better, and unused features stay unread
            chunk = (CHUNK_JETS, min(CHUNK_CONSTITUENTS, self.n_constituents), 1)
            yield OWN_CONSTITUENTS, row, chunk, np.float16 if self.half else np.float32
        yield JETS, (len(self.jets),), (CHUNK_JETS, max(len(self.jets), 1)), np.float32
        yield LABELS, (), (CHUNK_JETS,), np.int16
        if self.targets:
            width = len(self.targets)
            yield TARGETS, (width,), (CHUNK_JETS, width), np.float32
        if self.has_weights:
            yield WEIGHTS, (), (CHUNK_JETS,), np.float32
        if self.has_split:
            yield SPLIT, (), (CHUNK_JETS,), np.uint8


@dataclass
class ContainerWriter:
    """An open file that blocks of jets are appended to."""

    writer: JetWriter
    content: Content

    def append(self, **rows: AnyArray) -> None:
        """Append jets: an array for each dataset of the content, by its name.

        Raises:
            DataError: if a value does not fit into float16 where the file is in half precision.
            OSError: if the disk is full.
            ValueError: if arrays are missing, or of different lengths.
        """
        self.writer.append_rows({name: rows[name] for name, *_ in self.content.datasets()})


@contextlib.contextmanager
def container_writer(
    path: Path, content: Content, *, attributes: Mapping[str, object]
) -> Iterator[ContainerWriter]:
    """Open a new file of jetmix' own layout, gzip-compressed, for jets to be appended.

    Args:
        path: the file; the caller renames it into place when the block ended well.
        content: what it holds.
        attributes: origin, data_set, units, import, card, hashed, sorted_by; what is no string is
            stored as JSON.

    Raises:
        DataError: if the file cannot be written, for one when the disk is full.
    """
    cache = sum(
        int(np.prod((CHUNK_JETS, *row))) * np.dtype(kind).itemsize
        for _, row, _, kind in content.datasets()
    )
    with new_hdf5(path, cache_bytes=2 * cache) as (handle, file):
        for name, row, chunk, kind in content.datasets():
            create(handle, name, row, chunk, kind)
        handle.attrs["layout"] = LAYOUT
        for name, value in attributes.items():
            handle.attrs[name] = value if isinstance(value, str) else json.dumps(value)
        _write_names(handle, content)
        yield ContainerWriter(JetWriter(path=path, handle=handle, file=file), content)


def _write_names(handle: h5py.File, content: Content) -> None:
    names: dict[str, Sequence[str]] = {
        OWN_JET_NAMES: content.jets,
        OWN_CLASS_NAMES: content.classes,
    }
    if content.constituents:
        names[CONSTITUENT_NAMES] = content.constituents
    if content.targets:
        names[TARGET_NAMES] = content.targets
    for key, values in names.items():
        handle[key] = np.array([value.encode() for value in values] or [], "S")
