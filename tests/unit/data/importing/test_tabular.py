"""The high-level sets: every published form gives the same jets; broken ones are refused."""

import sys

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jetmix.data.dataset import JetDataset
from jetmix.data.importing.tabular import import_high_level
from jetmix.data.importing.tabular_sources import is_high_level
from jetmix.data.jet_file import open_jet_table
from jetmix.data.normalise import in_split, table_hash
from jetmix.data.schema import (
    CLASS_NAMES,
    HIGH_LEVEL_FEATURES,
    LABEL_COLUMNS,
)
from jetmix.data.selection import Selection
from jetmix.errors import DataError, RunConflictError, ToolMissingError
from jetmix.support.packaged import shipped

SAMPLE = shipped("datasets/sample/jets.h5")
ALL = Selection(n_particles=None, features=HIGH_LEVEL_FEATURES)
N = 300


def jets():
    rng = np.random.default_rng(3)
    return rng.normal(size=(N, 16)).astype(np.float32), np.arange(N) % 5


def write_arff(path, change=lambda lines: lines):
    x, y = jets()
    head = ["% a comment", "@RELATION jets", ""]
    head += [f"@ATTRIBUTE {name} REAL" for name in HIGH_LEVEL_FEATURES]
    head += ["@ATTRIBUTE 'class' {g,q,t,w,z}", "", "@DATA"]
    rows = [",".join([*map(repr, row.tolist()), CLASS_NAMES[k].lower()])
            for row, k in zip(x, y, strict=True)]  # fmt: skip
    path.write_text("\n".join([*head, *change(rows)]) + "\n")
    return path


def write_cernbox(path):
    x, y = jets()
    names = [f"j_{name}" for name in reversed(HIGH_LEVEL_FEATURES)]
    kinds = [(n, "f4") for n in names] + [(n, "i4") for n in LABEL_COLUMNS] + [("j_index", "f4")]
    table = np.zeros(N, kinds)
    for column, name in enumerate(HIGH_LEVEL_FEATURES):
        table[f"j_{name}"] = x[:, column]
    for index, name in enumerate(LABEL_COLUMNS):
        table[name] = y == index
    with h5py.File(path, "w") as handle:
        handle["t_allpar_new"] = table
    return path


def write_parquet(path, change=None):
    """Write the set as OpenML does, in two row groups and with the features in another order."""
    import pyarrow as pa
    from pyarrow import parquet

    x, y = jets()
    table = {name: x[:, i].tolist() for i, name in reversed(list(enumerate(HIGH_LEVEL_FEATURES)))}
    table["class"] = [CLASS_NAMES[k].lower() for k in y]
    if change is not None:
        change(table)
    parquet.write_table(pa.table(table), path, row_group_size=200)
    return path


def test_arff_cernbox_and_parquet_give_the_same_jets(tmp_path):
    sources = {
        "openml": write_arff(tmp_path / "set.arff"),
        "cernbox": write_cernbox(tmp_path / "set.h5"),
        "parquet": write_parquet(tmp_path / "set.parquet"),
    }
    x, y = jets()
    for name, source in sources.items():
        assert is_high_level(source)
        done = import_high_level(source, tmp_path / f"{name}-out.h5")
        assert (done.n_jets, done.origin) == (N, "public")
        data = JetDataset.load(done.path, ALL, split="all")
        assert data.feature_names == HIGH_LEVEL_FEATURES
        np.testing.assert_array_equal(data.y, y)
        np.testing.assert_array_equal(data.x, data.normalisation.apply(x))
        with h5py.File(done.path) as handle:
            assert handle.attrs["high_level_set"] == name.replace("parquet", "openml")


def test_splits_are_disjoint_and_fixed_by_content(tmp_path):
    done = import_high_level(write_arff(tmp_path / "set.arff"), tmp_path / "out.h5")
    parts = [JetDataset.load(done.path, ALL, split=s) for s in ("train", "validation", "test")]
    rows = [row.tobytes() for part in parts for row in part.x]
    assert len(rows) == len(set(rows)) == N
    assert parts[0].normalisation == parts[2].normalisation
    np.testing.assert_allclose(parts[0].x.mean(axis=0, dtype=float), 0, atol=1e-6)


