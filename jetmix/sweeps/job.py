"""What a worker does: one run of a sweep, from where it stands to its end."""

import contextlib
import errno
import fcntl
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jetmix.cluster.inside import tell, wanted
from jetmix.errors import JetmixError
from jetmix.support import console
from jetmix.sweeps.plan import PlannedRun
from jetmix.sweeps.records import LOGS, RUNS, Lowered, RunRecord, Status
from jetmix.sweeps.target import Target
from jetmix.training.run_dir import RunDir, open_source

SYNTH = "3-synth"
REPORT_SECONDS = 1.0
# a training is judged by a search after each of so many parts
STEPS = 20
LOCK_POLL_SECONDS = 1.0
# what is no fault of a run: the disk of all of them
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class StoppedError(Exception):
    """Nobody waits for this run any more."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run for a worker.

    Attributes:
        run: what is trained.
        data: file of jets.
        folder: folder of the sweep.
        backend: Keras backend.
        target: what the tagger is lowered for, None if it is not.
        topic: name under which the worker reports its progress.
        copy_of: the job as the command gave it, where ``data`` and ``folder`` are copies on the
            worker; records name the files of that one.
    """

    run: PlannedRun
    data: Path
    folder: Path
    backend: str
    target: Target | None
    topic: str
    copy_of: "Job | None" = None

    @property
    def run_folder(self) -> Path:
        """The run directory."""
        return self.folder / RUNS / self.run.name

    @property
    def log(self) -> Path:
        """File of what the run said."""
        return self.folder / LOGS / f"{self.run.name}.log"


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of a run, and what it took on this worker.

    Attributes:
        record: its line of the sweep.
        seconds: time on this worker in s.
    """

    record: RunRecord
    seconds: float


def work(job: Job) -> Done:
    """Train a run to its end, going on from its last epoch, and lower its tagger.

    Whatever the run itself does wrong is its result; only what concerns all runs is raised.

    Raises:
        OSError: if the disk is full or read-only.
    """
    start = time.monotonic()
    with console.written_to(job.log), _alone(job):
        record = _outcome(job)
    return Done(record=record, seconds=time.monotonic() - start)


def _outcome(job: Job) -> RunRecord:
    try:
        _train(job)
        if job.target is not None:
            _lower(job, job.target)
        return record_of(job.run, job.run_folder, job.target)
    except StoppedError:
        return waiting(job.run)
    except JetmixError as error:
        return _record(job.run, status="failed", reason=str(error))
    except Exception as error:
        # backends raise a dozen unrelated types, such as for memory that a device lacks
        if isinstance(error, OSError) and error.errno in DISK:
            raise
        console.say(traceback.format_exc())
        first = (str(error).strip() or "no message").splitlines()[0][:300]
        return _record(job.run, status="failed", reason=f"{type(error).__name__}: {first}")


def _train(job: Job) -> None:
    from jetmix.training.run import TrainingRun, train

    reported = 0.0

    def stop_if_asked(*_: object) -> None:
        if not wanted():
            raise StoppedError

    def each_epoch(row: Mapping[str, float], speed: float) -> None:
        nonlocal reported
        stop_if_asked()
        step = step_of(int(row["epoch"]), job.run.recipe.training.epochs)
        if step is not None or time.monotonic() - reported >= REPORT_SECONDS:
            reported = time.monotonic()
            shown = {key: row[key] for key in ("epoch", "val_accuracy", "ebops")}
            tell(job.topic, {"run": job.run.name, "speed": speed, "step": step, **shown})

    train(
        TrainingRun(
            recipe=job.run.recipe,
            data=job.data,
            folder=job.run_folder,
            backend=job.backend,
            resume=True,
            each_epoch=each_epoch,
            twin_epoch=stop_if_asked,
            data_name=str((job.copy_of or job).data),
        )
    )


def step_of(epoch: int, epochs: int) -> int | None:
    """Return which twentieth of a training ends with this epoch, None if none does."""
    step, before = (STEPS * e // epochs for e in (epoch, epoch - 1))
    return step if step > before else None


def _lower(job: Job, target: Target) -> None:
    from jetmix.synthesis.flow import synthesise

    source = replace(open_source(job.run_folder), origin=str((job.copy_of or job).run_folder))
    synthesise(source, job.run_folder / SYNTH, target.options_for(job.run.recipe))


@contextlib.contextmanager
def _alone(job: Job) -> Iterator[None]:
    """Wait until no other process works on the run: such as one that lost its scheduler."""
    path = job.run_folder.with_name(f".{job.run.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(LOCK_POLL_SECONDS)
        yield


def record_of(run: PlannedRun, folder: Path, target: Target | None) -> RunRecord:
    """Return what a run directory holds of a run: done, or waiting for what is missing.

    Raises:
        ReportReadError: if a file in it is damaged.
    """
    opened = RunDir(folder)
    if not opened.trained or opened.metrics is None or opened.figures is None:
        return waiting(run)
    firmware = _lowered(folder / SYNTH) if target else None
    if target and firmware is None:
        return waiting(run)
    metrics, figures = opened.metrics, opened.figures
    return _record(
        run,
        status="done",
        accuracy=metrics.accuracy,
        accuracy_error=metrics.accuracy_error,
        val_accuracy=figures.chosen.val_accuracy,
        ebops=metrics.ebops,
        epochs=figures.epochs,
        firmware=firmware,
    )


def _lowered(folder: Path) -> Lowered | None:
    from jetmix.synthesis.synth_dir import SynthDir

    made = SynthDir(folder)
    if made.record is None or made.record.status != "done":
        return None
    report, (checked,) = made.resources[0], made.verification
    return Lowered(
        lut=report.lut,
        lut_low=report.lut_low,
        lut_high=report.lut_high,
        ff=report.ff,
        latency_cycles=report.latency_cycles,
        latency_ns=report.latency_ns,
        ii=report.ii_cycles or 1,
        n_vectors=checked.n_vectors,
    )


def _record(run: PlannedRun, **known: Any) -> RunRecord:
    return RunRecord(
        name=run.name,
        values=run.values,
        seed=run.recipe.training.seed,
        architecture=run.recipe.tagger.architecture,
        **known,
    )


def waiting(run: PlannedRun) -> RunRecord:
    """Return the record of a run that is not done."""
    return _record(run, status="waiting")


def ended(run: PlannedRun, reason: str, status: Status = "failed") -> RunRecord:
    """Return the record of a run that ended without a tagger."""
    return _record(run, status=status, reason=reason)
