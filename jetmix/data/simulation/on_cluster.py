"""Blocks of jets made by the workers of a cluster, as the processes of one machine make them."""

import functools
import multiprocessing
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jetmix.cluster.check import WorkerCheck
from jetmix.cluster.connect import opened
from jetmix.cluster.engine import Lost
from jetmix.cluster.options import ClusterOptions
from jetmix.data.simulation.blocks import Blocks
from jetmix.data.simulation.generator import BlockMaker, require_tools
from jetmix.errors import ClusterError, ToolFailedError
from jetmix.support import console

Task = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class BlockJob:
    """One block for a worker: of which class, which one, and how many jets.

    ``tools`` are the versions of Pythia and FastJet that the file will name.
    """

    task: Task
    blocks: Blocks
    maker: BlockMaker
    tools: Mapping[str, str]


def made_on_cluster(jobs: Sequence[BlockJob], options: ClusterOptions) -> Iterator[int]:
    """Make blocks on a cluster; yield the number of jets whenever one is done.

    Args:
        jobs: the blocks; their folder must be one that all workers see.
        options: the cluster.

    Raises:
        ClusterError: if there is no worker, or one has other versions or does not see the folder.
        ToolFailedError: if a block kills its workers again and again.
    """
    if not jobs:
        return
    folder = jobs[0].blocks.folder
    with opened(options, WorkerCheck.here(folder), folder / "cluster") as engine:
        console.say(f"workers: {engine.n_workers}; dashboard: {engine.dashboard}")
        tasks = ((f"block-{job.task[0]}-{job.task[1]}", job) for job in jobs)
        for name, n_jets in engine.results(work, tasks):
            if isinstance(n_jets, Lost):
                raise ToolFailedError(
                    f"{n_jets.deaths} workers died while they made {name}",
                    mend="run the same command again to continue, with more --memory-gb if need be",
                )
            yield n_jets


def work(job: BlockJob) -> int:
    """Make and write one block, and return its number of jets; runs on a worker."""
    _silence()
    if require_tools() != dict(job.tools):
        raise ClusterError(
            f"this worker has {require_tools()}, the command {dict(job.tools)}",
            mend="start the workers from the same environment",
        )
    class_index, block, n_jets = job.task
    job.blocks.write(class_index, block, _ready(job.maker).make(class_index, block, n_jets))
    return n_jets


# a maker with its Pythias initialised, by what it makes and the thread that it belongs to
_makers: dict[tuple[object, ...], BlockMaker] = {}


def _ready(maker: BlockMaker) -> BlockMaker:
    """Return a maker of the same jets that may have its Pythias already."""
    key = (maker.preset.digest, maker.seed, maker.n_constituents, maker.hlf, threading.get_ident())
    return _makers.setdefault(key, maker)


@functools.cache
def _silence() -> None:
    """Send standard output of a worker process nowhere: FastJet prints a banner there."""
    if multiprocessing.parent_process() is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
