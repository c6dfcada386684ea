"""Workers that are there, and tasks on them: the only caller of Dask's client."""

import contextlib
import itertools
import logging
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetmix.cluster.batch import batch_cluster, state_of_jobs
from jetmix.cluster.check import WorkerCheck
from jetmix.cluster.extra import needed
from jetmix.cluster.local import local_cluster
from jetmix.cluster.options import ClusterOptions
from jetmix.errors import ClusterError
from jetmix.support import console

# a task whose workers died more often than this is given up
WORKER_DEATHS = 5
POLL_SECONDS, ASK_SECONDS = 0.1, 5.0
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


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A task that was given up because its workers died again and again."""

    deaths: int


@dataclass(eq=False)
class Engine:
    """A connection to workers, from :func:`opened`."""

    client: Any
    check: WorkerCheck
    options: ClusterOptions
    failures: "_Failures"
    cluster: Any = None
    submitted: int = 0

    @property
    def dashboard(self) -> str:
        """Address of Dask's dashboard."""
        return str(self.client.dashboard_link)

    @property
    def n_workers(self) -> int:
        """The workers that are connected now."""
        try:
            return int(self.client.scheduler_info(n_workers=0)["n_workers"])
        except OSError:  # the scheduler does not answer now
            return 0

    def listen(self, topic: str, hear: Callable[[Any], None]) -> None:
        """Let ``hear`` be called in another thread with what tasks :func:`tell`."""
        self.client.subscribe_topic(topic, lambda event: hear(event[1]["message"]))

    def results(
        self,
        function: Callable[[Any], Any],
        tasks: Iterable[tuple[str, Any]],
        *,
        at_once: int | None = None,
        idle: Callable[[], None] = lambda: None,
    ) -> Iterator[tuple[str, Any]]:
        """Run ``function`` on the payload of every task; yield (name, result) as they come.

        A task whose worker is lost runs again on another one; the result is :class:`Lost` where
        that happened too often. With a scheduler that was started again all unfinished tasks run
        again. Tasks start in their order.

        Args:
            function: of a module that the workers have.
            tasks: name and payload of each; taken when there is room.
            at_once: how many are handed out at once; None hands out all.
            idle: called a few times a second, and whenever a result has come.

        Raises:
            ClusterError: if a worker differs, or none is left.
            OSError: if a worker's disk is full.
        """
        source, open_tasks = iter(tasks), dict[str, Any]()
        waiting: dict[str, tuple[str, Any]] = {}
        try:
            while True:
                more = None if at_once is None else max(0, at_once - len(open_tasks))
                for name, payload in itertools.islice(source, more):
                    key = f"{name}-{uuid.uuid4().hex[:12]}"
                    waiting[key] = (name, payload)
                    open_tasks[key] = self._submit(function, key, payload)
                if not open_tasks:
                    return
                done = self._some_done(open_tasks, idle)
                for key in done:
                    future, (name, payload) = open_tasks.pop(key), waiting.pop(key)
                    if future.status in ("cancelled", "lost"):
                        self.wait_for_workers()
                        waiting[key] = (name, payload)
                        open_tasks[key] = self._submit(function, key, payload)
                        continue
                    result = self._result(future)
                    future.release()
                    yield name, result
        finally:
            with contextlib.suppress(Exception):
                self.client.cancel(list(open_tasks.values()))

    def _submit(self, function: Callable[[Any], Any], key: str, payload: Any) -> Any:
        # without a priority Dask orders by key what is handed out within a tenth of a second
        self.submitted += 1
        return self.client.submit(
            _checked, self.check, function, payload, key=key, pure=False, priority=-self.submitted
        )

    def _some_done(self, tasks: dict[str, Any], idle: Callable[[], None]) -> list[str]:
        """Wait until a task is done or cancelled, and return which are."""
        seen = asked = time.monotonic()
        while True:
            idle()
            done = [key for key, future in tasks.items() if future.status != "pending"]
            if done:
                return done
            now = time.monotonic()
            if now - asked > ASK_SECONDS:
                asked = now
                self._refill()
                seen = now if self.n_workers else seen
                if now - seen > 60 * self.options.wait_minutes:
                    raise self._no_worker()
            time.sleep(POLL_SECONDS)

    def _refill(self) -> None:
        """Start local workers again that could not be: such as one killed while it started."""
        if self.cluster is not None and not self.options.batch:
            self.cluster.scale(len(self.cluster.worker_spec))

    def _result(self, future: Any) -> Any:
        killed = needed("distributed").KilledWorker
        try:
            return future.result()
        except killed as error:
            return Lost(deaths=error.allowed_failures + 1)
        except ImportError as error:
            raise ClusterError(
                f"a worker cannot run jetmix ({error})",
                mend="start the workers from the same environment",
            ) from None

    def wait_for_workers(self) -> None:
        """Wait until there is a worker.

        Raises:
            ClusterError: after the time limit, with the batch system's own message.
        """
        end = time.monotonic() + 60 * self.options.wait_minutes
        with console.progress("waiting for a worker") as ticker:
            while not self._has_worker():
                if time.monotonic() > end or self.failures.refused:
                    raise self._no_worker()
                ticker.tick()
                time.sleep(POLL_SECONDS)

    def _has_worker(self) -> bool:
        return self.client.status == "running" and self.n_workers > 0

    def _no_worker(self) -> ClusterError:
        where = f"cluster {self.options.cluster}" if self.options.cluster else ""
        if self.failures.refused:
            return ClusterError(
                f"the batch system takes no job ({self.failures.refused})",
                where=where,
                mend="ask for what it has: --queue, --memory-gb, --job-hours, and Dask's own "
                "~/.config/dask/jobqueue.yaml",
            )
        batch = self.options.batch
        said = state_of_jobs(str(self.options.cluster)) if batch else self.failures.last
        return ClusterError(
            f"no worker within {self.options.wait_minutes:g} minutes"
            + (f" ({said})" if said else ""),
            where=where,
            mend="wait longer with --wait-minutes, or see the logs of the jobs in cluster/logs"
            if batch
            else "start workers, or wait longer with --wait-minutes",
        )


