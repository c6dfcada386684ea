"""Bad cards and bad sources: one line each that names file, row and card line; nothing is left."""

import numpy as np
import pytest

from jetmix.data.importing.cards.card_file import read_card
from jetmix.data.importing.importer import import_jets
from jetmix.errors import DataError, RunConflictError
from tests.unit.data.importing.cards.conftest import (
    flat_jets,
    lists,
    padded,
    per_jet,
    write_hdf5,
    write_parquet,
    write_root,
)

MOMENTUM = 'momentum = {px = "px", py = "py", pz = "pz", e = "e"}'
ARRAYS = """[source]
arrays = {px = ["a", "b"]}
[constituents]
keep = 3
features = {x = "a"}"""
KEEP, JETS, VALUES = "keep = 3", 'columns = ["jet_pt"]', "values = {b = 5, light = [0, 1, 2]}"


def refused(paths, card, tmp_path):
    """Import, expect one line of error, and return it; nothing may be left."""
    out = tmp_path / "made" / "out.h5"
    with pytest.raises(DataError) as caught:
        import_jets(paths, out, card=card)
    assert not out.parent.exists() or not list(out.parent.iterdir())
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((KEEP, "kep = 3"), "line 3: constituents: unknown key 'kep'; did you mean 'keep'?"),
        ((KEEP, "keep = 'x'"), "my.toml line 3: constituents: 'keep' should be an integer"),
        ((KEEP, "keep = 0"), "my.toml line 3: constituents: keep = 0 must lie in 1 ... 1000"),
        ((KEEP, ""), "'keep' should be an integer but is absent"),
        (('"etarel"', '"etarell"'), "line 5: constituents: derive"),
        (('"etarel"', '"etarell"'), "did you mean 'etarel'?"),
        (('e = "e"}', 'q = "e"}'), "must name one of: px py pz e; pt eta phi e"),
        ((MOMENTUM, ""), "'momentum' should be given"),
        ((VALUES, ""), "labels: 'values' should be given together with column"),
        ((VALUES, "values = {b = 5}"), "of two classes or more"),
        (("[labels]", "[lables]"), "unknown key 'lables'; did you mean 'labels'?"),
        ((JETS, 'columns = ["a", "a"]'), "without a, which is a column already"),
        ((JETS, 'columns = ["a"'), "not TOML ("),
        ((KEEP, f"{KEEP}\nselect = 'e >'"), "my.toml line 4 (constituents.select): 'e >' is not a"),
        ((JETS, "features = {x = 'f(e)'}"), "line 8 (jets.features.x): 'f(e)' calls 'f'"),
        (('px = "px"', 'px = "pxx"'), "line 4 (constituents.momentum.px): jets.parquet has no"),
        (('px = "px"', 'px = "pxx"'), "has no column 'pxx' (did you mean 'px'?)"),
        ((KEEP, f"{KEEP}\norder = 'ptt'"), "no column 'ptt' (did you mean 'pt'?)"),
        ((JETS, 'columns = ["px"]'), "line 8 (jets.columns): px has one value per constituent"),
        (("b = 5", "b = 9"), "jets.parquet row 0, my.toml line 11 (labels.column)"),
        (("b = 5", "b = 9"), "is of none of the classes b, light (flavour is 5)"),
        (("b = 5", "c = 9, b = 5"), "no jets of class c among 40"),
        (("b = 5", "b = '5'"), "the column holds numbers, the card names '5'"),
        ((f'column = "flavour"\n{VALUES}', 'select = {a = "jet_pt > 1", b = "jet_pt > 2"}'),
         "row 0, my.toml line 11 (labels.select): is of the classes a and b at once"),
        ((f'column = "flavour"\n{VALUES}', 'files = {a = "a*", b = "b*"}'),
         "jets.parquet is named like none of a*, b*"),
        ((KEEP, f"{KEEP}\nselect = 'e > 1e9'"), "(left out: 40 without constituents)"),
        ((JETS, f"{JETS}\nweight = '-jet_pt'"), "row 0, my.toml line 9 (jets.weight): the weight"),
        (("[labels]", '[split]\ncolumn = "flavour"\nvalues = {train = 5}\n[labels]'),
         "jets.parquet row 1, my.toml line 11 (split.column): flavour is 0, which is no split"),
        (("[labels]", '[split]\ncolumn = "flavour"\nvalues = {trian = 5}\n[labels]'),
         "'values' should be of train, validation, test only"),
        (("[constituents]", '[source]\ntable = "t"\n[constituents]'), "has no table 't'"),
        (("[constituents]", '[source]\nseries = {q = "q_*"}\n[constituents]'), "no column 'q_*'"),
        (("[constituents]", '[source]\nformat = "rot"\n[constituents]'), "is none of root"),
        (("[constituents]", '[source]\nformat = "root"\n[constituents]'), "not a readable ROOT"),
        ((f"[constituents]\n{KEEP}", ARRAYS),
         "jets.parquet px: its last axis does not have the 2 entries"),
    ],
)  # fmt: skip
def test_cards(change, message, parquet, card, tmp_path):
    assert message in refused([parquet()], card(change), tmp_path)