def test_high_level_features_of_the_sample_have_the_splits_of_its_constituents():
    table = JetDataset.load(
        SAMPLE,
        Selection(
            n_particles=None,
            features=(
                "mass_mmdt",
                "multiplicity",
            ),
        ),
        split="test",
    )
    jets = JetDataset.load(SAMPLE, Selection(n_particles=4, features=("pt",)), split="test")
    np.testing.assert_array_equal(table.y, jets.y)
    assert table.x.shape == (len(jets.y), 2)
    assert (table.n_particles, jets.n_particles) == (0, 4)
    means = [table.x[table.y == index, 0].mean() for index in range(5)]
    assert int(np.argmax(means)) == CLASS_NAMES.index("t")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [*rows[:7], "1,2,g", *rows[7:]], "row 7: has 3 values for 17 columns"),
        (lambda rows: [r.replace(",g", ",h") for r in rows], "row 0: the class is 'h', not one of"),
        (lambda rows: [*rows[:9], "nan," + rows[9].split(",", 1)[1]],
         "row 9: zlogz is not a finite number"),
        (lambda rows: ["x," + rows[0].split(",", 1)[1]], "a value is no number"),
        (lambda rows: [r for r in rows if not r.endswith("z")], "no jets of class Z"),
        (lambda rows: rows[:0], "no jets of class g, q, W, Z, t"),
    ],
)  # fmt: skip
def test_broken_arff_is_refused(tmp_path, change, message):
    with pytest.raises(DataError, match=message):
        import_high_level(write_arff(tmp_path / "set.arff", change), tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table["zlogz"].__setitem__(7, None), "row 7: zlogz is not a finite number"),
        (lambda table: table["class"].__setitem__(3, "b"), "row 3: the class is 'b', not one of"),
        (lambda table: table["class"].__setitem__(3, None), "row 3: the class is 'None', not one"),
        (lambda table: table.__setitem__("zlogz", ["x"] * N), "not a readable parquet file"),
        (lambda table: table.__setitem__("zlogz", [[1.0]] * N), "not a readable parquet file"),
        (lambda table: table.pop("mass_mmdt"), "has no column mass_mmdt"),
    ],
)
def test_broken_parquet_is_refused(tmp_path, change, message):
    with pytest.raises(DataError, match=message):
        import_high_level(write_parquet(tmp_path / "set.parquet", change), tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


@given(keep=st.floats(0, 0.999), flip=st.integers(0, 255))
@settings(max_examples=25, deadline=None)
def test_damaged_parquet_gives_a_clear_error(tmp_path_factory, keep, flip):
    folder = tmp_path_factory.mktemp("damaged")
    path = write_parquet(folder / "set.parquet")
    content = bytearray(path.read_bytes()[: int(path.stat().st_size * keep)])
    if content:
        content[len(content) // 2] ^= flip
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a readable parquet file"):
        import_high_level(path, folder / "out.h5")
    assert not (folder / "out.h5").exists()


def test_other_broken_sources_are_refused(tmp_path):
    text = tmp_path / "a.arff"
    text.write_text("hello")
    with pytest.raises(DataError, match=r"not an ARFF file \(no @DATA\)"):
        import_high_level(text, tmp_path / "out.h5")
    text.write_text("@ATTRIBUTE zlogs REAL\n@DATA\n1\n")
    with pytest.raises(DataError, match=r"has no column zlogz \(did you mean 'zlogs'\?\)"):
        import_high_level(text, tmp_path / "out.h5")
    binary = tmp_path / "a.parquet"
    binary.write_bytes(b"nonsense")
    with pytest.raises(DataError, match="not a readable parquet file"):
        import_high_level(binary, tmp_path / "out.h5")
    with pytest.raises(DataError, match="no such file"):
        import_high_level(tmp_path / "none.arff", tmp_path / "out.h5")
    (tmp_path / "out.h5").write_text("precious")
    with pytest.raises(RunConflictError, match="exists"):
        import_high_level(write_arff(tmp_path / "b.arff"), tmp_path / "out.h5")


def test_parquet_without_pyarrow_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(ToolMissingError, match=r"pip install 'jetmix\[parquet\]', or give"):
        import_high_level(path, tmp_path / "out.h5")


def load_hashes(path):
    with open_jet_table(path) as table:
        return table_hash(table.read_jets(0, table.n_jets)[:, table.jet_columns(table.hashed)])


def test_unknown_feature_and_empty_split(tmp_path):
    with pytest.raises(DataError, match=r"no jet feature 'mass_mdt' \(did you mean 'mass_mmdt'"):
        JetDataset.load(SAMPLE, Selection(n_particles=None, features=("mass_mdt",)), split="all")
    path = tmp_path / "few.h5"
    names = [f"j_{name}" for name in HIGH_LEVEL_FEATURES]
    table = np.zeros((5, 21), np.float32)
    table[np.arange(5), 16 + np.arange(5)] = 1
    with h5py.File(path, "w") as handle:
        handle["jets"] = table
        handle["jetFeatureNames"] = np.array([*names, *LABEL_COLUMNS], "S")
    splits = in_split(load_hashes(path), "test")
    empty = "train" if splits.all() else "test"
    with pytest.raises(DataError, match=f"none of the 5 jets falls into the split {empty}"):
        JetDataset.load(path, ALL, split=empty)
