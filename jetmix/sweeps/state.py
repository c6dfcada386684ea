"""The folder of a sweep while a command works in it: whose it is, and what is known of each run."""

import contextlib
import fcntl
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from jetmix.cluster.check import WorkerCheck
from jetmix.cluster.options import ClusterOptions
from jetmix.data.jet_file import open_jet_table
from jetmix.errors import DataError, RunConflictError
from jetmix.models import keras_env
from jetmix.support.files import content_digest, file_digest
from jetmix.support.records import read, write
from jetmix.support.stages import claim_folder
from jetmix.sweeps import job as jobs
from jetmix.sweeps.plan import PlannedRun
from jetmix.sweeps.records import (
    REQUEST,
    RUNS,
    RunRecord,
    SweepRecord,
    SweepRequest,
    front_of,
    read_sweep,
)
from jetmix.sweeps.sweep_file import SweepFile
from jetmix.sweeps.target import Target

WRITE_SECONDS = 10.0
NOT_SEEN = "name paths on a file system that all workers share, or add --send-data"
# ended without a tagger
ENDED = ("failed", "pruned")


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
        send_data: whether the jets are sent to workers that share no file system with the command,
            and run directories come back when they are done.
    """

    file: Path
    data: Path
    folder: Path
    backend: str | None = None
    target: Target | None = None
    cluster: ClusterOptions = field(default_factory=ClusterOptions)
    retry_failed: bool = False
    send_data: bool = False


def data_digest(path: Path) -> str:
    """Return the digest of the file of jets.

    Raises:
        DataError: if it cannot be read, or holds no jets.
    """
    try:
        digest = file_digest(path)
    except OSError as error:
        raise DataError(
            f"cannot read the data ({error.strerror})",
            where=path,
            mend="give an HDF5 file of `jetmix data simulate` or `jetmix data import`",
        ) from None
    with open_jet_table(path):
        return digest


def request_of(options: SweepOptions, content: object, n_runs: int | None) -> SweepRequest:
    """Return what decides the results of a sweep.

    Args:
        options: names the jets and the backend.
        content: the recipes, or the space that they are searched in.
        n_runs: number of runs, None of a search.
    """
    data_sha256 = data_digest(options.data)
    backend = keras_env.chosen_backend(options.backend)
    return SweepRequest(
        digest=content_digest({"runs": content, "data": data_sha256, "backend": backend}),
        data=str(options.data.resolve()),
        data_sha256=data_sha256,
        backend=backend,
        target=options.target,
        n_runs=n_runs,
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
        yield request


def check_of(options: SweepOptions) -> WorkerCheck:
    """Return what the workers must have: our versions, and the files that are not sent."""
    if options.send_data:
        return WorkerCheck.here()
    return WorkerCheck.here(options.data, options.folder / REQUEST, mend=NOT_SEEN)


@dataclass
class State:
    """The runs of a sweep and what is known of each."""

    options: SweepOptions
    file: SweepFile
    runs: dict[str, PlannedRun]
    records: dict[str, RunRecord]
    target: Target | None
    written: float = 0.0

    @classmethod
    def read(cls, options: SweepOptions, file: SweepFile, runs: Iterable[PlannedRun]) -> "State":
        """Read what earlier commands left: done runs from their folders, failed ones as written."""
        target = read(SweepRequest, options.folder / REQUEST).target
        named = {run.name: run for run in runs}
        folder = options.folder / RUNS
        records = {n: jobs.record_of(run, folder / n, target) for n, run in named.items()}
        before = read_sweep(options.folder)
        for old in before.runs if before and not options.retry_failed else ():
            if old.status in ENDED and records[old.name].status != "done":
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


class Source(Protocol):
    """Where the runs of a sweep come from.

    Attributes:
        content: what decides which runs there are, as JSON-serialisable data.
        n_runs: how many there are, None where that is not known.
    """

    content: object
    n_runs: int | None

    def begin(self, target: Target | None) -> Sequence[PlannedRun]:
        """Return the runs that are known now; the folder is ours by then."""

    def left(self, state: State) -> bool:
        """Return whether there is anything to run."""

    def at_once(self, n_workers: int) -> int:
        """Return how many runs are handed out at once."""

    def next(self, state: State) -> Iterator[PlannedRun]:
        """Yield runs; each is asked for when there is room for it."""

    def hopeless(self, event: Mapping[str, Any]) -> bool:
        """Take what a worker reports of an epoch, and return whether to end its run."""

    def finished(self, record: RunRecord) -> RunRecord:
        """Learn what became of a run, and return what is recorded of it."""
