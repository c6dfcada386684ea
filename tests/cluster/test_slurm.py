"""A sweep whose workers are jobs of a real Slurm, started on this machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("slurm.sh")
pytestmark = pytest.mark.cluster
RECIPE = """
[data]
features = ["pt", "etarel", "phirel"]
[tagger]
architecture = "mlp"
n_particles = 4
[tagger.options]
hidden = [8]
[training]
batch_size = 1000
"""
SWEEP = """
recipe = "tiny.toml"
seeds = [1, 2]
[axes.grid]
"training.epochs" = [2, 3]
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """The environment of commands that speak to a Slurm of one node."""
    if os.geteuid() != 0 or any(
        shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None
        for name in ("slurmctld", "slurmd", "munged")
    ):
        pytest.fail("needs root and Slurm (apt-get install slurm-wlm munge)")
    folder = tmp_path_factory.mktemp("slurm")
    subprocess.run([SCRIPT, "start", folder], check=True, timeout=120)
    yield {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
    subprocess.run([SCRIPT, "stop", folder], check=True, timeout=60)


@pytest.fixture
def sweep(slurm, tmp_path, repository):
    """Give the command of a sweep with more options."""
    (tmp_path / "tiny.toml").write_text(RECIPE)
    (tmp_path / "sweep.toml").write_text(SWEEP)
    jets = repository / "datasets" / "sample" / "jets.h5"

    def run(*options):
        command = [sys.executable, "-m", "jetmix", "sweep", tmp_path / "sweep.toml"]
        command += ["--data", jets, "--out", tmp_path / "out", "--cluster", "slurm", *options]
        return subprocess.run(
            list(map(str, command)), capture_output=True, text=True, env=slurm, check=False,
            timeout=900,
        )  # fmt: skip

    return run


def test_a_sweep_of_four(sweep, tmp_path):
    done = sweep("--workers", 2, "--memory-gb", 2, "--job-hours", 1, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert [run["status"] for run in result["runs"]] == ["done"] * 4
    assert list((tmp_path / "out" / "cluster" / "logs").glob("dask-worker-*.err"))
    assert (tmp_path / "out" / "cluster" / "keys").stat().st_mode & 0o077 == 0


def test_a_job_that_slurm_does_not_take(sweep):
    done = sweep("--workers", 1, "--memory-gb", 100_000)
    assert done.returncode == 12
    assert "Memory specification can not be satisfied" in done.stderr
    assert "Traceback" not in done.stderr


def test_jobs_that_do_not_start(sweep, slurm):
    subprocess.run(
        ["scontrol", "update", "partitionname=test", "state=down"], env=slurm, check=True
    )
    try:
        done = sweep("--workers", 1, "--memory-gb", 1, "--wait-minutes", 0.2)
    finally:
        subprocess.run(
            ["scontrol", "update", "partitionname=test", "state=up"], env=slurm, check=True
        )
    assert done.returncode == 12
    assert "no worker within 0.2 minutes" in done.stderr
    assert "PENDING PartitionDown" in done.stderr
