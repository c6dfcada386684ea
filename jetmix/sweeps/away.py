"""Runs on workers that share no file system with the command.

The jets lie on the worker while it trains, in a folder that goes with it; what was done of a run
before goes there with the job, and the run directory comes back when the run has ended.
"""

import contextlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from jetmix.cluster import inside
from jetmix.support.arrays import AnyArray
from jetmix.sweeps import job as jobs
from jetmix.sweeps.job import DISK, Done, Job

RUN, LOG = "run", "log"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A job on its way to a worker; ``files`` are its run directory and log as they are."""

    job: Job
    files: bytes


@dataclass(frozen=True, kw_only=True)
class Back:
    """What became of a job; ``files`` are its run directory and log as they came out."""

    done: Done
    files: bytes


def sent(job: Job) -> Sent:
    """Return a job with all that a worker elsewhere needs but the jets."""
    return Sent(job=job, files=packed(job))


def packed(job: Job) -> bytes:
    """Return the run directory and the log of a job as an archive."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=1) as tar:
        for name, path in ((RUN, job.run_folder), (LOG, job.log)):
            if path.exists():
                tar.add(path, arcname=name)
    return archive.getvalue()


def unpacked(files: bytes, job: Job) -> None:
    """Put run directory and log of an archive in the place of those of a job, each whole."""
    folder, log = job.run_folder, job.log
    staging = folder.with_name(f".{job.run.name}.part")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(files)) as tar:
            tar.extractall(staging, filter="data")
        if (staging / RUN).exists():
            if folder.exists():
                folder.replace(staging / "before")
            (staging / RUN).replace(folder)
        if (staging / LOG).exists():
            log.parent.mkdir(exist_ok=True)
            (staging / LOG).replace(log)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def work(sent: Sent, jets: AnyArray) -> Back:
    """Do a job in a folder of the worker.

    Args:
        sent: the job.
        jets: bytes of the file of jets, uint8 (byte,).

    Raises:
        OSError: if the worker's disk is full, naming the worker.
    """
    job = sent.job
    with _on_disk() as folder:
        here = replace(job, folder=folder, data=folder / "data" / job.data.name, copy_of=job)
        here.data.parent.mkdir()
        here.data.write_bytes(jets.data)
        unpacked(sent.files, here)
        return Back(done=jobs.work(here), files=packed(here))


@contextlib.contextmanager
def _on_disk() -> Iterator[Path]:
    """Give a folder of the worker for one run; its full disk is named as that of the worker."""
    place = inside.scratch()
    try:
        with tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except OSError as error:
        if error.errno not in DISK:
            raise
        raise OSError(
            error.errno,
            f"{os.strerror(error.errno or 0)} on worker {inside.name()}",
            str(error.filename or place),
        ) from None
