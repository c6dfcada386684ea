"""The sweep files on the page are read, and stand for the runs that it says."""

import re

import pytest

from jetmix.sweeps.plan import planned, recipe_of
from jetmix.sweeps.search import _first
from jetmix.sweeps.sweep_file import read_sweep_file


@pytest.fixture
def files(repository, tmp_path):
    text = (repository / "docs" / "how-to" / "sweep.md").read_text()
    found = []
    for index, block in enumerate(
        re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ):
        path = tmp_path / f"{index}.toml"
        path.write_text(block)
        found.append(path)
    return text, found


def test_the_sweep_of_the_page(files):
    text, (sweep, _) = files
    runs = planned(read_sweep_file(sweep), sweep)
    assert f"= {len(runs)} runs" in text
    assert {run.recipe.tagger.architecture for run in runs} == {"mixer", "gnn"}


def test_the_search_of_the_page(files):
    _, (_, path) = files
    file = read_sweep_file(path)
    first = {key: _first(allowed) for key, allowed in file.search.space.items()}
    assert recipe_of(file.recipe, first, path).training.target_ebops == 2000
