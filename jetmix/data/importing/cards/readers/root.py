"""ROOT files, read with uproot. Branches are read by name: no formula ever reaches uproot."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.data.importing.cards.columns import (
    Block,
    Column,
    Field,
    Jagged,
    Table,
    shape_text,
    sliced,
)
from jetmix.data.importing.cards.readers.common import needed, reading, texts

KIND = "ROOT"
_PIECE_BYTES = 64 * 2**20


def tables(path: Path) -> tuple[Table, ...]:
    """Return the TTrees of a file."""
    uproot = needed("uproot")
    with reading(path, KIND), uproot.open({path: None}) as file:
        found = {
            name: file[name]
            for name, kind in file.classnames(cycle=False).items()
            if kind in ("TTree", "TNtuple", "TNtupleD")
        }
        return tuple(
            Table(name, int(tree.num_entries), _fields(tree)) for name, tree in found.items()
        )


def _fields(tree: Any) -> tuple[Field, ...]:
    return tuple(_field(name, branch) for name, branch in _leaves(tree).items())


def _leaves(tree: Any) -> dict[str, Any]:
    return {name: branch for name, branch in tree.iteritems() if not branch.branches}


def _field(name: str, branch: Any) -> Field:
    interpretation = branch.interpretation
    content = getattr(interpretation, "content", interpretation)
    dtype = getattr(content, "to_dtype", None)
    if dtype is None:
        return Field(name, str(branch.typename))
    # the dtype of a fixed array holds its shape
    inner = shape_text(dtype.shape)
    if content is interpretation:
        return Field(name, dtype.base.name, inner)
    return Field(name, dtype.base.name, f"var, {inner}" if inner else "var")


def blocks(path: Path, table: str, columns: Sequence[str], rows: int) -> Iterator[Block]:
    """Yield the branches of a TTree, ``rows`` entries at a time."""
    uproot = needed("uproot")
    # an array cache would keep every block of a large file
    with reading(path, KIND), uproot.open({path: None}, array_cache=None) as file:
        tree = file[table]
        found = _leaves(tree)
        piece = _piece([found[name] for name in columns], rows)
        for first in range(0, tree.num_entries, piece):
            last = min(first + piece, tree.num_entries)
            whole = {name: _read(found[name], first, last) for name in columns}
            for start in range(0, last - first, rows):
                yield {name: sliced(column, start, start + rows) for name, column in whole.items()}


def _piece(branches: Sequence[Any], rows: int) -> int:
    """Return how many entries to unpack at once.

    A basket holds thousands of entries and is unpacked for any of them, so that small pieces would
    unpack it many times.
    """
    size = sum(int(branch.uncompressed_bytes) for branch in branches)
    entries = max((int(branch.num_entries) for branch in branches), default=1)
    return max(rows, int(_PIECE_BYTES * entries / max(size, 1)))


def _read(branch: Any, start: int, stop: int) -> Column:
    """Read one branch; uproot's own formulas and aliases are passed by."""
    ak = needed("awkward")
    array = branch.array(entry_start=start, entry_stop=stop, library="ak")
    if "string" in str(array.type):
        return texts(ak.to_list(array))
    if array.ndim == 1 or "var" not in str(array.type):
        return np.asarray(ak.to_numpy(array, allow_missing=False))
    counts = np.asarray(ak.to_numpy(ak.num(array, axis=1)), np.int64)
    return Jagged(np.asarray(ak.to_numpy(ak.flatten(array, axis=1))), counts)
