"""What a run leaves on disk: what is written reads back equal, what was edited is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jetmix.data.normalise import Normalisation
from jetmix.data.record import DataUsed, read_data
from jetmix.errors import ReportReadError, UsageError
from jetmix.recipes.recipe import load_recipe
from jetmix.support.provenance import collect, read_provenance
from jetmix.support.records import dump, load
from jetmix.support.stages import StageRecord, read_stage
from jetmix.training.metrics import metrics, read_metrics
from jetmix.training.pareto import Front, FrontPoint, read_front
from jetmix.training.run_dir import RunDir, TrainFigures, open_source
from jetmix.training.scores import Scores, read_scores

NAMES = ("g", "q", "W", "Z", "t")
one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
finite = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**40)
texts = st.text(min_size=1, max_size=8)
features = st.lists(texts, min_size=1, max_size=4, unique=True).map(tuple)
points = st.builds(
    FrontPoint, val_accuracy=st.floats(0, 1), ebops=counts, epoch=counts, path=st.text(max_size=8)
)


@st.composite
def data_used(draw):
    names = draw(features)
    sizes = {"min_size": len(names), "max_size": len(names)}
    return DataUsed(
        path=draw(texts),
        sha256=draw(texts),
        origin=draw(st.sampled_from(["simulated", "public", "unknown"])),
        n_train=draw(counts),
        n_validation=draw(counts),
        n_test=draw(counts),
        class_names=NAMES,
        feature_names=names,
        n_particles=draw(st.none() | st.integers(1, 150)),
        pt_gate_gev=draw(st.none() | st.floats(0, 100)),
        normalisation=Normalisation(
            kind=draw(st.sampled_from(["standard", "power-of-two"])),
            mean=tuple(draw(st.lists(finite, **sizes))),
            std=tuple(draw(st.lists(st.floats(1e-300, 1e300), **sizes))),
        ),
    )


def answers(seed, n=200):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 5)).astype(np.float32)
    return logits, rng.integers(0, 5, n)


@one_folder
@given(data_used())
def test_the_data_used_read_back_equal(tmp_path, used):
    used.write(tmp_path)
    assert read_data(tmp_path) == used


@one_folder
@given(st.integers(0, 2**32), st.none() | counts)
def test_metrics_and_scores_read_back_equal(tmp_path, seed, ebops):
    logits, y = answers(seed)
    measured = metrics(logits, y, NAMES, ebops=ebops)
    measured.write(tmp_path)
    Scores(y, logits).write(tmp_path)
    assert read_metrics(tmp_path) == measured
    scores = read_scores(tmp_path, measured)
    np.testing.assert_array_equal(scores.y, y)
    np.testing.assert_array_equal(scores.logits, logits)


@one_folder
@given(st.lists(points, max_size=4).map(tuple), points, st.floats(0, 1e9), st.floats(0, 1e9))
def test_fronts_and_figures_read_back_equal(tmp_path, front, chosen, seconds, speed):
    Front(points=front).write(tmp_path)
    assert read_front(tmp_path) == Front(points=front)
    figures = TrainFigures(
        tagger="2-train/tagger.keras", chosen=chosen, epochs=chosen.epoch,
        training_seconds=seconds, jets_per_second=speed, n_front=len(front),
    )  # fmt: skip
    record = StageRecord(stage="2-train", digest="d", seconds=seconds, details=dump(figures))
    record.write(tmp_path)
    assert read_stage(tmp_path) == record
    assert load(TrainFigures, read_stage(tmp_path).details, where="x") == figures


def test_provenance_reads_back_equal(tmp_path):
    for seed, backend in ((3, "jax"), (None, None)):
        found = collect(seed=seed, backend=backend)
        found.write(tmp_path)
        assert read_provenance(tmp_path) == found


def test_what_is_absent_is_none(tmp_path):
    readers = (read_data, read_metrics, read_front, read_provenance, read_stage)
    assert [read(tmp_path) for read in readers] == [None] * 5
    logits, y = answers(0)
    assert read_scores(tmp_path, metrics(logits, y, NAMES, ebops=None)) is None
    run = RunDir(tmp_path)
    assert (run.trained, run.recipe, run.data, run.metrics, run.scores, run.front) == (
        False, None, None, None, None, None,
    )  # fmt: skip


def test_scores_of_another_tagger_are_refused(tmp_path):
    (logits, y), (other, _) = answers(0), answers(1)
    Scores(y, other).write(tmp_path)
    with pytest.raises(ReportReadError, match="the scores give accuracy"):
        read_scores(tmp_path, metrics(logits, y, NAMES, ebops=None))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"accuracy": 0.99}, "accuracy"),
        ({"n_test": 3}, "confusion"),
        ({"auc": {"g": 0.5}}, "auc"),
        ({"tpr_at_fpr1": dict.fromkeys(NAMES, 2.0)}, "tpr_at_fpr1"),
        ({"class_names": ["g"] * 5}, "class_names"),
        ({"confusion": [[-1] * 5] * 5}, "confusion"),
        ({"confusion": []}, "confusion"),
    ],
)
def test_metrics_that_contradict_each_other_are_refused(tmp_path, changes, key):
    logits, y = answers(0)
    content = dump(metrics(logits, y, NAMES, ebops=None)) | changes
    (tmp_path / "metrics.json").write_text(json.dumps(content))
    with pytest.raises(ReportReadError, match=rf"metrics\.json: '?{key}"):
        read_metrics(tmp_path)


def finished_run(folder):
    logits, y = answers(0)
    data, train = folder / "1-data", folder / "2-train"
    train.mkdir(parents=True)
    recipe = load_recipe("hlf-mlp")
    (folder / "recipe.toml").write_text(recipe.to_toml())
    names = recipe.data.features
    constants = Normalisation(kind="standard", mean=(0.0,) * 16, std=(1.0,) * 16)
    used = DataUsed(
        path="jets.h5", sha256="ab", origin="public", n_train=7, n_validation=1, n_test=200,
        class_names=NAMES, feature_names=names, n_particles=None, pt_gate_gev=None,
        normalisation=constants,
    )  # fmt: skip
    used.write(data)
    metrics(logits, y, NAMES, ebops=7).write(train)
    (train / "tagger.keras").write_bytes(b"model")
    for stage in (data, train):
        StageRecord(stage=stage.name, digest="d", seconds=1.0).write(stage)
    return RunDir.open(folder), recipe, used


def test_a_run_on_jet_level_features_is_a_source(tmp_path):
    run, recipe, used = finished_run(tmp_path / "run")
    assert run.data.title == "public jets (Zenodo 3602260)"
    source = open_source(run.path)
    assert (source.model, source.data, source.recipe) == (run.model, used, recipe)
    assert source.metrics.ebops == 7
    assert len(run.model_sha256) == 64


def test_an_unfinished_run_is_no_source_but_shows_its_data(tmp_path):
    run, _, used = finished_run(tmp_path / "run")
    (run.train_folder / "stage.json").unlink()
    partial = RunDir.open(run.path)
    assert (partial.trained, partial.data, partial.metrics) == (False, used, None)
    with pytest.raises(UsageError, match="not a run with a trained tagger"):
        open_source(run.path)


def test_a_failed_stage_or_a_damaged_recipe_is_refused(tmp_path):
    run, _, _ = finished_run(tmp_path / "run")
    replace(read_stage(run.train_folder), status="failed").write(run.train_folder)
    (run.path / "recipe.toml").write_text("[tager]\n")
    opened = RunDir.open(run.path)
    with pytest.raises(ReportReadError, match="ended as 'failed'"):
        _ = opened.metrics
    with pytest.raises(ReportReadError, match=r"recipe\.toml: unknown key 'tager'"):
        _ = opened.recipe


def test_a_folder_of_something_else_is_no_run(tmp_path):
    with pytest.raises(UsageError, match="not a run"):
        RunDir.open(tmp_path)
