from pathlib import Path

import h5py
import numpy as np
import pytest

from jetmix.data.dataset import JetDataset
from jetmix.data.normalise import Normalisation
from jetmix.data.record import DataUsed
from jetmix.data.selection import Selection
from jetmix.errors import DataError, UsageError
from jetmix.report.build import write_report
from jetmix.report.collect import collect
from jetmix.report.kinematics import efficiencies, read_kinematics, with_kinematics
from jetmix.support.files import file_digest
from jetmix.support.packaged import shipped
from jetmix.training.scores import Scores
from tests.unit.report.folders import CLASSES, change_scores, edit, make_run

SAMPLE = shipped("datasets/sample/jets.h5")


def used() -> DataUsed:
    """Return what a run on the sample records."""
    return DataUsed(
        path=str(SAMPLE), sha256=file_digest(SAMPLE), origin="simulated", n_train=1,
        n_validation=1, n_test=1, class_names=tuple(CLASSES), feature_names=("pt", "ptrel"),
        n_particles=8, pt_gate_gev=None,
        normalisation=Normalisation(kind="standard", mean=(0.0, 0.0), std=(1.0, 1.0)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def held_out() -> JetDataset:
    return JetDataset.load(SAMPLE, Selection(n_particles=8, features=("pt", "ptrel")), split="test")


@pytest.fixture
def sample_run(tmp_path: Path, held_out: JetDataset) -> Path:
    """A run whose scores are noise on the sample's test jets."""
    run = make_run(tmp_path / "sample")
    noise = np.random.default_rng(0).normal(size=(len(held_out.y), 5)).astype(np.float32)
    change_scores(run, noise, held_out.y)
    edit(run / "1-data" / "dataset.json", sha256=file_digest(SAMPLE))
    return run


def test_the_jets_are_those_of_the_loader_in_its_order(held_out: JetDataset):
    found = read_kinematics(SAMPLE, used())
    np.testing.assert_array_equal(found.y, held_out.y)
    # ptrel is pT over the jet's pT, so the leading constituent gives the jet's pT back
    raw = held_out.x * held_out.normalisation.std + held_out.normalisation.mean
    np.testing.assert_allclose(raw[:, 0, 0] / raw[:, 0, 1], found.pt_gev, rtol=2e-2)
    assert 75 < np.median(found.mass_gev[found.y == list(CLASSES).index("W")]) < 85
    assert 86 < np.median(found.mass_gev[found.y == list(CLASSES).index("Z")]) < 96


def test_efficiencies_of_noise_are_ten_per_cent_in_every_bin():
    rng = np.random.default_rng(1)
    y = np.arange(50_000) % 5
    scores = Scores(y, rng.normal(size=(len(y), 5)).astype(np.float32))
    curves = efficiencies(scores, rng.uniform(500, 1500, len(y)), tuple(CLASSES))
    assert [curve.name for curve in curves] == list(CLASSES)
    for curve in curves:
        assert len(curve.values) == 8
        assert (np.abs(curve.values - 0.1) < 5 * curve.errors).all()
        np.testing.assert_allclose(curve.errors, 0.0085, atol=0.002)
        assert curve.half_widths.sum() * 2 == pytest.approx(1000, rel=0.01)


def test_an_efficiency_that_depends_on_the_variable_is_seen():
    y = np.arange(10_000) % 2
    variable = np.linspace(0, 100, len(y))
    logits = np.zeros((len(y), 2), np.float32)
    logits[:, 1] = np.where(y == 1, np.where(variable > 50, 5, -5), 0)
    background, signal = efficiencies(Scores(y, logits), variable, ("b", "s"))
    np.testing.assert_allclose(signal.values, [0, 0, 0, 0, 1, 1, 1, 1])
    assert background.name == "b"


def test_a_variable_of_one_value_has_one_bin():
    y = np.arange(100) % 2
    scores = Scores(y, np.random.default_rng(2).normal(size=(100, 2)).astype(np.float32))
    for curve in efficiencies(scores, np.full(100, 80.0), ("a", "b")):
        assert curve.centres.tolist() == [80.0]


def test_too_few_jets_of_a_class_have_no_efficiency():
    y = np.array([0] * 100 + [1] * 3)
    scores = Scores(y, np.zeros((103, 2), np.float32))
    assert [curve.name for curve in efficiencies(scores, np.arange(103.0), ("a", "b"))] == ["a"]


def test_the_report_draws_efficiencies(tmp_path: Path, sample_run: Path):
    write_report([sample_run], tmp_path / "out", data=SAMPLE, bits=False)
    figures = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert {"efficiency-pt-1.png", "efficiency-mass-1.svg"} <= figures
    html = (tmp_path / "out" / "report.html").read_text()
    assert "at 10% FPR in bins of jet mass: g" in html


def test_jets_of_another_run_are_refused(run: Path):
    with pytest.raises(UsageError, match="no tagger of the report was tested on these jets"):
        with_kinematics(collect([run]), SAMPLE)


def test_scores_of_other_jets_are_refused(sample_run: Path, held_out: JetDataset):
    logits = np.zeros((len(held_out.y), 5), np.float32)
    change_scores(sample_run, logits, held_out.y[::-1])
    with pytest.raises(DataError, match="its test jets are not those of the scores of 'sample'"):
        with_kinematics(collect([sample_run]), SAMPLE)


def test_a_broken_or_poorer_file_is_refused(tmp_path: Path, run: Path):
    with pytest.raises(DataError, match="no such file"):
        with_kinematics(collect([run]), tmp_path / "absent.h5")
    (tmp_path / "poor.h5").write_bytes(SAMPLE.read_bytes())
    with h5py.File(tmp_path / "poor.h5", "r+") as handle:
        known = handle["jetFeatureNames"][:]
        names = [b"x_" + name if name in (b"j_mass", b"j_pt") else name for name in known]
        del handle["jetFeatureNames"]
        handle["jetFeatureNames"] = names
    with pytest.raises(DataError, match="no jet feature pt or mass"):
        read_kinematics(tmp_path / "poor.h5", used())
