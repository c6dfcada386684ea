"""Every shipped card imports files of the layout that it is for."""

import h5py
import numpy as np
import pytest

from jetmix.data.importing.cards.card import CONSTITUENT_FEATURES, JET_FEATURES
from jetmix.data.importing.cards.card_file import card_text, read_card, shipped_cards
from jetmix.data.importing.cards.derive import _OWN, _RELATIVE
from jetmix.data.importing.cards.formulas import CardFormulas
from jetmix.data.importing.importer import import_jets
from jetmix.errors import DataError
from tests.unit.data.conftest import random_jets, write_jets
from tests.unit.data.importing.cards.conftest import (
    flat_jets,
    lists,
    padded,
    write_hdf5,
    write_pandas,
    write_root,
)

CMS = "data/real/cms_l1_puppi_VBFHtt_chunk.root"
CMS_COUNTS = [8, 50, 200, 46, 147, 144, 56, 61]


@pytest.mark.parametrize("name", shipped_cards())
def test_a_card_is_read_and_written_alike(name, tmp_path):
    text = read_card(name)
    CardFormulas.of(text)
    assert text.card.title
    assert text.card.reference
    again = tmp_path / "again.toml"
    again.write_text(card_text(text.card))
    assert read_card(again).card == text.card


def test_every_derived_feature_is_made():
    assert set(CONSTITUENT_FEATURES) == {*_OWN, *_RELATIVE, "charge"}
    assert set(JET_FEATURES) <= {*_OWN, "multiplicity"}


def test_cms_trigger_jets(reference, tmp_path):
    done = import_jets([reference / CMS], tmp_path / "out.h5", card="cms-l1-puppi")
    assert list(done.counts.values()) == CMS_COUNTS
    assert (done.origin, done.dropped) == ("simulated", {})
    with h5py.File(done.path) as handle:
        assert handle["constituents"].shape == (712, 16, 20)
        pt = handle["constituents"][..., 0]
        assert (np.diff(pt, axis=1) <= 0).all()
        jet_pt, (ratio, true) = handle["jets"][:, 0], handle["targets"][:].T
        np.testing.assert_allclose(ratio, np.clip(true / jet_pt, 0.3, 2), rtol=1e-5)
        # pt_rel of the leading candidate is its pT over that of the jet
        np.testing.assert_allclose(handle["constituents"][:, 0, 1] * jet_pt, pt[:, 0], rtol=1e-5)


def test_jetclass(tmp_path):
    flat = flat_jets(20)
    rng = np.random.default_rng(1)
    columns = {f"part_{name}": lists(flat, name) for name in ("px", "py", "pz")}
    columns["part_energy"] = lists(flat, "e")
    for name in ("deta", "dphi", "d0val", "d0err", "dzval", "dzerr", "charge", "isChargedHadron",
                 "isNeutralHadron", "isPhoton", "isElectron", "isMuon"):  # fmt: skip
        flat[name] = rng.normal(0, 100, len(flat["px"]))
        columns[f"part_{name}"] = lists(flat, name)
    classes = ("QCD", "Hbb", "Hcc", "Hgg", "H4q", "Hqql", "Zqq", "Wqq", "Tbqq", "Tbl")
    for place, name in enumerate(classes):
        columns[f"label_{name}"] = (np.arange(20) % 10 == place).astype(np.float32)
    total = {name: [part.sum() for part in lists(flat, name)] for name in ("px", "py", "pz", "e")}
    pt = np.hypot(total["px"], total["py"])
    columns |= {
        "jet_pt": pt, "jet_eta": np.arcsinh(total["pz"] / pt), "jet_sdmass": np.full(20, 80.0),
        "jet_phi": np.arctan2(total["py"], total["px"]), "jet_energy": np.array(total["e"]),
    }  # fmt: skip
    path = write_root(tmp_path / "HToBB_000.root", columns)
    done = import_jets([path], tmp_path / "out.h5", card="jetclass", n_constituents=5)
    assert dict(done.counts) == dict.fromkeys(classes, 2)
    with h5py.File(done.path) as handle:
        names = [name.decode() for name in handle["constituent_names"]]
        assert len(names) == 18
        x = dict(zip(names, np.moveaxis(handle["constituents"][:], 2, 0), strict=True))
    real = x["pt"] > 0
    share = np.where(real, np.exp(x["logerel"]), 0).sum(axis=1)
    np.testing.assert_allclose(share, 1, rtol=1e-5)
    assert np.abs(x["d0"]).max() <= 1
    hardest = [np.argmax(np.hypot(*two)) for two in zip(lists(flat, "px"), lists(flat, "py"))]  # noqa: B905
    d0 = [values[place] for values, place in zip(lists(flat, "d0val"), hardest, strict=True)]
    np.testing.assert_allclose(x["d0"][:, 0], np.tanh(d0), atol=1e-6)


