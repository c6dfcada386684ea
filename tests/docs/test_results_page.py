"""docs/results.md and the page of folded taggers show what was measured."""

import pytest

from jetmix.sweeps.plan import planned
from jetmix.sweeps.sweep_file import read_sweep_file


def test_the_page_is_that_of_the_sweeps(repository):
    from results import page

    assert page() == (repository / "docs" / "results.md").read_text(encoding="utf-8")


def test_the_page_of_folded_taggers_is_that_of_the_benchmark(repository):
    from folded import figures, page

    found = (repository / "docs" / "notes" / "folded-taggers.md").read_text(encoding="utf-8")
    assert page(figures()) == found


def recipes_of(repository, name):
    path = repository / "examples" / "sweeps" / f"{name}.toml"
    return {run.name: run.recipe.digest() for run in planned(read_sweep_file(path), path)}


@pytest.mark.parametrize(
    "name",
    [
        "front-16",
        "front-16-lut",
        "front-16-small",
        "front-16x3",
        "front-sizes",
        "front-32-seeds",
        "front-64",
        "fold-64",
        "fold-gnn-32",
        "fold-16-sizes",
        "fold-16-larger",
    ],
)
def test_the_sweep_files_are_those_that_were_run(repository, name):
    from sweeps import kept

    more, recipes = kept(name).more, recipes_of(repository, name)
    assert more
    assert {run: one.recipe for run, one in more.items()} == {run: recipes[run] for run in more}


def test_the_folded_taggers_are_those_of_the_sweep_files(repository):
    from folded import figures

    for name, one in figures().items():
        sweep, run = name.split("/")
        assert recipes_of(repository, sweep)[run] == one["recipe"], name
