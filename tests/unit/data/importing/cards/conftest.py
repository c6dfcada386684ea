"""Small files of jets in every format that cards read, and a card to begin with."""

import pickle
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

CARD = """
[constituents]
keep = 3
momentum = {px = "px", py = "py", pz = "pz", e = "e"}
derive = ["pt", "ptrel", "etarel", "phirel"]

[jets]
columns = ["jet_pt"]

[labels]
column = "flavour"
values = {b = 5, light = [0, 1, 2]}
"""


def flat_jets(n_jets: int = 40, seed: int = 3) -> dict[str, np.ndarray]:
    """Return lists per jet as one flat array each, with their counts."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 6, n_jets)
    pt = rng.exponential(20, counts.sum()) + 1
    eta, phi = rng.normal(0, 1, counts.sum()), rng.uniform(-3, 3, counts.sum())
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return {"counts": counts, "px": px, "py": py, "pz": pz, "e": pt * np.cosh(eta)}


def lists(flat: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    """Return a flat column as one array per jet."""
    return np.split(flat[name], np.cumsum(flat["counts"])[:-1])


def padded(flat: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return a flat column as an array (jet, particle), padded with zeros."""
    found = np.zeros((len(flat["counts"]), flat["counts"].max()))
    for row, values in zip(found, lists(flat, name), strict=True):
        row[: len(values)] = values
    return found


def per_jet(flat: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return columns with one value per jet: classes in turn."""
    jet = np.arange(len(flat["counts"]))
    return {"flavour": np.array([5, 0, 1, 2])[jet % 4], "jet_pt": 20.0 + jet}


def write_parquet(path: Path, columns: dict[str, object]) -> Path:
    """Write columns; lists of arrays become lists."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({name: list(column) for name, column in columns.items()}), path)
    return path


def write_root(path: Path, columns: dict[str, object], tree: str = "tree") -> Path:
    """Write a TTree; lists of arrays become jagged branches."""
    import awkward as ak
    import uproot

    arrays = {n: ak.Array(c) if isinstance(c, list) else c for n, c in columns.items()}
    kinds = {
        n: "var * float64" if isinstance(columns[n], list) else np.dtype((a.dtype, a.shape[1:]))
        for n, a in arrays.items()
    }
    with uproot.recreate(path) as file:
        file.mktree(tree, kinds)
        file[tree].extend(arrays)
    return path


def write_hdf5(path: Path, columns: dict[str, np.ndarray], **options: object) -> Path:
    """Write one dataset per column."""
    with h5py.File(path, "w") as handle:
        for name, column in columns.items():
            handle.create_dataset(name, data=column, **options)
    return path


def write_pandas(path: Path, blocks: list[dict[str, np.ndarray]], names: object = None) -> Path:
    """Write a table as pandas does: blocks of columns of one type, their names pickled."""
    import hdf5plugin

    n_rows = len(next(iter(blocks[0].values())))
    kinds = [("index", np.int64)]
    for number, block in enumerate(blocks):
        column = next(iter(block.values()))
        kinds.append((f"values_block_{number}", column.dtype, (len(block),)))
    rows = np.zeros(n_rows, kinds)
    for number, block in enumerate(blocks):
        rows[f"values_block_{number}"] = np.stack(list(block.values()), axis=1)
    with h5py.File(path, "w") as handle:
        group = handle.create_group("table")
        group.attrs["pandas_type"] = np.bytes_("frame_table")
        data = group.create_dataset("table", data=rows, chunks=True, **hdf5plugin.Blosc())
        for number, block in enumerate(blocks):
            listed = list(block) if names is None else names
            text = np.bytes_(pickle.dumps(listed, protocol=0))
            data.attrs[f"values_block_{number}_kind"] = text
    return path


@pytest.fixture
def parquet(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of jets; ``change(columns)`` may spoil them first."""

    def write(name: str = "jets.parquet", change=None, **sizes) -> Path:
        flat = flat_jets(**sizes)
        columns = {n: lists(flat, n) for n in ("px", "py", "pz", "e")} | per_jet(flat)
        if change is not None:
            change(columns)
        return write_parquet(tmp_path / name, columns)

    return write


@pytest.fixture
def card(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of the card, with texts replaced."""

    def write(*changes: tuple[str, str], name: str = "my.toml") -> Path:
        text = CARD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text)
        return path

    return write
