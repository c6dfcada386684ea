"""The loader: what it reads, normalises and splits."""

import json

import numpy as np
import pytest

from jetmix.data.dataset import JetDataset
from jetmix.data.normalise import Normalisation
from jetmix.data.schema import PARTICLE_FEATURES
from jetmix.data.selection import Selection
from jetmix.errors import DataError, ReportReadError, UsageError
from jetmix.support import records
from jetmix.support.records import dump
from tests.unit.data.conftest import random_jets, write_jets

FEATURES = ("ptrel", "etarel", "phirel")
UNIT_3 = Normalisation(kind="standard", mean=(0.0,) * 3, std=(1.0,) * 3)


def load(path, n_particles=8, features=FEATURES, split="train", **options):
    gate = options.pop("pt_gate_gev", None)
    selection = Selection(n_particles=n_particles, features=tuple(features), pt_gate_gev=gate)
    return JetDataset.load(path, selection, split=split, **options)


def test_shapes_types_and_names(jet_file):
    data = load(jet_file(), split="all")
    assert data.x.shape == (200, 8, 3)
    assert data.x.dtype == np.float32
    assert data.x.flags.c_contiguous
    assert data.y.dtype == np.int64
    assert data.y[:6].tolist() == [0, 1, 2, 3, 4, 0]
    assert data.feature_names == FEATURES
    assert data.class_names == ("g", "q", "W", "Z", "t")
    assert data.source.origin == "unknown"
    assert len(data.source.sha256) == 64


def test_splits_are_disjoint_and_complete_with_seven_one_two_tenths(jet_file):
    path = jet_file(n_jets=4000)
    parts = {
        s: load(path, split=s, features=PARTICLE_FEATURES) for s in ("train", "validation", "test")
    }
    rows = [row.tobytes() for part in parts.values() for row in part.x]
    assert len(rows) == len(set(rows)) == 4000
    shares = [len(part.y) / 4000 for part in parts.values()]
    assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.025)


def test_split_survives_half_precision_truncation_and_shuffling(tmp_path):
    x, jets = random_jets(n_jets=500)
    order = np.random.default_rng(1).permutation(500)
    jets[:, 1] = np.arange(500)
    write_jets(tmp_path / "full.h5", x, jets)
    write_jets(tmp_path / "half.h5", x[order][:, :8].astype(np.float16), jets[order])
    full = load(tmp_path / "full.h5", features=["pt"], split="test", normalisation=UNIT)
    half = load(tmp_path / "half.h5", features=["pt"], split="test", normalisation=UNIT)
    first = np.sort(full.x[:, 0, 0].astype(np.float16))
    np.testing.assert_array_equal(first, np.sort(half.x[:, 0, 0]).astype(np.float16))


UNIT = Normalisation(kind="standard", mean=(0.0,) * 1, std=(1.0,) * 1)


def test_standard_constants_are_those_of_the_training_jets_with_padding(jet_file):
    data = load(jet_file(n_jets=1000), n_particles=16, split="train")
    np.testing.assert_allclose(data.x.mean(axis=(0, 1), dtype=float), 0, atol=2e-6)
    np.testing.assert_allclose(data.x.std(axis=(0, 1), dtype=float), 1, atol=2e-6)


def test_every_split_gets_the_same_constants_which_round_trip(jet_file):
    path = jet_file(n_jets=1000)
    train, test = load(path), load(path, split="test")
    assert train.normalisation == test.normalisation
    stored = json.loads(json.dumps(dump(train.normalisation)))
    stored = records.load(Normalisation, stored, where="x")
    again = load(path, split="test", normalisation=stored)
    np.testing.assert_array_equal(again.x, test.x)


