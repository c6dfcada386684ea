"""``jetmix sweep --dry-run``: the runs and what they would take."""

import json

import pytest
from click.testing import CliRunner

from jetmix.cli.main import cli
from jetmix.errors import DataError
from jetmix.sweeps import estimate
from jetmix.sweeps.estimate import Speed

SWEEP = """\
recipe = "mlp-16-quick"
seeds = [1, 2]
[axes.grid]
"training.epochs" = [4, 10]
"""


def measured(probe):
    return Speed(jets_per_second=100.0, n_jets=50, other_seconds=2.0)


@pytest.fixture
def sweep_file(tmp_path):
    path = tmp_path / "sweep.toml"
    path.write_text(SWEEP)
    return path


def test_runs_are_listed_with_their_time(in_process, monkeypatch, sweep_file, repository):
    monkeypatch.setattr(estimate, "measure", measured)
    jets = repository / "datasets" / "sample" / "jets.h5"
    arguments = ["sweep", sweep_file, "--data", jets, "--dry-run", "--json"]
    done = CliRunner().invoke(cli, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output
    runs = json.loads(done.stdout.splitlines()[-1])["runs"]
    # two seconds, and half a second an epoch
    assert [(run["name"], run["seed"], run["seconds"]) for run in runs] == [
        ("0001", 1, 4.0), ("0002", 2, 4.0), ("0003", 1, 7.0), ("0004", 2, 7.0),
    ]  # fmt: skip


def test_jets_that_are_missing_are_named(sweep_file):
    done = CliRunner().invoke(cli, ["sweep", str(sweep_file), "--data", "none.h5", "--dry-run"])
    assert isinstance(done.exception, DataError)
    assert "none.h5: cannot read the data" in str(done.exception)


def test_a_file_that_holds_no_jets_is_refused_before_a_worker_starts(sweep_file, tmp_path):
    arguments = ["sweep", sweep_file, "--data", sweep_file, "--out", tmp_path / "out"]
    done = CliRunner().invoke(cli, [str(one) for one in arguments])
    assert isinstance(done.exception, DataError)
    assert "not a readable HDF5 file" in str(done.exception)
    assert not (tmp_path / "out").exists()