def spoiled(name, row, value):
    """Return a change of one constituent's value."""

    def change(columns):
        columns[name] = [values.copy() for values in columns[name]]
        columns[name][row][0] = value

    return change


def shortened(columns):
    columns["e"][7] = columns["e"][7][:-1]


def words(columns):
    columns["jet_pt"] = np.array(["soft"] * 40)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (shortened, "jets.parquet row 7: e has 2 entries, px has 3"),
        (spoiled("e", 7, 1e38), "row 7 constituent 0, my.toml line 4 (constituents.momentum.e)"),
        (spoiled("e", 7, 1e38), "e is 1e+38, beyond 1e+07"),
        (
            spoiled("px", 3, np.nan),
            "row 3 constituent 0, my.toml line 4 (constituents.momentum.px)",
        ),
        (words, "jets.parquet, my.toml line 8 (jets.columns): jet_pt holds text"),
        (lambda columns: columns.update(jet_pt=np.full(40, np.inf)), "jet_pt is infinite"),
        (
            lambda columns: columns.update(flavour=[5] + [None] * 39),
            "flavour, rows from 0: has empty",
        ),
    ],
)
def test_sources(change, message, parquet, card, tmp_path):
    assert message in refused([parquet(change=change)], card(), tmp_path)


def test_another_layout_halfway_through(parquet, card, tmp_path):
    first = parquet("a_1.parquet")
    parquet("a_2.parquet", change=lambda columns: columns.pop("pz"))
    found = refused([tmp_path / "a_*.parquet"], card(), tmp_path)
    assert "a_2.parquet has no column 'pz'" in found
    text = first.with_name("a_3.root")
    text.write_bytes(b"no ROOT file")
    assert "a_3.root: not a readable ROOT file" in refused([first, text], card(), tmp_path)


def test_a_truncated_file_of_each_format(card, tmp_path):
    flat = flat_jets(400)
    ragged = {name: lists(flat, name) for name in ("px", "py", "pz", "e")} | per_jet(flat)
    fixed = {name: padded(flat, name) for name in ("px", "py", "pz", "e")} | per_jet(flat)
    np.savez(tmp_path / "a.npz", **fixed)
    kinds = [*((name, float, (3,)) for name in ("px", "py", "pz", "e")), ("flavour", int)]
    np.save(tmp_path / "a.npy", np.zeros(400, [*kinds, ("jet_pt", int)]))
    write_root(tmp_path / "a.root", ragged)
    write_parquet(tmp_path / "a.parquet", ragged)
    for path in (tmp_path / f"a.{ending}" for ending in ("npz", "npy", "root", "parquet")):
        content = path.read_bytes()
        for share in (0, 0.3, 0.9):
            path.write_bytes(content[: int(len(content) * share)])
            found = refused([path], card(), tmp_path)
            assert f"{path.name}: not a readable" in found


@pytest.mark.parametrize("ending", ["root", "parquet", "h5", "npz"])
def test_damaged_bytes_are_data_errors(ending, card, tmp_path):
    flat = flat_jets(100)
    ragged = {name: lists(flat, name) for name in ("px", "py", "pz", "e")} | per_jet(flat)
    fixed = {name: padded(flat, name) for name in ("px", "py", "pz", "e")} | per_jet(flat)
    path = tmp_path / f"a.{ending}"
    if ending == "npz":
        np.savez(path, **fixed)
    else:
        write = {"root": write_root, "parquet": write_parquet, "h5": write_hdf5}[ending]
        write(path, fixed if ending == "h5" else ragged)
    good, rng, refusals = path.read_bytes(), np.random.default_rng(4), 0
    chosen = card((KEEP, f"{KEEP}\nselect = 'e > 0'"))
    for attempt in range(12):
        damaged = np.frombuffer(good, np.uint8).copy()
        damaged[rng.integers(0, len(good), 20)] = rng.integers(0, 256, 20)
        path.write_bytes(damaged.tobytes())
        try:
            import_jets([path], tmp_path / f"{attempt}.h5", card=chosen)
        except DataError:
            refusals += 1
    assert refusals >= 3


def test_arrays_of_unequal_length(card, tmp_path):
    flat = flat_jets()
    arrays = {name: padded(flat, name) for name in ("px", "py", "pz", "e")} | per_jet(flat)
    arrays["flavour"] = arrays["flavour"][:-1]
    np.savez(tmp_path / "a.npz", **arrays)
    found = refused([tmp_path / "a.npz"], card(), tmp_path)
    assert "flavour has 39 rows, px has 40" in found


def test_cards_that_are_not_there(tmp_path, parquet, card):
    with pytest.raises(DataError, match=r"no card 'jetclas'.*did you mean 'jetclass'"):
        read_card("jetclas")
    with pytest.raises(DataError, match=r"my\.toml: no such file"):
        read_card("my.toml")
    with pytest.raises(DataError, match="no such file or folder"):
        import_jets([tmp_path / "b*.root"], tmp_path / "out.h5", card=card())
    (tmp_path / "out.h5").touch()
    with pytest.raises(RunConflictError, match="already exists"):
        import_jets([parquet()], tmp_path / "out.h5", card=card())
