import sys

import pytest

from jetmix.cluster import batch, check, workers
from jetmix.cluster.extra import needed
from jetmix.cluster.options import ClusterOptions
from jetmix.errors import ClusterError, ToolMissingError, UsageError


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"cluster": "slurn"}, "did you mean 'slurm'?"),
        ({"cluster": "slurm"}, "add --workers"),
        ({"cluster": "htcondor", "workers": 1, "queue": "x"}, "HTCondor has no queues"),
        ({"queue": "x"}, "--queue is for a batch system"),
        ({"cluster": "tcp://a:1", "hours": 1.0}, "--job-hours is for a batch system"),
        ({"cluster": "tcp://a:1", "memory_gb": 1.0}, "for workers that are started here"),
        ({"workers": 0}, "workers = 0 must be above zero"),
        ({"memory_gb": float("nan")}, "memory_gb"),
    ],
)
def test_refused_options(chosen, said):
    with pytest.raises(UsageError) as raised:
        ClusterOptions(**chosen)
    assert said in str(raised.value)


def test_where_the_workers_run():
    assert ClusterOptions(cluster="tcp://host:8786").address
    assert ClusterOptions(cluster="slurm", workers=2).batch
    assert not ClusterOptions().address


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ToolMissingError, match=r"pip install 'jetmix\[cluster\]'"):
        needed("distributed")


def test_a_batch_system_that_is_not_here(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="condor_submit is not installed here"):
        batch.batch_cluster(ClusterOptions(cluster="htcondor", workers=1), tmp_path, print)


def test_gpus_are_shared_out(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert workers.default_number() == 2
    shown = [workers.environment(n, workers.gpus())["CUDA_VISIBLE_DEVICES"] for n in range(3)]
    assert shown == ["3", "5", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert workers.gpus() == []
    assert "CUDA_VISIBLE_DEVICES" not in workers.environment(0, [])


def test_own_flags_of_xla_stay(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=x")
    assert workers.environment(0, [])["XLA_FLAGS"].startswith("--xla_dump_to=x ")


def test_workers_must_have_our_versions(monkeypatch, tmp_path):
    wanted = check.WorkerCheck.here(tmp_path)
    wanted.require("w")
    monkeypatch.setattr(check, "package_versions", lambda: {**wanted.versions, "keras": "3.0"})
    with pytest.raises(ClusterError, match=r"worker w: keras is 3.0 here and \d"):
        wanted.require("w")


def test_workers_must_see_the_jets(tmp_path):
    jets = tmp_path / "jets.h5"
    jets.write_bytes(b"123")
    wanted = check.WorkerCheck.here(jets, tmp_path)
    wanted.require("w")
    jets.write_bytes(b"1234")
    with pytest.raises(ClusterError, match=r"does not see .*jets.h5"):
        wanted.require("w")
    jets.unlink()
    with pytest.raises(ClusterError, match=r"does not see .*jets.h5"):
        wanted.require("w")
