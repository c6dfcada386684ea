"""What batch systems are asked for; HTCondor's job script as dask-jobqueue writes it."""

import re
import sys

import pytest

from jetmix.cluster.batch import SYSTEMS, made
from jetmix.cluster.options import BATCH_SYSTEMS, ClusterOptions

GOLDEN = "tests/golden/htcondor.sub"


def script(folder, refused=print, **options):
    with made(ClusterOptions(workers=2, **options), folder, refused) as cluster:
        assert list((folder / "keys").iterdir())
        found = cluster.job_script()
    assert not list((folder / "keys").iterdir())
    return found


def test_the_job_of_htcondor(tmp_path, repository, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/home/me/code")
    found = script(tmp_path, cluster="htcondor", memory_gb=3, hours=1.5)
    found = found.replace(str(tmp_path), "FOLDER").replace(sys.executable, "PYTHON")
    found = re.sub(r"tls://[\d.:]+", "tls://SCHEDULER", found)
    found = re.sub(r"(\.dask-jobqueue\.worker\.\w+)\.\w+", r"\1.RANDOM", found)
    assert found == (repository / GOLDEN).read_text()


@pytest.mark.parametrize(
    ("name", "life", "queue"),
    [
        ("slurm", "#SBATCH -t 01:30:00", "#SBATCH -p short"),
        ("pbs", "#PBS -l walltime=01:30:00", "#PBS -q short"),
        ("sge", "#$ -l h_rt=01:30:00", "#$ -q short"),
    ],
)
def test_what_is_asked_for(tmp_path, name, life, queue):
    found = script(tmp_path, cluster=name, hours=1.5, queue="short")
    assert life in found.splitlines()
    assert queue in found.splitlines()
    assert "--tls-key" in found
    assert "export OMP_NUM_THREADS=1" in found


def test_the_site_is_asked_first(tmp_path):
    import dask

    site = {"jobqueue.slurm.job-script-prologue": ["source /site/setup.sh"],
            "jobqueue.slurm.worker-extra-args": ["--worker-port", "10000:10100"],
            "jobqueue.slurm.scheduler-options": {"dashboard_address": ":0"},
            "jobqueue.slurm.memory": "7GB"}  # fmt: skip
    with dask.config.set(site):
        found = script(tmp_path, cluster="slurm").splitlines()
        assert "#SBATCH --mem=7G" in found
        assert found.index("source /site/setup.sh") < found.index("export OMP_NUM_THREADS=1")
        assert "--worker-port 10000:10100" in " ".join(found)
        assert "#SBATCH --mem=2G" in script(tmp_path, cluster="slurm", memory_gb=2).splitlines()


def test_every_batch_system_has_its_line():
    assert set(SYSTEMS) == set(BATCH_SYSTEMS)


def test_why_a_job_was_not_taken(tmp_path, monkeypatch):
    (tmp_path / "sbatch").write_text("#!/bin/sh\necho 'no such account' >&2\nexit 1\n")
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    said = []
    with made(ClusterOptions(cluster="slurm", workers=1), tmp_path, said.append) as cluster:
        cluster.scale(1)
        for _ in range(100):
            if said:
                break
            cluster.sync(_nap)
    assert said == ["no such account"]


async def _nap():
    import asyncio

    await asyncio.sleep(0.1)
