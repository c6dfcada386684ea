"""Workers that are started or reached, judged, and let go."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jetmix.cluster.batch import batch_cluster
from jetmix.cluster.check import WorkerCheck
from jetmix.cluster.engine import Engine
from jetmix.cluster.extra import needed
from jetmix.cluster.failures import Failures, quiet
from jetmix.cluster.local import local_cluster
from jetmix.cluster.options import ClusterOptions
from jetmix.errors import ClusterError

# a task whose workers died more often than this is given up
WORKER_DEATHS = 5
SETTINGS = {
    "distributed.scheduler.allowed-failures": WORKER_DEATHS,
    # one task on a worker and none waiting there: a lost worker sets back one run
    "distributed.scheduler.worker-saturation": 1.0,
    # a compilation may hold the interpreter for minutes
    "distributed.scheduler.worker-ttl": "30 minutes",
    "distributed.comm.timeouts.connect": "60s",
    # a busy machine takes its time to start a killed worker again
    "distributed.deploy.lost-worker-timeout": "60s",
}


@contextlib.contextmanager
def opened(options: ClusterOptions, check: WorkerCheck, folder: Path) -> Iterator[Engine]:
    """Start or reach workers, judge them, and let them go when the block ends.

    Args:
        options: where they run.
        check: what they must have.
        folder: a shared folder for logs and keys of batch jobs.

    Raises:
        ToolMissingError: if Dask or the commands of the batch system are missing.
        ClusterError: if there is no worker within the time limit, or one differs.
    """
    distributed = needed("distributed")
    failures = Failures()
    with contextlib.ExitStack() as stack:
        stack.enter_context(needed("dask").config.set(SETTINGS))
        stack.enter_context(quiet(failures))
        # what Dask warns of, such as a slow disk for data that it never gets, is no news here
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", category=UserWarning, module="distributed")
        warnings.filterwarnings("ignore", message="Creating scratch directories")
        cluster: Any = None
        if options.batch:
            cluster = stack.enter_context(batch_cluster(options, folder, failures.refuse))
            cluster.adapt(minimum=options.workers, maximum=options.workers)
        elif not options.address:
            cluster = stack.enter_context(local_cluster(options))
        client = stack.enter_context(_client(distributed, cluster, options))
        engine = Engine(client, check, options, failures, cluster)
        engine.wait_for_workers()
        _require_alike(engine)
        yield engine


def _client(distributed: Any, cluster: Any, options: ClusterOptions) -> Any:
    try:
        return distributed.Client(cluster if cluster is not None else options.cluster)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers ({error})",
            where=options.cluster or "",
            mend="check the address that `dask scheduler` printed",
        ) from None


def _require(check: WorkerCheck, dask_worker: Any) -> None:
    """Judge a worker; Dask fills in ``dask_worker`` by its name."""
    check.require(str(dask_worker.name))


def _require_alike(engine: Engine) -> None:
    """Judge the workers that are there; those that come later are judged by their first task."""
    try:
        engine.client.run(_require, engine.check)
    except ImportError as error:
        raise ClusterError(
            f"a worker cannot run jetmix ({error})",
            mend="start the workers from the same environment",
        ) from None