def test_power_of_two_only_moves_the_binary_point(jet_file):
    path = jet_file()
    features = ("pt", "etarel", "e")
    standard = load(path, features=features).normalisation.std
    data = load(path, features=features, split="all", normalisation="power-of-two")
    constants = data.normalisation
    assert constants.kind == "power-of-two"
    np.testing.assert_array_equal(constants.mean, 0)
    np.testing.assert_array_equal(np.log2(constants.std), np.round(np.log2(standard)))
    raw = load(path, features=features, split="all", normalisation=UNIT_3).x
    np.testing.assert_array_equal(data.x * np.array(constants.std, np.float32), raw)
    assert (data.x[raw[..., 0] == 0] == 0).all()


def test_power_of_two_scales_what_never_varies_by_its_size(jet_file):
    def change(x, _):
        x[:, :, PARTICLE_FEATURES.index("etarot")] = -1000
        x[:, :, PARTICLE_FEATURES.index("phirot")] = 0

    data = load(
        jet_file(change=change), features=("etarot", "phirot"), normalisation="power-of-two"
    )
    assert data.normalisation.std == (1024, 1)
    assert np.unique(data.x[..., 0]).tolist() == [np.float32(-1000 / 1024)]


def test_pt_gate_zeroes_soft_constituents_before_the_constants(jet_file):
    path = jet_file()
    raw, _ = random_jets()
    unit = Normalisation(kind="standard", mean=(0.0,) * 2, std=(1.0,) * 2)
    data = load(
        path,
        n_particles=24,
        features=("pt", "etarel"),
        split="all",
        pt_gate_gev=2.0,
        normalisation=unit,
    )
    pt = raw[:, :, PARTICLE_FEATURES.index("pt")]
    expected = np.where(pt < 2, 0, raw[:, :, PARTICLE_FEATURES.index("etarel")])
    np.testing.assert_array_equal(data.x[:, :, 1], expected)
    assert data.pt_gate_gev == 2.0


def test_a_feature_that_never_varies_is_only_shifted(jet_file):
    def change(x, _):
        x[:, :, PARTICLE_FEATURES.index("etarot")] = 0.25

    data = load(jet_file(change=change), features=("etarot",))
    assert data.normalisation.std == (1.0,)
    assert not data.x.any()


def test_columns_are_found_by_name(tmp_path):
    x, jets = random_jets()
    order = list(reversed(range(16)))
    names = ["j1_" + PARTICLE_FEATURES[i] for i in order]
    write_jets(tmp_path / "a.h5", x, jets)
    write_jets(tmp_path / "b.h5", x[:, :, order], jets, particle_names=[*names, "j1_pdgid"])
    np.testing.assert_array_equal(load(tmp_path / "a.h5").x, load(tmp_path / "b.h5").x)


def test_too_many_constituents_says_how_many_there_are(jet_file):
    with pytest.raises(DataError, match=r"64 constituents .* holds 24; ask for 1 to 24"):
        load(jet_file(), n_particles=64)


def test_unknown_feature_gets_the_nearest_name(jet_file):
    with pytest.raises(DataError, match=r"no particle feature 'eta_rel' \(did you mean 'etarel'"):
        load(jet_file(), features=["eta_rel"])


def test_unknown_split_and_normalisation(jet_file):
    with pytest.raises(UsageError, match="no split 'val'; choose from train validation test all"):
        load(jet_file(), split="val")
    with pytest.raises(UsageError, match="no normalisation 'robust'"):
        load(jet_file(), normalisation="robust")


def test_constants_of_another_width_are_refused(jet_file):
    unit = Normalisation(kind="standard", mean=(0.0,) * 2, std=(1.0,) * 2)
    with pytest.raises(DataError, match="3 features, but the normalisation has 2"):
        load(jet_file(), normalisation=unit)


@pytest.mark.parametrize("content", [
    {}, {"kind": "standard", "mean": [0], "std": [0]},
    {"kind": "standard", "mean": [float("nan")], "std": [1]},
    {"kind": "standard", "mean": [0, 1], "std": [1]}, {"kind": "standard", "mean": "a", "std": []},
])  # fmt: skip
def test_broken_constants_are_refused(content):
    with pytest.raises(ReportReadError, match=r"dataset\.json: .*(kind|mean|std)"):
        records.load(Normalisation, content, where="dataset.json")
