"""Imports by a card: what is stored, in which order, and what is left out."""

import json
import tarfile

import h5py
import numpy as np
import pytest

import jetmix as jm
from jetmix.data.importing.cards.card import Card, ConstituentsSection, JetsSection, LabelsSection
from jetmix.data.importing.cards.derive import charge
from jetmix.data.importing.importer import import_jets
from jetmix.errors import DataError
from tests.unit.data.importing.cards.conftest import flat_jets, lists, per_jet, write_parquet


def imported(path, card, out=None, **options):
    """Import one file and return its datasets and attributes."""
    out = out or path.parent / "out.h5"
    done = import_jets([path], out, card=card, **options)
    with h5py.File(out) as handle:
        found = {name: handle[name][...] for name in handle}
        return done, found, dict(handle.attrs)


def test_what_is_stored(parquet, card):
    chosen = card()
    done, found, attributes = imported(parquet(), chosen)
    assert found["constituent_names"].tolist() == [b"pt", b"ptrel", b"etarel", b"phirel"]
    assert found["jet_names"].tolist() == [b"jet_pt"]
    assert found["class_names"].tolist() == [b"b", b"light"]
    assert attributes["card"] == chosen.read_text()
    assert attributes["sorted_by"] == "pt"
    assert json.loads(attributes["hashed"]) == ["pt", "ptrel", "etarel", "phirel"]
    record = json.loads(attributes["import"])
    assert record["sources"] == ["jets.parquet"]
    assert record["counts"] == {"b": 10, "light": 30}
    assert (done.n_jets, done.n_files, done.origin, done.dropped) == (40, 1, "unknown", {})


def test_derived_features_are_those_of_the_definitions(tmp_path, card):
    """Three particles whose jet is along x: pT 6, 3, 1 with phi 0.1, -0.2, 0 and eta 0, 1, -1."""
    pt, phi, eta = np.array([6.0, 3, 1]), np.array([0.1, -0.2, 0]), np.array([0.0, 1, -1])
    px, py, pz, e = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)
    columns = {"px": [px] * 2, "py": [py] * 2, "pz": [pz] * 2, "e": [e] * 2}
    path = write_parquet(tmp_path / "a.parquet", columns | {"flavour": [5, 0], "jet_pt": [1.0, 1]})
    names = ("mass", "erel", "ptrel", "etarel", "phirel", "deltaR", "logpt", "logerel", "costheta")
    text = ", ".join(f'"{name}"' for name in names)
    jets = 'derive = ["pt", "mass", "eta", "multiplicity"]'
    chosen = card(('"pt", "ptrel", "etarel", "phirel"', text), ('columns = ["jet_pt"]', jets))
    _, found, _ = imported(path, chosen)
    total = np.array([px.sum(), py.sum(), pz.sum(), e.sum()])
    jet_pt, jet_phi = np.hypot(*total[:2]), np.arctan2(total[1], total[0])
    jet_eta = np.arcsinh(total[2] / jet_pt)
    mass = np.sqrt(total[3] ** 2 - (total[:3] ** 2).sum())
    np.testing.assert_allclose(found["jets"][0], [jet_pt, mass, jet_eta, 3], rtol=1e-6)
    expected = {
        "mass": np.zeros(3), "erel": e / total[3], "ptrel": pt / jet_pt, "etarel": eta - jet_eta,
        "phirel": phi - jet_phi, "deltaR": np.hypot(eta - jet_eta, phi - jet_phi),
        "logpt": np.log(pt), "logerel": np.log(e / total[3]), "costheta": np.tanh(eta),
    }  # fmt: skip
    for place, name in enumerate(names):
        np.testing.assert_allclose(
            found["constituents"][0, :, place], expected[name], rtol=1e-5, atol=1e-6, err_msg=name
        )


def test_selections_drop_and_count(parquet, card):
    chosen = card(
        ("keep = 3", 'keep = 3\nselect = "pt > 20"'),
        ('columns = ["jet_pt"]', 'select = "30 < top < 50"\nfeatures = {top = "jet_pt + 0"}'),
        ("light = [0, 1, 2]", "light = [0, 1]"),
        ("[labels]", '[labels]\nother = "drop"'),
    )
    done, found, _ = imported(parquet(), chosen)
    flat, jets = flat_jets(), per_jet(flat_jets())
    hard = [(np.hypot(px, py) > 20).any()
            for px, py in zip(lists(flat, "px"), lists(flat, "py"), strict=True)]  # fmt: skip
    inside = (jets["jet_pt"] > 30) & (jets["jet_pt"] < 50) & hard
    assert done.dropped == {
        "without constituents": 40 - sum(hard),
        "not selected": sum(hard) - inside.sum(),
        "of no class": (inside & (jets["flavour"] == 2)).sum(),
    }
    kept = inside & (jets["flavour"] != 2)
    np.testing.assert_array_equal(found["jets"][:, 0], jets["jet_pt"][kept])
    pt = found["constituents"][..., 0]
    assert ((pt == 0) | (pt > 20)).all()


def test_targets_weights_split_and_units(parquet, card):
    def more(columns):
        columns["part"] = np.array(["train", "test", "val", "val"] * 10)

    jets = """columns = ["jet_pt"]
targets = {half = "jet_pt / 2"}
weight = "where(flavour == 5, 2, 0.5)"
[split]
column = "part"
values = {train = "train", validation = "val", test = ["test"]}"""
    chosen = card(
        ("[constituents]", 'units = {pt = "GeV"}\ndata_set = "mine"\n[constituents]'),
        ('columns = ["jet_pt"]', jets),
    )
    _, found, attributes = imported(parquet(change=more), chosen)
    np.testing.assert_array_equal(found["targets"][:, 0], 10 + np.arange(40) / 2)
    np.testing.assert_array_equal(found["weights"][:4], [2, 0.5, 0.5, 0.5])
    np.testing.assert_array_equal(found["split"][:4], [0, 2, 1, 1])
    assert json.loads(attributes["units"]) == {"pt": "GeV"}
    assert attributes["data_set"] == "mine"


