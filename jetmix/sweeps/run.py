"""``jetmix sweep``: the runs of a sweep file on workers, and what comes out of them.

The folder of a sweep holds ``request.json``, which says whose it is, a run directory per run, and
the results. A run that is done is never done again; one that was interrupted goes on from its last
epoch; one that failed is left alone until it is asked for.
"""

import queue
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jetmix.cluster.connect import opened
from jetmix.cluster.engine import Engine, Lost, Stopped
from jetmix.cluster.extra import needed
from jetmix.support import console
from jetmix.sweeps import away
from jetmix.sweeps import job as jobs
from jetmix.sweeps.picture import draw
from jetmix.sweeps.plan import PlannedRun, planned
from jetmix.sweeps.progress import Board, shown
from jetmix.sweeps.records import PICTURE, RunRecord, SweepRecord, SweepRequest
from jetmix.sweeps.search import Search, storage_failures
from jetmix.sweeps.state import Source, State, SweepOptions, check_of, claimed, request_of
from jetmix.sweeps.sweep_file import SweepFile, read_sweep_file
from jetmix.sweeps.target import Target

CLUSTER = "cluster"
# runs that the scheduler knows of at once, at least
AT_ONCE = 1000
# per worker, where files go along with the runs
AT_ONCE_SENT = 4


class _TimeIsUpError(Exception):
    """The time limit of the command is reached."""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep came to.

    Attributes:
        folder: its folder.
        record: its runs and front.
        n_new: runs that ended in this very call.
        seconds: wall time of this call in s.
    """

    folder: Path
    record: SweepRecord
    n_new: int
    seconds: float


def sweep(options: SweepOptions) -> Swept:
    """Train all runs of a sweep that are not done yet.

    Raises:
        ToolMissingError: without the extra ``cluster``.
        UsageError: if the sweep file is refused.
        RunConflictError: if the folder holds something else, or another command works in it.
        ClusterError: if there are no workers, or they differ.
    """
    needed("distributed")
    start = time.monotonic()
    file = read_sweep_file(options.file)
    source: Source = Grid(file, options) if file.search is None else Search(file, options)
    end = None if file.limits.hours is None else start + 3600 * file.limits.hours
    n_new = 0
    wanted = request_of(options, source.content, source.n_runs)
    with storage_failures(options.folder), claimed(options, wanted) as request:
        state = State.read(options, file, source.begin(request.target))
        try:
            if source.left(state):
                workers = opened(options.cluster, check_of(options), options.folder / CLUSTER)
                with workers as engine:
                    for _ in _ended(engine, state, source, request, end):
                        n_new += 1
            else:
                console.say(f"{options.folder}: nothing is left to do")
        finally:
            record = state.write()
            draw(record, options.folder / PICTURE)
    seconds = round(time.monotonic() - start, 3)
    return Swept(folder=options.folder, record=record, n_new=n_new, seconds=seconds)


class Grid:
    """The runs of a sweep without a search: all are known, and enough are handed out at once."""

    def __init__(self, file: SweepFile, options: SweepOptions) -> None:
        self.runs = planned(file, options.file)
        self.content: object = [run.recipe.digest() for run in self.runs]
        self.n_runs: int | None = len(self.runs)

    def begin(self, target: Target | None) -> Sequence[PlannedRun]:
        """Return all runs."""
        return self.runs

    def left(self, state: State) -> bool:
        """Return whether a run waits."""
        return bool(state.todo)

    def at_once(self, n_workers: int) -> int:
        """Return more than the workers can take, but not so many that the scheduler gets large."""
        return max(AT_ONCE, 4 * n_workers)

    def next(self, state: State) -> Iterator[PlannedRun]:
        """Yield the runs that wait."""
        return (state.runs[name] for name in state.todo)

    def hopeless(self, event: Mapping[str, Any]) -> bool:
        """Let every run go on to its end."""
        return False

    def finished(self, record: RunRecord) -> RunRecord:
        """Take a result as it is."""
        return record


def _ended(
    engine: Engine, state: State, source: Source, request: SweepRequest, end: float | None
) -> Iterator[RunRecord]:
    """Run what is left and yield what ends, until all of it is done or the time is up."""
    console.say(f"workers: {engine.n_workers}; dashboard: {engine.dashboard}")
    board = Board.of(state.runs, source.n_runs, state.records.values())
    topic = f"jetmix-{uuid.uuid4().hex}"
    heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    engine.listen(topic, heard.put)

    def idle() -> None:
        while not heard.empty():
            event = heard.get()
            board.hear(event)
            if source.hopeless(event):
                engine.stop(event["run"])
        board.show()
        if end is not None and time.monotonic() > end:
            raise _TimeIsUpError

    work, at_once, wrapped = _way(engine, state, source)
    job_of = partial(_job, state=state, request=request, topic=topic)
    tasks = ((run.name, wrapped(job_of(run))) for run in source.next(state))
    try:
        with shown(board):
            for name, result in engine.results(work, tasks, at_once=at_once, idle=idle):
                record = source.finished(_record(job_of(state.runs[name]), result))
                state.add(record)
                board.finished(record)
                if record.status != "waiting":
                    yield record
    except _TimeIsUpError:
        console.say("the time limit is reached; the same command goes on from here")


def _way(
    engine: Engine, state: State, source: Source
) -> tuple[Callable[..., Any], int, Callable[[jobs.Job], object]]:
    """Return what workers do, with how many runs at once, and a job as they take it."""
    n_workers = state.options.cluster.workers or engine.n_workers
    at_once = source.at_once(n_workers)
    if not state.options.send_data:
        return jobs.work, at_once, lambda job: job
    engine.send(state.options.data)
    # files of earlier commands go along with the runs
    return away.work, min(at_once, AT_ONCE_SENT * n_workers), away.sent


def _record(job: jobs.Job, result: object) -> RunRecord:
    """Return what became of a job, its files in place."""
    if isinstance(result, Lost):
        return given_up(job.run, result)
    if isinstance(result, Stopped):
        return jobs.waiting(job.run)
    if isinstance(result, away.Back):
        away.unpacked(result.files, job)
        result = result.done
    assert isinstance(result, jobs.Done)  # noqa: S101 (there is nothing else)
    return result.record


def given_up(run: PlannedRun, lost: Lost) -> RunRecord:
    """Return the record of a run whose workers died again and again."""
    return jobs.ended(
        run, f"{lost.deaths} workers died while they ran it, most likely for lack of memory"
    )


def _job(run: PlannedRun, state: State, request: SweepRequest, topic: str) -> jobs.Job:
    return jobs.Job(
        run=run,
        data=state.options.data.resolve(),
        folder=state.options.folder.resolve(),
        backend=request.backend,
        target=request.target,
        topic=topic,
    )
