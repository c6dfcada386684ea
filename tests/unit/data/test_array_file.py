"""Jets as plain arrays in .npz files, and normalisation constants from a file."""

import json

import numpy as np
import pytest

from jetmix.data.array_file import load_arrays
from jetmix.data.constants import read_constants
from jetmix.data.for_tagger import load_for_tagger, load_jets
from jetmix.data.normalise import Normalisation
from jetmix.data.record import DataUsed
from jetmix.data.selection import Selection
from jetmix.errors import DataError, UsageError

FEATURES = ("pt", "etarel", "phirel")
RAW = Normalisation(kind="standard", mean=(0.0,) * 3, std=(1.0,) * 3)


def arrays(n_jets=20, n_particles=6, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_jets, n_particles, 3)).astype(np.float32)
    x[..., 0] = -np.sort(-rng.uniform(1, 100, size=(n_jets, n_particles)), axis=1)
    x[0, 4:] = 0
    return {"x": x, "y": np.arange(n_jets) % 5}


def saved(path, **changes):
    content = arrays() | changes
    np.savez(path, **{key: value for key, value in content.items() if value is not None})
    return path


def test_leading_constituents_and_features_in_the_taggers_order(tmp_path):
    path = saved(tmp_path / "jets.npz", feature_names=np.array(["pt", "etarel", "phirel"]))
    jets = load_jets(
        path, Selection(n_particles=4, features=("phirel", "pt")), split="test",
        normalisation=Normalisation(kind="standard", mean=(0.0, 0.0), std=(1.0, 2.0)),
    )  # fmt: skip
    expected = arrays()["x"][:, :4, [2, 0]] / np.array([1, 2], np.float32)
    np.testing.assert_array_equal(jets.x, expected)
    np.testing.assert_array_equal(jets.y, arrays()["y"])
    assert jets.split == "all"
    assert jets.source.path == str(path)
    assert len(jets.source.sha256) == 64


def test_gate_and_constants_of_the_jets_themselves(tmp_path):
    path = saved(tmp_path / "jets.npz")
    gated = Selection(n_particles=6, features=FEATURES, pt_gate_gev=30.0)
    raw = load_arrays(path, gated, split="all", normalisation=RAW)
    soft = arrays()["x"][..., 0] < 30
    assert soft.any()
    assert not raw.x[soft].any()
    assert raw.x[~soft][:, 0].min() >= 30
    scaled = load_arrays(path, Selection(n_particles=6, features=FEATURES), split="all")
    flat = scaled.x.reshape(-1, 3)
    np.testing.assert_allclose(flat.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(flat.std(axis=0), 1, rtol=1e-5)


def test_sixteen_features_of_whole_jets(tmp_path):
    path = tmp_path / "hlf.npz"
    np.savez(path, x=np.ones((10, 16)), y=np.arange(10) % 5)
    jets = load_jets(
        path, Selection(n_particles=None, features=("mass_mmdt",)), split="test",
        normalisation=Normalisation(kind="standard", mean=(0.0,), std=(4.0,)),
    )  # fmt: skip
    np.testing.assert_array_equal(jets.x, np.full((10, 1), 0.25, np.float32))


def unsorted():
    x = arrays()["x"]
    x[3, 2, 0] = 500.0
    return x


def with_value(value):
    x = arrays()["x"]
    x[7, 1, 2] = value
    return x


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": None}, "holds no array 'x'"),
        ({"y": None}, "holds no array 'y'"),
        ({"x": unsorted()}, "row 3: the constituents are not sorted by falling pT"),
        ({"x": with_value(np.nan)}, "x row 7: NaN in column phirel"),
        ({"x": with_value(np.inf)}, "x row 7: infinity in column phirel"),
        ({"y": np.full(20, 5)}, "y row 0: the label 5 is no class from 0 to 4"),
        ({"y": np.full(20, 0.5)}, "the label 0.5 is no class"),
        ({"y": np.arange(19)}, r"x has shape \(20, 6, 3\) and y \(19,\)"),
        ({"y": np.array(["g"] * 20)}, "'y' is not an array of numbers"),
        ({"class_names": np.array(list("gqtwz"))}, "the classes are g q t w z, the tagger's are g"),
        ({"feature_names": np.array(["pt", "eta", "phi"])}, "holds no feature 'etarel'"),
        ({"feature_names": np.array(["pt", "etarel"])}, "2 feature names for 3 features"),
        ({"x": arrays()["x"][..., :2]}, "no 'feature_names' for 2 features"),
        ({"x": arrays(n_particles=4)["x"]}, "holds 4 constituents per jet, the tagger takes 6"),
        ({"x": arrays()["x"].astype(object)}, "not a readable .npz file"),
    ],
)
def test_bad_arrays_are_one_line(tmp_path, changes, message):
    path = saved(tmp_path / "jets.npz", **changes)
    with pytest.raises(DataError, match=message) as caught:
        load_jets(path, Selection(n_particles=6, features=FEATURES), split="test")
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_other_bad_files(tmp_path):
    path = tmp_path / "jets.npz"
    with pytest.raises(DataError, match="no such file"):
        load_jets(path, Selection(n_particles=6, features=FEATURES), split="test")
    path.write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(DataError, match=r"not a readable \.npz file"):
        load_jets(path, Selection(n_particles=6, features=FEATURES), split="test")
    saved(path)
    with pytest.raises(DataError, match="have no split 'train'"):
        load_jets(path, Selection(n_particles=6, features=FEATURES), split="train")
    with pytest.raises(DataError, match="the tagger takes features of whole jets"):
        load_jets(path, Selection(n_particles=None, features=("mass_mmdt",)), split="test")


