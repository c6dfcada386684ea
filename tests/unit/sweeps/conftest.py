"""A sweep of tiny trainings, and the jets for them."""

import pytest

from tests.unit.training.conftest import TINY, data  # noqa: F401 (a fixture)


@pytest.fixture
def sweep_file(tmp_path):
    """Two seeds of a network that trains in a second."""
    (tmp_path / "tiny.toml").write_text(TINY)
    path = tmp_path / "sweep.toml"
    path.write_text('recipe = "tiny.toml"\nseeds = [1, 2]\n[axes.grid]\n"training.epochs" = [2]\n')
    return path
