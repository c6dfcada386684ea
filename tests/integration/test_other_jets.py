"""A tagger measured on arrays of another source, by ``evaluate`` and in the report."""

import json
import subprocess
import sys

import numpy as np
import pytest

import jetmix as jm
from jetmix.data.normalise import Normalisation

pytestmark = pytest.mark.slow
RECIPE = """
[data]
features = ["pt", "etarel", "phirel"]

[tagger]
architecture = "deepsets"
n_particles = 8

[training]
epochs = 2
batch_size = 1024
front_min_accuracy = 0.1
"""


def jetmix(*words):
    done = subprocess.run(
        [sys.executable, "-m", "jetmix", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("other-jets")
    (folder / "recipe.toml").write_text(RECIPE)
    code, _, told = jetmix(
        "train", folder / "recipe.toml", "--data", jm.sample(), "--run", folder / "run"
    )
    assert code == 0, told
    names = ["etarel", "pt", "phirel"]
    as_given = Normalisation(kind="standard", mean=(0.0,) * 3, std=(1.0,) * 3)
    jets = jm.load_jets(jm.sample(), n_particles=12, features=names, normalisation=as_given)
    np.savez(folder / "slice.npz", x=jets.x, y=jets.y, feature_names=np.array(names))
    return folder, len(jets.y)


def test_the_same_jets_as_arrays_give_the_same_accuracy(trained):
    folder, n_jets = trained
    figures = []
    for data in (jm.sample(), folder / "slice.npz"):
        code, printed, told = jetmix("evaluate", folder / "run", "--data", data, "--json")
        assert code == 0, told
        figures.append(json.loads(printed.splitlines()[-1]))
    assert [found["n_test"] for found in figures] == [n_jets, n_jets]
    assert [found["split"] for found in figures] == ["test", "all"]
    assert figures[0]["confusion"] == figures[1]["confusion"]


def test_the_report_shows_the_accuracy_on_other_jets(trained):
    folder, n_jets = trained
    code, printed, told = jetmix(
        "report", folder / "run", "--other-jets", folder / "slice.npz", "--no-bits",
        "--out", folder / "report",
    )  # fmt: skip
    assert code == 0, told
    content = json.loads((folder / "report" / "report.json").read_text())
    measured = content["taggers"][0]["other_jets"]
    assert measured["n_test"] == n_jets
    assert 0.1 < measured["accuracy"] < 1
    assert "slice.npz" in printed
    assert "Accuracy on other jets" in (folder / "report" / "report.md").read_text()


def test_bad_arrays_are_one_line_and_write_nothing(trained):
    folder, _ = trained
    (folder / "bad.npz").write_bytes(b"nothing")
    for words in (
        ("evaluate", folder / "run", "--data", folder / "bad.npz"),
        ("report", folder / "run", "--other-jets", folder / "bad.npz", "--out", folder / "no"),
    ):
        code, _, told = jetmix(*words)
        assert code == 3
        assert len(told.splitlines()) == 1
        assert "bad.npz: not a readable .npz file" in told
    assert not (folder / "no").exists()