def constants_file(path, **changes):
    content = {"features": ["etarel", "pt", "phirel"], "mean": [1, 2, 3], "std": [4, 5, 6]}
    path.write_text(json.dumps({"what": "of a paper", **content, **changes}))
    return path


def test_constants_of_a_file_are_taken_by_name(tmp_path):
    path = constants_file(tmp_path / "constants.json")
    assert read_constants(path, FEATURES) == Normalisation(
        kind="standard", mean=(2.0, 1.0, 3.0), std=(5.0, 4.0, 6.0)
    )
    jets = load_for_tagger(
        saved(tmp_path / "jets.npz"),
        trained_on=None, features=FEATURES, input_shape=(6, 3), split="test", constants=path,
    )  # fmt: skip
    np.testing.assert_allclose(jets.x[..., 0], (arrays()["x"][..., 0] - 2) / 5, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"std": [4, 0, 6]}, "must hold numbers above zero"),
        ({"mean": [1, 2]}, r"'mean' should be one number per feature \(3\)"),
        ({"features": ["pt", "eta", "phi"]}, "holds no constants of 'etarel'"),
        ({"mean": "x"}, "'mean' should be a list"),
    ],
)
def test_bad_constants_are_data_errors(tmp_path, changes, message):
    path = constants_file(tmp_path / "constants.json", **changes)
    with pytest.raises(DataError, match=message):
        read_constants(path, FEATURES)


def test_a_run_brings_its_own_constants(tmp_path):
    used = DataUsed(
        path="jets.h5", sha256="0", origin="simulated", n_train=1, n_validation=1, n_test=1,
        class_names=("g", "q", "W", "Z", "t"), feature_names=FEATURES, n_particles=6,
        pt_gate_gev=None, normalisation=RAW,
    )  # fmt: skip
    with pytest.raises(UsageError, match="the run brings its own normalisation constants"):
        load_for_tagger(
            saved(tmp_path / "jets.npz"),
            trained_on=used, features=FEATURES, input_shape=(6, 3), split="test",
            constants=constants_file(tmp_path / "constants.json"),
        )  # fmt: skip