def test_order_of_the_file_and_another_order(parquet, card):
    flat = flat_jets()
    _, found, attributes = imported(parquet(), card(("keep = 3", 'keep = 3\norder = "file"')))
    assert attributes["sorted_by"] == ""
    first = [np.hypot(px[0], py[0])
             for px, py in zip(lists(flat, "px"), lists(flat, "py"), strict=True)]  # fmt: skip
    np.testing.assert_allclose(found["constituents"][:, 0, 0], first, rtol=1e-6)
    order = ("keep = 3", 'keep = 3\norder = "energy"\nfeatures = {energy = "e"}')
    path = parquet()
    _, found, attributes = imported(path, card(order), path.parent / "b.h5")
    assert attributes["sorted_by"] == "energy"
    assert (np.diff(found["constituents"][..., 4], axis=1) <= 0).all()


def test_classes_by_selection_and_by_file(parquet, card, tmp_path):
    by_value = 'column = "flavour"\nvalues = {b = 5, light = [0, 1, 2]}'
    rest = "flavour != 5 and jet_pt"
    three = f'select = {{b = "flavour == 5", soft = "{rest} < 40", rest = "{rest} >= 40"}}'
    done, _, _ = imported(parquet(), card((by_value, three)))
    assert dict(done.counts) == {"b": 10, "soft": 15, "rest": 15}
    folder = tmp_path / "sets"
    folder.mkdir()
    for name in ("qcd_1.parquet", "qcd_2.parquet", "top_1.parquet"):
        parquet(f"sets/{name}")
    by_file = (by_value, 'files = {qcd = "qcd_*", top = "top_*"}')
    done, _, _ = imported(folder, card(by_file), tmp_path / "f.h5")
    assert (dict(done.counts), done.n_files) == ({"qcd": 80, "top": 40}, 3)
    pattern = folder / "*_1.parquet"
    done, _, _ = imported(pattern, card(by_file), tmp_path / "g.h5")
    assert dict(done.counts) == {"qcd": 40, "top": 40}
    with tarfile.open(tmp_path / "sets.tar.gz", "w:gz") as tar:
        tar.add(folder, arcname="sets")
    only = card(by_file, ("[constituents]", '[source]\nfiles = ["*_1*"]\n[constituents]'))
    done, _, _ = imported(tmp_path / "sets.tar.gz", only, tmp_path / "h.h5")
    assert (dict(done.counts), done.n_files) == ({"qcd": 40, "top": 40}, 2)


def test_identifiers_become_charge_and_one_hot(tmp_path):
    columns = {"pt": [[3.0, 2, 1]] * 2, "pid": [[22, -211, 11]] * 2, "y": [0, 1]}
    path = write_parquet(tmp_path / "a.parquet", columns)
    card = Card(
        constituents=ConstituentsSection(
            keep=4,
            identifier="pid",
            derive=("charge",),
            columns=("pt",),
            one_hot={"photon": (22,), "electron": (11, -11)},
        ),
        labels=LabelsSection(column="y", values={"a": 0, "b": 1}),
    )
    done = jm.import_jets(path, tmp_path / "out.h5", card=card)
    with h5py.File(done.path) as handle:
        np.testing.assert_array_equal(
            handle["constituents"][0], [[0, 3, 1, 0], [-1, 2, 0, 0], [-1, 1, 0, 1], [0] * 4]
        )
    np.testing.assert_array_equal(charge(np.array([-11.0, 2212, 130]), ""), [1, 1, 0])
    with pytest.raises(DataError, match="the charge of particle 99 is not known"):
        charge(np.array([99.0]), "")


def test_jets_of_whole_jet_features_alone(tmp_path):
    columns = {"mass": [80.0, 90, 91], "tau 21": [0.2, 0.3, 0.4], "kind": ["W", "Z", "Z"]}
    card = Card(
        jets=JetsSection(columns=("mass", "tau 21")),
        labels=LabelsSection(column="kind", values={"W": "W", "Z": "Z"}),
    )
    path = write_parquet(tmp_path / "a.parquet", columns)
    _, found, attributes = imported(path, card)
    assert "constituents" not in found
    np.testing.assert_allclose(found["jets"], [[80, 0.2], [90, 0.3], [91, 0.4]])
    assert found["labels"].tolist() == [0, 1, 1]
    assert json.loads(attributes["hashed"]) == ["mass", "tau 21"]


def test_fewer_constituents_and_half_precision(parquet, card):
    _, found, _ = imported(parquet(), card(), n_constituents=2, half=True)
    assert found["constituents"].shape == (40, 2, 4)
    assert found["constituents"].dtype == np.float16


def test_a_card_as_a_mapping(parquet, tmp_path):
    card = {
        "constituents": {"keep": 2, "order": "e", "columns": ["e"]},
        "labels": {"column": "flavour", "values": {"b": 5, "light": [0, 1, 2]}},
    }
    done = jm.import_jets(parquet(), tmp_path / "out.h5", card=card)
    assert done.n_jets == 40
    with h5py.File(done.path) as handle:
        (tmp_path / "again.toml").write_text(handle.attrs["card"])
    again = jm.import_jets(parquet(), tmp_path / "b.h5", card=tmp_path / "again.toml")
    assert again.counts == done.counts
    with pytest.raises(DataError, match="card: constituents: unknown key 'kep'"):
        jm.import_jets(parquet(), tmp_path / "c.h5", card={"constituents": {"kep": 2}})
