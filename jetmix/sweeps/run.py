"""``jetmix sweep``: the runs of a sweep file on workers, and what comes out of them.

The folder of a sweep holds ``request.json``, which says whose it is, a run directory per run, and
the results. A run that is done is never done again; one that was interrupted goes on from its last
epoch; one that failed is left alone until it is asked for.
"""

import contextlib
import fcntl
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from jetmix.cluster.check import WorkerCheck
from jetmix.cluster.engine import Engine, Lost, opened
from jetmix.cluster.extra import needed
from jetmix.cluster.options import ClusterOptions
from jetmix.errors import DataError, RunConflictError
from jetmix.models import keras_env
from jetmix.support import console
from jetmix.support.files import content_digest, file_digest
from jetmix.support.records import read, write
from jetmix.support.stages import claim_folder
from jetmix.sweeps import job as jobs
from jetmix.sweeps.picture import draw
from jetmix.sweeps.plan import PlannedRun, planned
from jetmix.sweeps.progress import Board, shown
from jetmix.sweeps.records import (
    PICTURE,
    REQUEST,
    RUNS,
    RunRecord,
    SweepRecord,
    SweepRequest,
    front_of,
    read_sweep,
)
from jetmix.sweeps.sweep_file import SweepFile, read_sweep_file
from jetmix.sweeps.target import Target

WRITE_SECONDS = 10.0
CLUSTER = "cluster"


class _TimeIsUpError(Exception):
    """The time limit of the command is reached."""


@dataclass(frozen=True, kw_only=True)
class SweepOptions:
    """What is swept, on which jets, where to and on which workers.

    Attributes:
        file: the sweep file.
        data: HDF5 file of jets.
        folder: folder of the sweep, new or of the same sweep.
        backend: Keras backend; None takes the default.
        target: what the taggers are lowered for; None leaves them as they are.
        cluster: where the workers run.
        retry_failed: whether runs that failed before are tried again.
    """

    file: Path
    data: Path
    folder: Path
    backend: str | None = None
    target: Target | None = None
    cluster: ClusterOptions = field(default_factory=ClusterOptions)
    retry_failed: bool = False


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
    runs = planned(file, options.file)
    end = None if file.limits.hours is None else start + 3600 * file.limits.hours
    with claimed(options, request_of(options, runs)) as request:
        state = _State.read(options, file, runs)
        todo = state.todo
        try:
            if todo:
                workers = opened(options.cluster, check_of(options), options.folder / CLUSTER)
                with workers as engine:
                    _run_all(engine, state, request, end)
            else:
                console.say(f"{options.folder}: nothing is left to do")
        finally:
            record = state.write()
            draw(record, options.folder / PICTURE)
    return Swept(
        folder=options.folder,
        record=record,
        n_new=len(todo) - len(state.todo),
        seconds=round(time.monotonic() - start, 3),
    )


def request_of(options: SweepOptions, runs: Sequence[PlannedRun]) -> SweepRequest:
    """Return what decides the results of a sweep."""
    try:
        data_sha256 = file_digest(options.data)
    except OSError as error:
        raise DataError(
            f"cannot read the data ({error.strerror})",
            where=options.data,
            mend="give an HDF5 file of `jetmix data simulate` or `jetmix data import`",
        ) from None
    backend = keras_env.chosen_backend(options.backend)
    digests = [run.recipe.digest() for run in runs]
    return SweepRequest(
        digest=content_digest({"recipes": digests, "data": data_sha256, "backend": backend}),
        data=str(options.data.resolve()),
        data_sha256=data_sha256,
        backend=backend,
        target=options.target,
        n_runs=len(runs),
    )


@contextlib.contextmanager
def claimed(options: SweepOptions, wanted: SweepRequest) -> Iterator[SweepRequest]:
    """Own the folder of the sweep while the block runs.

    Raises:
        RunConflictError: if it holds something else, another sweep or another target, or another
            command works in it.
    """
    folder = options.folder
    claim_folder(folder, owned_by=REQUEST)
    path = folder / REQUEST
    if not path.exists():
        write(path, wanted)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunConflictError(
                "another command is sweeping into it", where=folder, mend="wait for it to end"
            ) from None
        there = read(SweepRequest, path)
        mend = "name another folder, or give the sweep file, jets and backend that it was made with"
        if there.digest != wanted.digest:
            raise RunConflictError("holds another sweep", where=folder, mend=mend)
        if there.target is not None and wanted.target not in (None, there.target):
            raise RunConflictError(
                f"its taggers are lowered for {there.target.part} at {there.target.clock_ns:g} ns",
                where=folder,
                mend="leave --synth out, or name another folder",
            )
        request = replace(wanted, target=wanted.target or there.target)
        write(path, request)
        for stop in folder.glob(f"{jobs.STOP}*"):
            stop.unlink()
        yield request