def test_top_tagging(tmp_path):
    flat = flat_jets(12)
    arrays = {"E": "e", "PX": "px", "PY": "py", "PZ": "pz"}
    floats = {
        f"{name}_{place}": padded(flat, column)[:, place].astype(np.float32)
        for place in range(flat["counts"].max()) for name, column in arrays.items()
    }  # fmt: skip
    whole = {"ttv": np.zeros(12, np.int64), "is_signal_new": np.arange(12) % 2}
    for name in ("train.h5", "val.h5", "test.h5"):
        write_pandas(tmp_path / name, [floats, whole])
    done = import_jets([tmp_path], tmp_path / "out" / "top.h5", card="top-tagging")
    assert dict(done.counts) == {"QCD": 18, "top": 18}
    with h5py.File(done.path) as handle:
        assert handle["constituents"].shape == (36, 200, 6)
        # files of a folder come by name: test, train, val
        assert handle["split"][::12].tolist() == [2, 0, 1]
        np.testing.assert_array_equal(handle["jets"][:12, 4], flat["counts"])


def test_quark_gluon(tmp_path):
    for name, width in (("QG_jets.npz", 5), ("QG_jets_1.npz", 3)):
        x = np.zeros((6, width, 4))
        x[:, :2] = [[10, 0.1, 3.1, 211], [20, -0.1, -3.1, 22]]
        np.savez_compressed(tmp_path / name, X=x, y=np.arange(6.0) % 2)
    given = [tmp_path / "QG_jets*.npz"]
    done = import_jets(given, tmp_path / "out.h5", card="quark-gluon", n_constituents=4)
    assert dict(done.counts) == {"gluon": 6, "quark": 6}
    with h5py.File(done.path) as handle:
        names = [name.decode() for name in handle["constituent_names"]]
        leading = dict(zip(names, handle["constituents"][8, 0], strict=True))
        assert (leading["pt"], leading["charge"], leading["isPhoton"]) == (20, 0, 1)
        # across the seam of phi: half of 2 pi - 6.2, weighted by pT
        assert leading["phirel"] == pytest.approx((2 * np.pi - 6.2) / 3, rel=1e-3)
        assert handle["constituents"][8, 1, names.index("charge")] == 1


def test_jetnet(tmp_path):
    for letter in "gqtwz":
        particles = np.zeros((4, 30, 4), np.float32)
        particles[:, :3] = [[0.1, 0.0, 0.5, 1], [0.0, 0.1, 0.3, 1], [0, 0, 0.2, 1]]
        jets = np.tile(np.float32([1000, 0.5, 90, 3]), (4, 1))
        write_hdf5(tmp_path / f"{letter}.hdf5",
                   {"particle_features": particles, "jet_features": jets})  # fmt: skip
    done = import_jets([tmp_path], tmp_path / "out" / "jetnet.h5", card="jetnet")
    assert dict(done.counts) == dict.fromkeys("gqtWZ", 4)
    with h5py.File(done.path) as handle:
        np.testing.assert_allclose(handle["constituents"][0, :3, 3], [500, 300, 200], rtol=1e-6)


def test_published_sets_keep_their_own_importer(tmp_path):
    path = write_jets(tmp_path / "jets.h5", *random_jets(50))
    done = import_jets([path], tmp_path / "out.h5", card="zenodo-3602260", n_constituents=8)
    with h5py.File(done.path) as handle:
        assert handle["jetConstituentList"].shape == (50, 8, 16)
    with pytest.raises(DataError, match="laid out as zenodo-3602260, the card is for openml"):
        import_jets([path], tmp_path / "b.h5", card="openml-42468")
