"""Weights of jets and regression targets in the loss, and what a run with both leaves on disk."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import jetmix as jm
from jetmix.data.container import Content, container_writer
from jetmix.errors import ReportReadError
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.heads import start_targets
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training.engine import validate
from jetmix.training.evaluate import evaluate
from jetmix.training.jets import statistics_rows
from jetmix.training.loop import Loop
from jetmix.training.losses import target_loss
from jetmix.training.run import TrainingRun, train
from jetmix.training.run_dir import RunDir

from .conftest import separable

keras = keras_env.activate()
OWN = """
[data]
features = ["pt", "deta", "dphi"]
targets = ["mass"]
weights = true
[data.classes]
light = ["u", "d"]
heavy = ["b"]
[tagger]
architecture = "mlp"
n_particles = 4
[tagger.options]
hidden = [8]
[training]
epochs = 12
batch_size = 64
learning_rate = 0.02
beta = [[0.0, 1e-6, "constant"]]
"""
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def with_targets(jets, *, weights=None):
    """Return the jets with two targets in units of their scales that the features give away."""
    targets = np.stack([jets.x[..., 0].sum(axis=1) / 2 + 5, jets.x[:, 0, 1]], axis=1)
    return replace(jets, targets=targets.astype(np.float32), weights=weights)


def loop_of(recipe, folder, train_jets, validation, **training):
    made = load_recipe(str(recipe))
    made = replace(made, training=replace(made.training, **training))
    folder.mkdir()
    keras.utils.set_random_seed(1)
    targets = () if train_jets.targets is None else ("sum", "first")
    made = replace(made, data=replace(made.data, targets=targets))
    model = build_tagger(spec_from(made, n_classes=5))
    if targets:
        start_targets(model, train_jets.targets.mean(axis=0))
    return Loop(
        made, model, train=train_jets, validation=validation, folder=folder, digest="digest"
    )


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="the plain loss below is JAX's")
def test_without_weights_a_training_has_the_bits_of_the_plain_cross_entropy(recipe, jets, tmp_path):
    import jax
    import jax.numpy as jnp

    def plain(logits, held):
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), held["y"][:, None], axis=1)
        return -jnp.mean(chosen)

    loops = [loop_of(recipe, tmp_path / name, jets["train"], jets["validation"]) for name in "ab"]
    loops[0].engine._task_loss = plain
    for loop in loops:
        loop.run()
    for one, other in zip(*(loop.engine.state() for loop in loops), strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_enter_the_loss_of_training_and_validation(recipe, jets, tmp_path):
    rng = np.random.default_rng(0)
    weighted = {}
    for split, found in jets.items():
        weights = rng.exponential(size=len(found)).astype(np.float32)
        weighted[split] = with_targets(found, weights=weights / weights.mean())
    # a step that hardly moves anything: the loss is that of the start
    loop = loop_of(
        recipe, tmp_path / "run", weighted["train"], weighted["validation"],
        epochs=1, batch_size=320, learning_rate=1e-9, target_weight=0.5, target_loss="squared",
    )  # fmt: skip
    logits, targets = (np.asarray(v) for v in loop.model(weighted["train"].x, training=True))
    found = loop.engine.train_epoch(loop.feed.portions(0), 1e-9, 0.0)
    assert found == pytest.approx(expected(weighted["train"], logits, targets), rel=1e-4)
    held_out = weighted["validation"]
    answers = loop.engine.answers(held_out.x)
    judged = validate(loop.engine, held_out, wrapping=True, settings=loop.settings)
    wanted = expected(held_out, answers.logits, answers.targets)
    assert judged.loss == pytest.approx(wanted, rel=1e-4)


def expected(jets, logits, targets):
    """Return the weighted cross entropy, and half of the mean squared difference."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    entropies = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(jets)), jets.y]
    squares = ((targets - jets.targets) ** 2).mean(axis=1)
    return ((entropies + 0.5 * squares) * jets.weights).mean()


def test_heavy_jets_win(recipe, jets, tmp_path):
    heavy = np.where(jets["train"].y == 2, 20, 0.1).astype(np.float32)
    shares = []
    for name, weights in (("plain", None), ("heavy", heavy / heavy.mean())):
        loop = loop_of(
            recipe, tmp_path / name, replace(jets["train"], weights=weights), jets["validation"],
            epochs=8, learning_rate=0.03,
        )  # fmt: skip
        loop.run()
        answers = loop.engine.answers(jets["validation"].x, wrapping=False)
        shares.append((answers.logits.argmax(axis=1) == 2).mean())
    assert shares[1] > 2 * shares[0]