def check_of(options: SweepOptions) -> WorkerCheck:
    """Return what the workers must have: our versions, the jets and the folder."""
    return WorkerCheck.here(options.data, options.folder / REQUEST)


@dataclass
class _State:
    """The runs of a sweep and what is known of each."""

    options: SweepOptions
    file: SweepFile
    runs: dict[str, PlannedRun]
    records: dict[str, RunRecord]
    target: Target | None
    written: float = 0.0

    @classmethod
    def read(cls, options: SweepOptions, file: SweepFile, runs: Iterable[PlannedRun]) -> "_State":
        """Read what earlier commands left: done runs from their folders, failed ones as written."""
        target = read(SweepRequest, options.folder / REQUEST).target
        named = {run.name: run for run in runs}
        folder = options.folder / RUNS
        records = {n: jobs.record_of(run, folder / n, target) for n, run in named.items()}
        before = read_sweep(options.folder)
        for old in before.of("failed") if before and not options.retry_failed else ():
            if records[old.name].status != "done":
                records[old.name] = old
        return cls(options, file, named, records, target)

    @property
    def todo(self) -> list[str]:
        """Names of the runs that wait."""
        return [name for name, record in self.records.items() if record.status == "waiting"]

    def add(self, record: RunRecord) -> None:
        """Note a result; it is on disk soon."""
        self.records[record.name] = record
        if time.monotonic() - self.written > WRITE_SECONDS:
            self.write()

    def write(self) -> SweepRecord:
        """Write results and picture of what is known."""
        self.written = time.monotonic()
        runs = tuple(self.records.values())
        record = SweepRecord(
            recipe=self.file.recipe,
            axes=tuple(dict.fromkeys(key for run in runs for key in run.values)),
            target=self.target,
            runs=runs,
            front=front_of(runs),
        )
        record.write(self.options.folder)
        return record


def _run_all(engine: Engine, state: _State, request: SweepRequest, end: float | None) -> None:
    """Run what waits, until all of it is done or the time is up."""
    todo = state.todo
    console.say(f"{len(todo)} runs on {engine.n_workers} workers; dashboard: {engine.dashboard}")
    board = Board(total=len(state.runs), runs=state.runs)
    for record in state.records.values():
        if record.status == "done":
            board.note(record)
    topic = f"jetmix-{uuid.uuid4().hex}"
    engine.listen(topic, board.hear)

    def idle() -> None:
        board.show()
        if end is not None and time.monotonic() > end:
            raise _TimeIsUpError

    tasks = ((name, _job(state, name, request, topic)) for name in todo)
    with shown(board), stopping(state.options.folder):
        try:
            for name, result in engine.results(jobs.work, tasks, idle=idle):
                lost = isinstance(result, Lost)
                record = given_up(state.runs[name], result) if lost else result.record
                state.add(record)
                board.finished(record)
        except _TimeIsUpError:
            console.say("the time limit is reached; the same command goes on from here")


def given_up(run: PlannedRun, lost: Lost) -> RunRecord:
    """Return the record of a run whose workers died again and again."""
    return jobs.failed(
        run, f"{lost.deaths} workers died while they ran it, most likely for lack of memory"
    )


def _job(state: _State, name: str, request: SweepRequest, topic: str) -> jobs.Job:
    return jobs.Job(
        run=state.runs[name],
        data=state.options.data.resolve(),
        folder=state.options.folder.resolve(),
        backend=request.backend,
        target=request.target,
        topic=topic,
    )


@contextlib.contextmanager
def stopping(folder: Path) -> Iterator[None]:
    """Let runs that go on elsewhere end after their epoch when the block ends before them."""
    try:
        yield
    finally:
        (folder / jobs.STOP).touch()
