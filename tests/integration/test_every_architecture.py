"""A run of every architecture on the shipped sample becomes a report."""

import json

import pytest

from jetmix.recipes.recipe import load_recipe
from jetmix.report.build import write_report
from jetmix.support.packaged import shipped
from jetmix.taggers.registry import ARCHITECTURES, architecture
from jetmix.training.run import TrainingRun, train

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*copy keyword.*:DeprecationWarning"),
]
SMALL = """
[data]
features = {features}
[tagger]
architecture = "{name}"
n_particles = {particles}
[training]
epochs = 1
batch_size = 1000
"""
PARTICLE_INPUT, JET_INPUT = (["pt", "etarel", "phirel"], 4), (["mass_mmdt", "multiplicity"], "none")


SHORT = ("hlf-mlp",)


@pytest.mark.parametrize(
    "name",
    [
        name if name in SHORT else pytest.param(name, marks=pytest.mark.long)
        for name in ARCHITECTURES
    ],
)
def test_a_run_of_every_architecture_becomes_a_report(name, tmp_path):
    takes_particles = architecture(name).takes_particles
    features, particles = PARTICLE_INPUT if takes_particles else JET_INPUT
    number = particles if takes_particles else f'"{particles}"'
    text = SMALL.format(name=name, features=json.dumps(features), particles=number)
    (tmp_path / "small.toml").write_text(text)
    recipe = load_recipe(str(tmp_path / "small.toml"))
    sample = shipped("datasets/sample/jets.h5")
    made = train(TrainingRun(recipe=recipe, data=sample, folder=tmp_path / "run", backend="jax"))
    assert made.figures.epochs == 1
    write_report([made.run.path], tmp_path / "report")
    (tagger,) = json.loads((tmp_path / "report" / "report.json").read_text())["taggers"]
    assert tagger["architecture"] == name
    assert tagger["n_particles"] == (4 if takes_particles else None)
    assert tagger["n_features"] == len(features)
    assert tagger["metrics"]["accuracy"] == made.metrics.accuracy
