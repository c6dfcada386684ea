"""jetmix' own layout: any classes, features, targets, weights and splits, through the loader."""

import json

import h5py
import numpy as np
import pytest

from jetmix.data.container import Content, container_writer
from jetmix.data.dataset import JetDataset
from jetmix.data.describing.describe import describe
from jetmix.data.reweight import n_effective, reweighted
from jetmix.data.selection import Selection
from jetmix.errors import DataError
from jetmix.recipes.data_section import HardwareInput

N, CLASSES, FEATURES = 600, ("u", "d", "b c"), ("pt", "deta", "dphi")
ALL = Selection(n_particles=4, features=FEATURES)


def rows(seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(N) % 3
    pt = -np.sort(-rng.exponential(20, (N, 4)), axis=1)
    x = np.stack([pt, rng.normal(size=(N, 4)), rng.normal(size=(N, 4))], axis=2)
    jets = np.stack([pt.sum(axis=1) * (1 + labels), rng.normal(size=N)], axis=1)
    return {
        "constituents": x.astype(np.float32),
        "jets": jets.astype(np.float32),
        "labels": labels,
        "targets": (jets[:, :1] * 0.01).astype(np.float32),
        "weights": rng.uniform(0.5, 1.5, N).astype(np.float32),
        "split": np.arange(N) % 5 // 2,
    }


def write(path, **changes):
    content = Content(
        constituents=FEATURES, n_constituents=4, jets=("pt", "eta"), classes=CLASSES,
        targets=("ratio",), has_weights=True, has_split=True,
    )  # fmt: skip
    attributes = {"origin": "simulated", "data_set": "mine", "sorted_by": "pt", "hashed": ["pt"]}
    with container_writer(path, content, attributes=attributes | changes) as writer:
        half = {name: np.array_split(values, 2) for name, values in rows().items()}
        for part in (0, 1):
            writer.append(**{name: values[part] for name, values in half.items()})
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(tmp_path_factory.mktemp("own") / "jets.h5")


def test_what_was_written_is_loaded(path):
    whole = Selection(n_particles=4, features=FEATURES, targets=("ratio",), weights=True)
    jets = JetDataset.load(path, whole, split="all")
    raw = jets.x * jets.normalisation.std + jets.normalisation.mean
    np.testing.assert_allclose(raw, rows()["constituents"], rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(jets.y, rows()["labels"])
    np.testing.assert_array_equal(jets.targets, rows()["targets"])
    np.testing.assert_array_equal(jets.columns["pt"], rows()["jets"][:, 0])
    assert (jets.class_names, jets.target_names, jets.weights) == (CLASSES, ("ratio",), None)
    assert jets.source.data_set == "mine"
    scale = np.log2(jets.target_scales[0])
    assert scale == round(scale)
    train = JetDataset.load(path, whole, split="train")
    assert train.weights.mean() == pytest.approx(1)
    assert 0.8 * len(train.y) < n_effective(train.weights) < len(train.y)


def test_splits_are_those_of_the_content_or_of_the_file(path):
    parts = [JetDataset.load(path, ALL, split=name) for name in ("train", "validation", "test")]
    assert sum(len(part.y) for part in parts) == N
    by_file = Selection(n_particles=2, features=("deta",), split_by="file")
    sizes = [len(JetDataset.load(path, by_file, split=name).y) for name in ("train", "test")]
    assert sizes == [2 * N // 5, N // 5]


def test_classes_are_merged_and_left_out(path):
    merged = {"light": ("d", "u"), "heavy": ("b c",)}
    jets = JetDataset.load(
        path, Selection(n_particles=1, features=("pt",), classes=merged), split="all"
    )
    assert jets.class_names == ("light", "heavy")
    assert np.bincount(jets.y).tolist() == [2 * N // 3, N // 3]
    fewer = Selection(n_particles=1, features=("pt",), classes={"b": ("b c",), "u": ("u",)})
    jets = JetDataset.load(path, fewer, split="all")
    assert np.bincount(jets.y).tolist() == [N // 3, N // 3]
    np.testing.assert_array_equal(jets.columns["pt"], rows()["jets"][rows()["labels"] != 1, 0])


def test_features_of_whole_jets(path):
    jets = JetDataset.load(path, Selection(n_particles=None, features=("eta",)), split="all")
    assert jets.x.shape == (N, 1)


def test_hardware_integers(path):
    ports = {
        "pt": HardwareInput(bits=5, lsb=2.0),
        "deta": HardwareInput(bits=4, signed=True, lsb=0.25),
    }
    asked = Selection(n_particles=4, features=("deta", "pt"), hardware=ports)
    jets = JetDataset.load(path, asked, split="all", normalisation="power-of-two")
    raw = jets.x * np.array(jets.normalisation.std)
    pt, deta = raw[..., 1], raw[..., 0]  # counted in units of their LSB
    assert (pt == np.rint(pt)).all()
    assert (pt.min(), pt.max()) == (0, 31)
    assert (deta.min(), deta.max()) == (-8, 7)


def test_single_features_have_a_scaling_of_their_own(path):
    scaling = {"pt": "power-of-two", "deta": [0.5, 2.0]}
    constants = JetDataset.load(path, ALL, split="train", scaling=scaling).normalisation
    assert constants.kind == "mixed"
    assert (constants.mean[0], constants.std[0]) == (0, 16)
    assert (constants.mean[1], constants.std[1]) == (0.5, 2.0)
    assert constants.mean[2] != 0


@pytest.mark.parametrize("to", ["flat", "d"])
def test_reweighted_spectra_are_alike(to):
    rng = np.random.default_rng(1)
    y = np.arange(30_000) % 3
    pt = rng.triangular(0, 20 + 30 * y, 100)
    weights, warnings = reweighted(pt[:, None], y, CLASSES, to=to, where="here")
    edges = np.linspace(0, 100, 11)
    spectra = [np.histogram(pt[y == i], edges, weights=weights[y == i])[0] for i in range(3)]
    np.testing.assert_allclose(spectra[0], spectra[1], rtol=0.25)
    np.testing.assert_allclose(spectra[2], spectra[1], rtol=0.25)
    assert weights.mean() == pytest.approx(1)
    if to == "flat":
        np.testing.assert_allclose(spectra[0][1:-1], spectra[0][1:-1].mean(), rtol=0.25)
    else:
        plain = np.histogram(pt[y == 1], edges)[0]
        np.testing.assert_allclose(spectra[1] / spectra[1].sum(), plain / plain.sum(), atol=0.02)
    assert not warnings


def test_an_empty_bin_is_told():
    y = np.array([0] * 1000 + [1] * 1000)
    pt = np.concatenate([np.linspace(0, 100, 1000), np.linspace(0, 50, 1000)])
    _, warnings = reweighted(pt[:, None], y, ("a", "b"), to="flat", where="here")
    assert len(warnings) == 1
    assert warnings[0].startswith("class b has no jets in 14 of 30 bins")


def test_it_is_described(path):
    found = describe(path)
    assert found.counts == dict.fromkeys(CLASSES, N // 3)
    assert (found.data_set, found.n_not_finite) == ("mine", 0)


def test_classes_of_a_file_with_labels_beyond_them(tmp_path):
    broken = write(tmp_path / "broken.h5")
    with h5py.File(broken, "r+") as handle:
        handle["labels"][7] = 3
    with pytest.raises(DataError, match="labels row 7: the label 3 is no class from 0 to 2"):
        JetDataset.load(broken, ALL, split="all")


def absurd(handle):
    handle["constituents"][5, 0, 0] = 1e38


def unsorted(handle):
    handle["constituents"][5, 1, 0] = 1e5


def without(name):
    return lambda handle: handle.__delitem__(name)


@pytest.mark.parametrize(
    ("change", "asked", "message"),
    [
        (absurd, {}, r"constituents row 5: the value 1e\+38 in column pt"),
        (unsorted, {}, "constituents row 5: the constituents are not sorted by falling pT"),
        (without("labels"), {}, "labels: the dataset is missing"),
        (without("weights"), {"weights": True}, "holds no weights of its jets"),
        (without("split"), {"split_by": "file"}, "holds no split of its jets"),
        (without("targets"), {"targets": ("ratio",)}, "no regression target 'ratio'"),
        (None, {"targets": ("ration",)}, r"no regression target 'ration' \(did you mean 'ratio'"),
        (None, {"features": ("dta",)}, r"no particle feature 'dta' \(did you mean 'deta'"),
        (None, {"classes": {"x": ("b",), "y": ("u",)}}, "no class 'b'"),
        (None, {"reweight": ("p",)}, "no jet feature 'p'"),
        (None, {"n_particles": 5}, "5 constituents per jet were asked for, the file holds 4"),
        (lambda handle: handle.attrs.__setitem__("layout", "jetmix-jets-9"), {},
         "has the layout 'jetmix-jets-9', this version of jetmix reads 'jetmix-jets-1'"),
        (lambda handle: handle.attrs.__setitem__("hashed", json.dumps(["x"])), {},
         "'hashed' does not list columns"),
    ],
)  # fmt: skip
def test_bad_files_are_one_line(tmp_path, change, asked, message):
    broken = write(tmp_path / "broken.h5")
    if change is not None:
        with h5py.File(broken, "r+") as handle:
            change(handle)
    selection = Selection(**{"n_particles": 4, "features": FEATURES} | asked)
    with pytest.raises(DataError, match=message) as caught:
        JetDataset.load(broken, selection, split="train")
    assert "\n" not in str(caught.value)
