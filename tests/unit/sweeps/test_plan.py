"""Sweep files: which runs they stand for, and what is refused before anything is trained."""

from pathlib import Path

import pytest

from jetmix.errors import UsageError
from jetmix.recipes.recipe import load_recipe
from jetmix.sweeps.plan import keys, planned
from jetmix.sweeps.sweep_file import read_sweep_file

GRID = """
recipe = "mixer-8-demo"
seeds = [1, 2, 3]
[axes.grid]
"tagger.n_particles" = [8, 16]
"training.target_ebops" = [5000, 10000]
"""


@pytest.fixture
def plan(tmp_path):
    def read(text: str):
        path = tmp_path / "sweep.toml"
        path.write_text(text)
        return planned(read_sweep_file(path), path)

    return read


def test_every_combination_and_seed(plan):
    runs = plan(GRID)
    found = {
        (run.recipe.tagger.n_particles, run.recipe.training.target_ebops, run.recipe.training.seed)
        for run in runs
    }
    assert len(found) == len(runs) == 12
    assert [run.name for run in runs][:2] == ["0001", "0002"]
    assert runs[0].values == {"tagger.n_particles": 8, "training.target_ebops": 5000}


def test_groups_go_with_the_grid(plan):
    runs = plan(
        """
        recipe = "mixer-16-quick"
        [axes.grid]
        "training.epochs" = [5, 6]
        [[axes.list]]
        recipe = "gnn-16-quick"
        [[axes.list]]
        "training.batch_size" = 100
        """
    )
    assert [run.recipe.tagger.architecture for run in runs] == ["gnn", "gnn", "mixer", "mixer"]
    assert [run.recipe.training.epochs for run in runs] == [5, 6, 5, 6]
    assert runs[2].recipe.training.batch_size == 100
    assert runs[0].recipe.training.seed == load_recipe("gnn-16-quick").training.seed


def test_options_of_the_architecture(plan, tmp_path):
    (tmp_path / "own.toml").write_text(
        '[tagger]\narchitecture = "mlp"\nn_particles = 4\n[tagger.options]\nhidden = [8]\n'
    )
    runs = plan('recipe = "own.toml"\n[axes.grid]\n"tagger.options.hidden" = [[4], [16, 8]]\n')
    assert [run.recipe.tagger.options["hidden"] for run in runs] == [(4,), (16, 8)]
    assert runs[0].recipe.tagger.architecture == "mlp"


def test_a_sweep_without_axes_is_its_recipe(plan):
    (run,) = plan('recipe = "mixer-8-demo"\n')
    assert run.recipe.digest() != load_recipe("mixer-8-demo").digest()  # options are resolved
    assert run.recipe.training == load_recipe("mixer-8-demo").training


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"training.epoch" = [1]', "did you mean 'training.epochs'?"),
        ('"epochs" = [1]', "did you mean 'training.epochs'?"),
        ('"training.seed" = [1]', "seeds = [...]"),
        ('"tagger.options.hiden" = [1]', "did you mean 'tagger.options.hidden'?"),
        ('"training.epochs" = []', "without empty lists ('training.epochs' is one)"),
        ('"training.epochs" = [0]', "epochs = 0 must be above zero"),
        ('"training.epochs" = [3, 3]', "0001 and 0002 are the same"),
        ('"training.epochs" = 3', "should be a list"),
        ('"tagger.architecture" = ["miser"]', "did you mean 'mixer'?"),
        ('recipe = ["mixer-8-dem"]', "did you mean 'mixer-8-demo'?"),
        ('"tagger.n_particles" = ["none"]', "takes particles"),
    ],
)
def test_refused_axes(plan, text, said):
    with pytest.raises(UsageError) as raised:
        plan(f'recipe = "mixer-8-demo"\n[axes.grid]\n{text}\n')
    assert said in str(raised.value)
    assert "sweep.toml" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'recipe' should be a text but is absent"),
        ('recipe = "mixer-8-demo"\nseed = [1]', "did you mean 'seeds'?"),
        ('recipe = "mixer-8-demo"\nseeds = [1, 1]', "different seeds"),
        ('recipe = "mixer-8-demo"\nseeds = [4294967296]', "seeds from 0 to 4294967295"),
        ('recipe = "mixer-8-demo"\nseeds = [1, 2]\n[limits]\nruns = 1', "2 runs are more than"),
        ('recipe = "mixer-8-demo"\n[limits]\nhours = 0', "hours = 0.0 must be above zero"),
        ('recipe = "mixer-8-demo"\n[[axes.list]]\n', "without empty groups"),
        ('recipe = "no.toml"', "no such recipe file"),
        ("recipe = ", "cannot read the sweep file"),
    ],
)
def test_refused_files(plan, text, said):
    with pytest.raises(UsageError) as raised:
        plan(text)
    assert said in str(raised.value)


def test_a_key_of_grid_and_list(plan):
    text = """
    recipe = "mixer-8-demo"
    [axes.grid]
    "training.epochs" = [1]
    [[axes.list]]
    "training.epochs" = 2
    """
    with pytest.raises(UsageError, match=r"not in the list as well \('training.epochs' is\)"):
        plan(text)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="cannot read the sweep file"):
        read_sweep_file(tmp_path / "none.toml")


def test_every_known_key_belongs_to_a_section():
    assert "recipe" in keys()
    assert "training.beta" in keys()
    assert all(Path(key).suffix or key == "recipe" for key in keys())
