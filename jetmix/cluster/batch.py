"""Workers as jobs of a batch system, through dask-jobqueue.

Queues, projects, proxies and all else that a site wants stand in Dask's own
``~/.config/dask/jobqueue.yaml``; options of the command line go before it.
"""

import logging
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetmix.cluster.extra import needed
from jetmix.cluster.options import BATCH_MEMORY_GB, ClusterOptions
from jetmix.cluster.workers import ONE_THREAD
from jetmix.errors import ToolMissingError

MESSAGE_LINES = 4


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


def batch_cluster(options: ClusterOptions, folder: Path) -> Any:
    """Start a scheduler in this process; its workers are jobs, which are kept at their number.

    Args:
        options: the batch system, and what is asked of it.
        folder: shared folder for the logs of the jobs, and the keys that scheduler and workers
            know each other by, readable by this user alone.

    Raises:
        ToolMissingError: if the batch system's commands are not here.
    """
    system = SYSTEMS[str(options.cluster)]
    if shutil.which(system.submit) is None:
        raise ToolMissingError(
            f"{system.submit} is not installed here",
            mend=f"give the command where jobs of {options.cluster} are handed in",
        )
    return made(options, folder)


def made(options: ClusterOptions, folder: Path) -> Any:
    """Return the cluster of dask-jobqueue, without a single job yet."""
    system = SYSTEMS[str(options.cluster)]
    keys, logs = folder / "keys", folder / "logs"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    logs.mkdir(exist_ok=True)
    chosen: dict[str, Any] = {}
    if options.hours is not None and system.life:
        chosen[system.life] = _clock(options.hours)
    if options.queue is not None and system.queue:
        chosen[system.queue] = options.queue
    if options.hours is not None and not system.life:
        chosen["job_extra_directives"] = {"+MaxRuntime": str(int(3600 * options.hours))}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in ONE_THREAD.items()]
    if "PYTHONPATH" in os.environ:
        lines.append(f"export PYTHONPATH={shlex.quote(os.environ['PYTHONPATH'])}")
    return getattr(needed("dask_jobqueue"), system.cluster)(
        cores=1,
        processes=1,
        memory=f"{options.memory_gb or BATCH_MEMORY_GB}GB",
        job_script_prologue=lines,
        log_directory=str(logs),
        shared_temp_directory=str(keys),
        security=needed("distributed").Security.temporary(),
        scheduler_options={"dashboard_address": ":0"},
        silence_logs=logging.CRITICAL,
        **chosen,
    )


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
