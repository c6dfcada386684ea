"""Drafted cards: what they say of a file, and that they import it."""

import numpy as np
import pytest

from jetmix.data.importing.cards.card_file import read_card
from jetmix.data.importing.cards.draft import draft
from jetmix.data.importing.importer import import_jets
from jetmix.errors import DataError
from tests.unit.data.importing.cards.conftest import (
    flat_jets,
    lists,
    padded,
    per_jet,
    write_hdf5,
    write_parquet,
    write_root,
)


def imported(path, text):
    """Import a file with the text of a card."""
    card = path.parent / "draft.toml"
    card.write_text(text)
    return import_jets([path], path.parent / "out.h5", card=card), read_card(card).card


def test_four_momenta_and_an_integer_class(tmp_path):
    flat = flat_jets()
    columns = {f"part_{n}": lists(flat, n) for n in ("px", "py", "pz")} | per_jet(flat)
    columns["part_energy"] = lists(flat, "e")
    text = draft(write_root(tmp_path / "a.root", columns))
    assert "#   part_px: float64 (var), " in text
    assert "#   flavour: int64, 0 to 5" in text
    done, card = imported(tmp_path / "a.root", text)
    assert card.constituents.momentum == {"px": "part_px", "py": "part_py", "pz": "part_pz",
                                          "e": "part_energy"}  # fmt: skip
    assert card.jets.columns == ("jet_pt",)
    assert dict(done.counts) == {"class_0": 10, "class_1": 10, "class_2": 10, "class_5": 10}


def test_words_and_padded_arrays(tmp_path):
    flat = flat_jets()
    kind = np.array(["b", "light jet"] * 20)
    columns = {"pt": padded(flat, "e"), "x": np.ones((40, 5, 2)), "kind": kind.astype("S")}
    text = draft(write_hdf5(tmp_path / "a.h5", columns))
    done, card = imported(tmp_path / "a.h5", text)
    assert card.constituents.select == "pt > 0"
    assert card.constituents.names == ("pt", "x_0", "x_1")
    assert dict(done.counts) == {"b": 20, "light jet": 20}


def test_one_hot_columns_and_numbered_ones(tmp_path):
    columns = {f"pt_{place}": np.arange(1.0, 7) for place in range(4)}
    columns |= {"label_top": np.arange(6) % 2, "label_qcd": 1 - np.arange(6) % 2}
    path = write_parquet(tmp_path / "a.parquet", columns)
    text = draft(path)
    assert "#   pt_*: 4 columns of double, here called pt" in text
    done, card = imported(path, text)
    assert card.labels.select == {"top": "label_top", "qcd": "label_qcd"}
    assert dict(done.counts) == {"top": 3, "qcd": 3}


def test_the_class_line_is_left_open_where_nothing_looks_like_one(tmp_path):
    path = write_parquet(tmp_path / "a.parquet", {"mass": [1.0, 2.5], "tau 21": [0.1, 0.2]})
    text = draft(path)
    (tmp_path / "draft.toml").write_text(text)
    with pytest.raises(DataError, match="labels: 'values' should be given, or else one of select"):
        read_card(tmp_path / "draft.toml")
    done, card = imported(
        path, text.replace("select = {}", 'select = {light = "mass < 2", heavy = "mass > 2"}')
    )
    assert card.jets.columns == ("mass", "tau 21")
    assert dict(done.counts) == {"light": 1, "heavy": 1}


def test_the_table_can_be_chosen(tmp_path):
    path = write_hdf5(tmp_path / "a.h5", {"small/x": np.ones(3), "large/x": np.ones(4)})
    assert 'table = "large"' in draft(path)
    assert "# Tables of the file: large, small" in draft(path)
    assert 'table = "small"' in draft(path, "small")
    with pytest.raises(DataError, match="has no table 'smal'; did you mean 'small'"):
        draft(path, "smal")


def test_files_that_hold_no_jets(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        draft(tmp_path / "a.root")
    with pytest.raises(DataError, match="holds no rows"):
        draft(write_hdf5(tmp_path / "a.h5", {"x": np.ones(0)}))
    (tmp_path / "a.xml").write_text("<a/>")
    with pytest.raises(DataError, match="is named like none of the formats root, parquet"):
        draft(tmp_path / "a.xml")
