"""The same jets in every format give the same file."""

import h5py
import numpy as np
import pytest

from jetmix.data.importing.cards.columns import Jagged
from jetmix.data.importing.cards.readers.registry import FORMATS, format_of, table_of
from jetmix.data.importing.importer import import_jets
from jetmix.errors import DataError, ToolMissingError
from tests.unit.data.importing.cards.conftest import (
    flat_jets,
    lists,
    padded,
    per_jet,
    write_hdf5,
    write_pandas,
    write_parquet,
    write_root,
)

NAMES = ("px", "py", "pz", "e")


def write(kind, folder):  # noqa: PLR0911
    """Write the jets of :func:`flat_jets` in one format; return (file, lines for the card)."""
    flat = flat_jets()
    fixed = {name: padded(flat, name) for name in NAMES}
    ragged = {name: lists(flat, name) for name in NAMES}
    numbered = {
        f"{name}_{place}": column for name, array in fixed.items()
        for place, column in enumerate(array.T)
    }  # fmt: skip
    jets = per_jet(flat)
    select = 'select = "e > 0"\n'
    series = "[source]\nseries = {" + ", ".join(f'{n} = "{n}_*"' for n in NAMES) + "}\n"
    if kind == "parquet":
        return write_parquet(folder / "a.parquet", ragged | jets), "", ""
    if kind == "root":
        return write_root(folder / "a.root", ragged | jets), "", ""
    if kind == "hdf5":
        return write_hdf5(folder / "a.h5", fixed | jets, compression="gzip"), "", select
    if kind == "compound":
        kinds = [(n, a.dtype, a.shape[1:]) for n, a in (fixed | jets).items()]
        rows = np.zeros(len(flat["counts"]), kinds)
        for name, array in (fixed | jets).items():
            rows[name] = array
        return write_hdf5(folder / "a.h5", {"jets/all": rows}), "", select
    if kind == "pandas":
        whole = {"flavour": jets.pop("flavour")}
        return write_pandas(folder / "a.h5", [numbered | jets, whole]), series, select
    if kind == "npz":
        np.savez_compressed(folder / "a.npz", **fixed, **jets)
        return folder / "a.npz", "", select
    if kind == "npz-array":
        x = np.asfortranarray(np.stack(list(fixed.values()), axis=2))
        np.savez(folder / "a.npz", x=x, **jets)
        names = ", ".join(f'"{name}"' for name in NAMES)
        return folder / "a.npz", f"[source]\narrays = {{x = [{names}]}}\n", select
    header = ",".join([*numbered, *jets])
    lines = np.stack([*numbered.values(), *jets.values()], axis=1)
    np.savetxt(folder / "a.csv", lines, delimiter=",", header=header, comments="", fmt="%.17g")
    return folder / "a.csv", series, select


@pytest.mark.parametrize(
    "kind", ["parquet", "root", "hdf5", "compound", "pandas", "npz", "npz-array", "csv"]
)
def test_all_formats_give_the_same_jets(kind, tmp_path, card, monkeypatch):
    # several blocks per file
    monkeypatch.setattr("jetmix.data.importing.cards.run._MOST_ROWS", 7)
    monkeypatch.setattr("jetmix.data.importing.cards.run._FEWEST_ROWS", 7)
    path, source, select = write(kind, tmp_path)
    chosen = card(("[constituents]\n", source + "[constituents]\n" + select))
    done = import_jets([path], tmp_path / "out.h5", card=chosen)
    assert dict(done.counts) == {"b": 10, "light": 30}
    flat = flat_jets()
    with h5py.File(done.path) as handle:
        assert handle["constituents"].shape == (40, 3, 4)
        for jet, (px, py) in enumerate(zip(lists(flat, "px"), lists(flat, "py"), strict=True)):
            pt = np.sort(np.hypot(px, py))[::-1][:3]
            found = handle["constituents"][jet, :, 0]
            np.testing.assert_allclose(found[: len(pt)], pt, rtol=1e-6)
            assert not found[len(pt) :].any()
        np.testing.assert_array_equal(handle["jets"][:, 0], 20 + np.arange(40))
        np.testing.assert_array_equal(handle["labels"][:4], [0, 1, 1, 1])


def test_npy_and_nested_lists(tmp_path):
    rows = np.zeros(5, [("pt", np.float32, (3,)), ("y", np.int8)])
    rows["pt"], rows["y"] = np.arange(15).reshape(5, 3), np.arange(5)
    np.save(tmp_path / "a.npy", rows)
    (block,) = FORMATS["numpy"].blocks(tmp_path / "a.npy", "", ["y", "pt"], 10)
    np.testing.assert_array_equal(block["pt"], rows["pt"])
    nested = [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]]
    path = write_parquet(tmp_path / "n.parquet", {"x": nested, "word": ["a", "b"]})
    (block,) = FORMATS["parquet"].blocks(path, "", ["x", "word"], 10)
    assert isinstance(block["x"], Jagged)
    np.testing.assert_array_equal(block["x"].values, [[1, 2], [3, 4], [5, 6]])
    np.testing.assert_array_equal(block["x"].counts, [2, 1])
    assert block["word"].tolist() == ["a", "b"]


class Trap:
    """Runs code when it is unpickled."""

    opened = False

    def __reduce__(self):
        return (setattr, (Trap, "opened", True))


def test_pickles_are_never_opened(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([Trap()], object), y=np.arange(1))
    path = write_pandas(tmp_path / "a.h5", [{"x": np.arange(3.0)}], names=[Trap()])
    for file, message in ((tmp_path / "a.npz", "x.npy holds pickled"), (path, "no plain list")):
        with pytest.raises(DataError, match=message):
            FORMATS[format_of(file)].tables(file)
    assert not Trap.opened


def test_tables_of_a_file(tmp_path):
    path = write_hdf5(tmp_path / "a.h5", {"a/x": np.zeros(3), "b/x": np.zeros(4), "y": np.ones(2)})
    assert {t.name: t.rows for t in FORMATS["hdf5"].tables(path)} == {"/": 2, "a": 3, "b": 4}
    assert table_of(path, "hdf5", "/b/").rows == 4
    assert table_of(path, "hdf5", "/").rows == 2
    with pytest.raises(DataError, match="holds the tables /, a, b; name one of them in the card"):
        table_of(path, "hdf5", "")
    with pytest.raises(DataError, match="has no table 'c'"):
        table_of(path, "hdf5", "c")


def test_links_out_of_a_file_are_not_followed(tmp_path):
    secret = write_hdf5(tmp_path / "secret.h5", {"x": np.ones(3)})
    with h5py.File(tmp_path / "a.h5", "w") as handle:
        handle["y"] = np.ones(3)
        handle["x"] = h5py.ExternalLink(secret, "x")
    (table,) = FORMATS["hdf5"].tables(tmp_path / "a.h5")
    assert table.names == ["y"]


def test_a_missing_library_names_the_extra(tmp_path, monkeypatch):
    path = write_root(tmp_path / "a.root", {"x": np.ones(3)})
    monkeypatch.setitem(__import__("sys").modules, "uproot", None)
    with pytest.raises(ToolMissingError, match=r"uproot is not installed.*jetmix\[import\]"):
        FORMATS["root"].tables(path)
