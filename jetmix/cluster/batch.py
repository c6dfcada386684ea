"""Workers as jobs of a batch system, through dask-jobqueue.

Queues, projects, proxies and all else that a site wants stand in Dask's own
``~/.config/dask/jobqueue.yaml``; options of the command line go before it.
"""

import contextlib
import logging
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetmix.cluster.extra import needed
from jetmix.cluster.options import BATCH_MEMORY_GB, ClusterOptions
from jetmix.cluster.workers import ONE_THREAD
from jetmix.errors import ToolMissingError

MESSAGE_LINES = 4
BATCH_DISK_GB = 1
# called with the reason when the batch system refuses a job
Refused = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class BatchSystem:
    """How a batch system is spoken to.

    Attributes:
        cluster: class of dask-jobqueue.
        submit: command that hands a job in.
        status: command that says what became of the jobs of this user, and why they wait.
        life: option of the class for the longest life of a job, None where it has none.
        queue: option for the queue, None where it has none.
    """

    cluster: str
    submit: str
    status: tuple[str, ...]
    life: str | None = "walltime"
    queue: str | None = "queue"


SYSTEMS = {
    "slurm": BatchSystem(
        cluster="SLURMCluster", submit="sbatch",
        status=("squeue", "--me", "--noheader", "--format=job %i %T %r"),
    ),
    "htcondor": BatchSystem(
        cluster="HTCondorCluster", submit="condor_submit",
        status=("condor_q", "-autoformat:j", "JobStatus", "HoldReason"),
        life=None, queue=None,
    ),
    "pbs": BatchSystem(cluster="PBSCluster", submit="qsub", status=("qstat", "-s")),
    "sge": BatchSystem(cluster="SGECluster", submit="qsub", status=("qstat",)),
}  # fmt: skip


def batch_cluster(
    options: ClusterOptions, folder: Path, refused: Refused
) -> contextlib.AbstractContextManager[Any]:
    """Start a scheduler in this process; its workers will be jobs.

    Args:
        options: the batch system, and what is asked of it.
        folder: shared folder for the logs of the jobs, and the keys that scheduler and workers
            know each other by, readable by this user alone.
        refused: called with what the batch system says when it refuses a job.

    Raises:
        ToolMissingError: if the batch system's commands are not here.
    """
    system = SYSTEMS[str(options.cluster)]
    if shutil.which(system.submit) is None:
        raise ToolMissingError(
            f"{system.submit} is not installed here",
            mend=f"give the command where jobs of {options.cluster} are handed in",
        )
    return made(options, folder, refused)


@contextlib.contextmanager
def made(options: ClusterOptions, folder: Path, refused: Refused) -> Iterator[Any]:
    """Give the cluster of dask-jobqueue, without a single job yet."""
    kind = getattr(needed("dask_jobqueue"), SYSTEMS[str(options.cluster)].cluster)
    keys, logs = folder / "keys", folder / "logs"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    logs.mkdir(exist_ok=True)
    cluster = kind(
        job_cls=_reporting(kind.job_cls, refused),
        cores=1,
        processes=1,
        log_directory=str(logs),
        shared_temp_directory=str(keys),
        security=needed("distributed").Security.temporary(),
        silence_logs=logging.CRITICAL,
        **_asked(options),
    )
    try:
        with cluster:
            yield cluster
    finally:
        _forget_keys(cluster)


def _forget_keys(cluster: Any) -> None:
    """Remove the files of the keys, which dask-jobqueue keeps for as long as its object lives."""
    for name, value in vars(cluster).items():
        if name.startswith("_job_") and hasattr(value, "close"):
            value.close()


def _asked(options: ClusterOptions) -> dict[str, Any]:
    """Return what is asked of the batch system: options before the site's file before defaults."""
    name = str(options.cluster)
    system = SYSTEMS[name]
    config = needed("dask").config

    def site(key: str) -> Any:
        return config.get(f"jobqueue.{name}.{key}", None)

    own = f"{options.memory_gb}GB" if options.memory_gb else None
    asked: dict[str, Any] = {
        "memory": own or site("memory") or f"{BATCH_MEMORY_GB}GB",
        "scheduler_options": {"dashboard_address": ":0", **(site("scheduler-options") or {})},
        "job_script_prologue": [*(site("job-script-prologue") or []), *_prologue()],
    }
    if options.queue is not None and system.queue:
        asked[system.queue] = options.queue
    if options.hours is not None and system.life:
        asked[system.life] = _clock(options.hours)
    if name == "htcondor":
        asked["disk"] = site("disk") or f"{BATCH_DISK_GB}GB"
        life = {"+MaxRuntime": round(3600 * options.hours)} if options.hours else {}
        asked["job_extra_directives"] = {**(site("job-extra-directives") or {}), **life}
    return asked


def _prologue() -> list[str]:
    """Return the lines of a job before its worker: one thread, and this process' modules."""
    found = {**ONE_THREAD}
    if "PYTHONPATH" in os.environ:
        found["PYTHONPATH"] = os.environ["PYTHONPATH"]
    return [f"export {name}={shlex.quote(value)}" for name, value in found.items()]


def _reporting(kind: Any, refused: Refused) -> Any:
    """Return a class of jobs that reports why one was refused; Dask drops the reason."""

    async def start(job: Any) -> None:
        try:
            await kind.start(job)
        except RuntimeError as error:
            job.status = needed("distributed.core").Status.failed
            refused(" ".join(str(error).rpartition("stderr:")[2].split()))
            raise

    return type(kind.__name__, (kind,), {"start": start})


def state_of_jobs(name: str) -> str:
    """Return what the batch system says of this user's jobs, in one line."""
    try:
        done = subprocess.run(
            SYSTEMS[name].status, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return "; ".join(line.strip() for line in lines[:MESSAGE_LINES]) or "it knows of no job"


def _clock(hours: float) -> str:
    """Return hours as hh:mm:ss."""
    minutes, seconds = divmod(round(3600 * hours), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