class _Failures(logging.Handler):
    """Keeps the last failure that Dask logged, and why a batch system refused a job."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last, self.refused = "", ""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.last = " ".join(str(error or record.getMessage()).split())[-400:]

    def refuse(self, reason: str) -> None:
        self.refused = reason[-400:]


def _checked(check: WorkerCheck, function: Callable[[Any], Any], payload: Any) -> Any:
    """Run a task on a worker that may take part."""
    check.require(str(needed("distributed").get_worker().name))
    return function(payload)


def tell(topic: str, message: object) -> None:
    """Send a message from inside a task to those who listen."""
    needed("distributed").get_worker().log_event(topic, {"message": message})


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
    failures = _Failures()
    with contextlib.ExitStack() as stack:
        stack.enter_context(needed("dask").config.set(SETTINGS))
        stack.enter_context(_quiet(failures))
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


def _require_alike(engine: Engine) -> None:
    """Judge the workers that are there; those that come later are judged by their first task."""
    try:
        engine.client.run(engine.check.require, "there")
    except ImportError as error:
        raise ClusterError(
            f"a worker cannot run jetmix ({error})",
            mend="start the workers from the same environment",
        ) from None


@contextlib.contextmanager
def _quiet(failures: _Failures) -> Iterator[None]:
    """Send what Dask logs to ``failures`` alone while the block runs."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio", "dask")]
    before = [(log, log.handlers[:], log.propagate) for log in loggers]
    try:
        for log in loggers:
            log.handlers, log.propagate = [failures], False
        yield
    finally:
        for log, handlers, propagate in before:
            log.handlers, log.propagate = handlers, propagate
