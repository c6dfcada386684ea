"""Workers that are there, and tasks on them: the only caller of Dask's client."""

import contextlib
import itertools
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jetmix.cluster import inside
from jetmix.cluster.batch import state_of_jobs
from jetmix.cluster.check import WorkerCheck
from jetmix.cluster.extra import needed
from jetmix.cluster.failures import Failures
from jetmix.cluster.options import ClusterOptions
from jetmix.cluster.sent import SentFile
from jetmix.errors import ClusterError
from jetmix.support import console
from jetmix.support.arrays import AnyArray

POLL_SECONDS, ASK_SECONDS = 0.1, 5.0


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A task that was given up because its workers died again and again."""

    deaths: int


@dataclass(frozen=True)
class Stopped:
    """A task that was not wanted any more."""


@dataclass(eq=False)
class Engine:
    """A connection to workers, from :func:`jetmix.cluster.connect.opened`.

    Attributes:
        client: Dask's client.
        check: what a worker must have.
        options: where the workers run.
        failures: what Dask logged.
        cluster: the workers that were started here, None for those of a running scheduler.
        file: a file that every task gets.
        topics: who listens to what.
        tasks: payload and future of each task that is handed out.
        stopped: names of those that are not wanted any more.
        submitted: number of tasks that were handed out.
    """

    client: Any
    check: WorkerCheck
    options: ClusterOptions
    failures: Failures
    cluster: Any = None
    file: SentFile | None = None
    topics: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    tasks: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
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
        self.topics[topic] = hear
        self.client.subscribe_topic(topic, lambda event: hear(event[1]["message"]))

    def send(self, path: Path) -> None:
        """Send a file to all workers; every task gets its bytes as second argument from now on.

        Raises:
            ClusterError: if they do not get it.
        """
        self.file = SentFile(self.client, path)
        self.file.spread(self.options.wait_minutes)

    def results(
        self,
        function: Callable[..., Any],
        tasks: Iterable[tuple[str, Any]],
        *,
        at_once: int | None = None,
        idle: Callable[[], None] = lambda: None,
    ) -> Iterator[tuple[str, Any]]:
        """Run ``function`` on the payload of every task; yield (name, result) as they come.

        A task whose worker is lost runs again on another one; the result is :class:`Lost` where
        that happened too often, and :class:`Stopped` after :meth:`stop`. With a scheduler that was
        started again all unfinished tasks run again. Tasks start in their order.

        Args:
            function: of a module that the workers have.
            tasks: name and payload of each; taken when there is room.
            at_once: how many are handed out at once; None hands out all.
            idle: called a few times a second, and whenever a result has come.

        Raises:
            ClusterError: if a worker differs, or none is left.
            OSError: if a worker's disk is full.
        """
        source = iter(tasks)
        try:
            while True:
                more = None if at_once is None else max(0, at_once - len(self.tasks))
                for name, payload in itertools.islice(source, more):
                    self._submit(function, name, payload)
                if not self.tasks:
                    return
                done = self._some_done(idle)
                gone = [name for name in done if self._gone(name)]
                if gone:
                    self._reach_again()
                for name in gone:
                    self._submit(function, name, self.tasks[name][0])
                for name in done:
                    if name in gone:
                        continue
                    _, future = self.tasks.pop(name)
                    result = self._result(name, future)
                    future.release()
                    yield name, result
        finally:
            with contextlib.suppress(Exception):
                self.client.cancel([future for _, future in self.tasks.values()])
            self.tasks.clear()

    def stop(self, name: str) -> None:
        """Let a task know that it is not wanted any more, while :meth:`results` waits for it."""
        if name in self.tasks:
            self.stopped.add(name)
            self.tasks[name][1].cancel()

    def _submit(self, function: Callable[..., Any], name: str, payload: Any) -> None:
        # one group for Dask, which then leaves tasks that wait with the scheduler
        key = f"task-{name}-{uuid.uuid4().hex[:12]}"
        sent = () if self.file is None else (self.file.there(),)
        # without a priority Dask orders by key what is handed out within a tenth of a second
        self.submitted += 1
        future = self.client.submit(
            _checked, self.check, function, payload, *sent,
            key=key, pure=False, priority=-self.submitted,
        )  # fmt: skip
        self.tasks[name] = (payload, future)

    def _gone(self, name: str) -> bool:
        """Return whether a task went with its scheduler."""
        return self.tasks[name][1].status in ("cancelled", "lost") and name not in self.stopped

    def _reach_again(self) -> None:
        """Wait for the workers of a scheduler that was started again, and listen to them."""
        self.wait_for_workers()
        for topic, hear in self.topics.items():
            self.listen(topic, hear)

    def _some_done(self, idle: Callable[[], None]) -> list[str]:
        """Wait until a task is done or cancelled, and return which are."""
        seen = asked = time.monotonic()
        while True:
            idle()
            done = [name for name, task in self.tasks.items() if task[1].status != "pending"]
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

    def _result(self, name: str, future: Any) -> Any:
        if name in self.stopped:
            self.stopped.remove(name)
            if future.status == "cancelled":
                return Stopped()
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
            ClusterError: after the time limit, with the batch system's own message; or if the
                scheduler is gone and did not come again within a minute.
        """
        end = time.monotonic() + 60 * self.options.wait_minutes
        with console.progress("waiting for a worker") as ticker:
            while not self._has_worker():
                if self.client.status == "closed":
                    raise ClusterError(
                        "the Dask scheduler is gone",
                        where=self.options.cluster or "",
                        mend="start it again, then the same command goes on from here",
                    )
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


def _checked(
    check: WorkerCheck, function: Callable[..., Any], payload: Any, *sent: AnyArray
) -> Any:
    """Run a task on a worker that may take part."""
    check.require(inside.name())
    return function(payload, *sent)
