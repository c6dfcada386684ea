"""Taggers that start from a trained twin in full precision."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.report.collect import collect
from jetmix.report.sections.reproduce import reproduce
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training.guides import full_precision
from jetmix.training.run import TrainingRun, train
from jetmix.training.run_dir import RunDir
from jetmix.training.start import start_from

from .conftest import TINY, jetmix, public_file

keras = keras_env.activate()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a file of jets and two twins in full precision of one recipe."""
    folder = tmp_path_factory.mktemp("start")
    public_file(folder / "jets.h5")
    (folder / "tiny.toml").write_text(TINY)
    for name, options in (("twin", (8,)), ("wider", (12,))):
        recipe = full_precision(load_recipe(str(folder / "tiny.toml")))
        tagger = replace(recipe.tagger, options={"hidden": options})
        train(asked(replace(recipe, tagger=tagger), folder, name))
    return folder


def asked(recipe, place, name, twin_epoch=None):
    return TrainingRun(
        recipe=recipe, data=place / "jets.h5", folder=place / name, twin_epoch=twin_epoch
    )


def test_the_start_answers_as_its_twin():
    recipe = load_recipe("mixer-16-quick")
    recipe = replace(
        recipe,
        data=replace(recipe.data, features=("pt", "eta", "phi", "e")),
        tagger=replace(recipe.tagger, n_particles=4, options={"width": 4, "head": (4,)}),
        quantiser=replace(recipe.quantiser, activation_fraction_bits=18, weight_fraction_bits=18),
    )
    rng = np.random.default_rng(0)
    twin = build_tagger(spec_from(full_precision(recipe), n_classes=5))
    for variable in twin.trainable_variables:  # as after a training: no bias is 0
        variable.assign_add(rng.normal(size=variable.shape) * 0.1)
    model = build_tagger(spec_from(recipe, n_classes=5))
    x = rng.normal(size=(1000, 4, 4)).astype(np.float32)
    before = np.asarray(model(x, training=True))
    start_from(model, SimpleNamespace(model=twin), x)
    wanted = np.asarray(twin(x))
    np.testing.assert_allclose(np.asarray(model(x, training=True)), wanted, atol=2e-3)
    assert np.abs(before - wanted).max() > 0.1


def test_a_run_starts_from_its_twin(place):
    training = {"start_from": "auto", "teacher": "auto", "twin_epochs": 2, "epochs": 1}
    recipe = load_recipe(str(place / "tiny.toml"), {"training": training})
    epochs = []
    done = train(asked(recipe, place, "auto", lambda row, _: epochs.append(row))).run
    twin = RunDir(place / "auto" / "twin")
    assert len(epochs) == 2
    assert (twin.recipe.tagger.quantised, twin.recipe.training.start_from) == (False, None)
    made = done.provenance
    assert made.start == made.teacher == str(twin.path)
    assert made.start_sha256 == twin.model_sha256
    facts = dict(reproduce(collect([done.path])[0]))
    assert facts["Started from"] == f"{twin.path} (SHA-256 {twin.model_sha256})"


def test_a_named_twin_changes_the_training(place):
    losses = []
    for start in (None, str(place / "twin")):
        recipe = load_recipe(str(place / "tiny.toml"), {"training": {"start_from": start}})
        run = train(asked(recipe, place, f"named-{start is None}")).run
        losses.append(np.genfromtxt(run.train_folder / "history.csv", delimiter=",", names=True))
    assert losses[1]["loss"][0] < losses[0]["loss"][0]


def test_a_wrong_start_is_refused_before_anything_is_made(place):
    train(asked(load_recipe(str(place / "tiny.toml")), place, "quantised"))
    other = TINY.replace('"pt", "etarel", "phirel"', '"pt", "phirel", "etarel"')
    (place / "order.toml").write_text(other)
    (place / "gate.toml").write_text(TINY.replace("[data]", "[data]\npt_gate_gev = 5.0"))
    table = TINY.replace('"mlp"', '"mixer-lut"').replace("hidden = [8]", "")
    (place / "table.toml").write_text(table)
    cases = {
        ("tiny", "wider"): r"weights of shape \(12, 8\), .* has those of \(12, 12\)",
        ("order", "twin"): "takes other particles or features",
        ("gate", "twin"): "takes other particles or features",
        ("table", "auto"): "cannot start from a tagger in full precision",
        ("tiny", "absent"): "absent",
        ("tiny", "quantised"): "the tagger to start from is quantised",
    }
    for (name, start), says in cases.items():
        named = start if start == "auto" else str(place / start)
        recipe = load_recipe(str(place / f"{name}.toml"), {"training": {"start_from": named}})
        with pytest.raises(UsageError, match=says):
            train(asked(recipe, place, "refused"))
        assert not (place / "refused").exists()


def test_recipes_that_cannot_start_from_a_twin(place):
    said = jetmix(
        "train", place / "tiny.toml", "--data", place / "jets.h5", "--run", place / "no",
        "--start-from", place / "jets.h5",
    )  # fmt: skip
    assert said.returncode in (2, 5)
    assert "Traceback" not in said.stderr
    with pytest.raises(UsageError, match="twin_epochs"):
        load_recipe(str(place / "tiny.toml"), {"training": {"twin_epochs": 3}})
    recipe = load_recipe(str(place / "tiny.toml"), {"training": {"start_from": "auto"}})
    recipe = replace(recipe, tagger=replace(recipe.tagger, quantised=False))
    with pytest.raises(UsageError, match="only a quantised tagger"):
        train(asked(recipe, place, "refused"))