def test_targets_are_learnt_and_a_resumed_run_has_the_same_bits(recipe, jets, tmp_path):
    with_both = {split: with_targets(found) for split, found in jets.items()}
    order = (with_both["train"], with_both["validation"])
    whole = loop_of(recipe, tmp_path / "whole", *order, epochs=12, learning_rate=0.02)
    whole.run()
    losses = whole.state.column("val_target_loss")
    assert min(losses) < 0.6 * losses[0]
    broken = loop_of(recipe, tmp_path / "broken", *order, epochs=12, learning_rate=0.02)
    broken.train_epoch()
    again = loop_of(recipe, tmp_path / "again", *order, epochs=12, learning_rate=0.02)
    (tmp_path / "broken" / "state.npz").rename(tmp_path / "again" / "state.npz")
    again.resume()
    assert again.state.epoch == 1
    again.state.front.clear()
    again.run()
    for one, other in zip(whole.engine.state(), again.engine.state(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.long
def test_tensorflow_trains_on_them_too():
    # Keras keeps its backend for life: the tests above, in a process of its own
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__,
         "-k", "enter_the_loss or learnt or heavy"],
        capture_output=True, text=True, check=False, timeout=180,
        env=os.environ | {"KERAS_BACKEND": "tensorflow"},
    )  # fmt: skip
    assert "3 passed" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("kind", "expected"), [("huber", (0.125 + 1.5) / 2), ("squared", 2.125), ("absolute", 1.25)]
)
def test_losses_of_a_small_and_a_large_difference(kind, expected):
    predicted = np.array([[0.5, -2.0]], np.float32)
    true = np.zeros((1, 2), np.float32)
    assert float(target_loss(kind, predicted, true)) == pytest.approx(expected)
    weights = np.array([3.0], np.float32)
    assert float(target_loss(kind, predicted, true, weights)) == pytest.approx(3 * expected)


def test_statistics_are_from_the_first_jets_unless_the_file_is_sorted_by_class():
    mixed = np.random.default_rng(0).integers(0, 3, 50_000)
    np.testing.assert_array_equal(statistics_rows(mixed), np.arange(4096))
    seen = np.sort(mixed)[statistics_rows(np.sort(mixed))]
    assert np.abs(np.bincount(seen) / len(seen) - 1 / 3).max() < 0.02
    assert len(statistics_rows(mixed[:100])) == 100


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on jets of a file of our own: three classes merged to two, weights and a target."""
    place = tmp_path_factory.mktemp("own")
    x, y = separable(1600, seed=1)
    y = y % 3
    x[..., 0] = -np.sort(-np.abs(x[..., 0]), axis=1)
    rng = np.random.default_rng(2)
    content = Content(
        constituents=("pt", "deta", "dphi"), n_constituents=4, jets=("pt", "eta"),
        classes=("u", "d", "b"), targets=("mass",), has_weights=True, has_split=False,
    )  # fmt: skip
    about = {"origin": "simulated", "sorted_by": "pt", "hashed": ["pt", "deta"]}
    with container_writer(place / "mine.h5", content, attributes=about) as writer:
        writer.append(
            constituents=x,
            jets=np.stack([rng.uniform(100, 900, len(y)), rng.normal(size=len(y))], axis=1),
            labels=y,
            targets=np.exp(x[..., 0].sum(axis=1) / 4 + 3)[:, None],
            weights=rng.exponential(size=len(y)),
        )
    (place / "own.toml").write_text(OWN)
    recipe = load_recipe(str(place / "own.toml"))
    train(TrainingRun(recipe=recipe, data=place / "mine.h5", folder=place / "run"))
    return RunDir(place / "run")


def test_run_on_two_classes_and_a_target(run):
    assert run.data.class_names == ("light", "heavy")
    assert (run.data.target_names, run.data.target_scales) == (("mass",), (32.0,))
    assert run.data.n_effective < 0.7 * run.data.n_train
    (target,) = run.metrics.targets
    assert (target.name, target.relative, target.binned_in) == ("mass", True, "pt")
    assert sum(part.n_jets for part in target.bins) == run.data.n_test
    assert 0 < target.overall.resolution < 1
    assert [one.efficiency for one in run.metrics.rejection] == [0.3, 0.5]
    assert run.metrics.rejection[0].n_background == (run.scores.y == 0).sum()
    scores = run.scores  # read and held against the metrics
    assert scores.predicted.shape == scores.targets.shape == (run.data.n_test, 1)
    assert 0.8 < np.median(scores.predicted / scores.targets) < 1.25
    header = (run.train_folder / "pareto.csv").read_text().splitlines()[0]
    assert "val_auc_heavy" in header
    assert "val_resolution_mass" in header
    found = evaluate(run.model, Path(run.data.path), trained_on=run.data)
    assert found.metrics == run.metrics
    stated = json.loads((run.train_folder / "metrics.json").read_text())
    assert stated["targets"][0]["name"] == "mass"


def test_api_predicts_targets_in_the_unit_of_the_data(run):
    opened = jm.open_run(run.path)
    jets = opened.load_jets(run.data.path, split="test")
    np.testing.assert_array_equal(opened.predict_targets(jets.x), run.scores.predicted)
    np.testing.assert_array_equal(opened.predict(jets.x), run.scores.logits)
    assert "mass (predicted / true)" in opened._repr_html_()


def test_targets_of_another_tagger_are_refused(run):
    scores = run.scores
    replace(scores, predicted=scores.predicted * 1.5).write(run.train_folder)
    with pytest.raises(ReportReadError, match="the scores give bias of mass"):
        RunDir(run.path).scores  # noqa: B018
