"""Simulates files of jets: blocks made by worker processes, kept until the file is complete.

Row k of a file is jet k // 5 of class k % 5, and jets come in blocks of fixed size with a seed of
their own. So the same seed gives the same jets with any number of processes, and a longer run
begins with the jets of a shorter one.
"""

import contextlib
import fcntl
import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from jetmix import __version__
from jetmix.cluster.options import ClusterOptions
from jetmix.data.checks import attribute
from jetmix.data.schema import CLASS_NAMES, MAX_CONSTITUENTS, PARTICLE_FEATURES
from jetmix.data.simulation.blocks import Blocks
from jetmix.data.simulation.generator import BLOCK_JETS, BlockMaker, jet_columns, require_tools
from jetmix.data.simulation.on_cluster import BlockJob, made_on_cluster
from jetmix.data.simulation.presets import DEFAULT_PRESET, Preset, read_preset
from jetmix.data.writer import JetWriter, jet_writer, writing
from jetmix.errors import RunConflictError, ToolFailedError, UsageError
from jetmix.support import console
from jetmix.support.files import JSON, file_digest, read_json, write_json
from jetmix.support.stages import StopWatch, claim_folder

N_CLASSES = len(CLASS_NAMES)
ROUND_JETS = BLOCK_JETS * N_CLASSES  # rows that one block of each class fills
MANIFEST = "run.json"
SPENT = ("events", "unmatched", "anisotropic")


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What is to be simulated; everything here but ``n_jets`` decides what jet k looks like."""

    n_jets: int
    seed: int
    preset: Preset = field(default_factory=lambda: read_preset(DEFAULT_PRESET))
    n_constituents: int = MAX_CONSTITUENTS
    half: bool = False
    hlf: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot give a useful file."""
        if self.n_jets < N_CLASSES:
            raise UsageError(
                f"{self.n_jets} jets", mend=f"ask for {N_CLASSES} or more, one of each class"
            )
        if not 1 <= self.n_constituents <= MAX_CONSTITUENTS:
            raise UsageError(
                f"{self.n_constituents} constituents", mend=f"keep 1 to {MAX_CONSTITUENTS}"
            )
        if self.seed < 0:
            raise UsageError(f"the seed is {self.seed}", mend="give 0 or a positive number")

    def block_size(self, class_index: int, block: int) -> int:
        """Return how many jets of a block the file needs, 0 for a block beyond its end."""
        of_class = (self.n_jets - class_index + N_CLASSES - 1) // N_CLASSES
        return max(0, min(BLOCK_JETS, of_class - block * BLOCK_JETS))

    def tasks(self) -> list[tuple[int, int, int]]:
        """Return (class, block, jets) of all blocks, in the order of the file."""
        n_rounds = -(-self.n_jets // ROUND_JETS)
        every = [(c, b, self.block_size(c, b)) for b in range(n_rounds) for c in range(N_CLASSES)]
        return [task for task in every if task[2]]

    def maker(self) -> BlockMaker:
        """Return what makes its blocks."""
        return BlockMaker(
            preset=self.preset,
            seed=self.seed,
            n_constituents=self.n_constituents,
            hlf=self.hlf,
        )

    def record(self) -> JSON:
        """Return the attribute ``simulation`` of the file: all settings, versions and the seed."""
        return {
            "n_jets": self.n_jets,
            "seed": self.seed,
            "n_constituents": self.n_constituents,
            "high_level_features": self.hlf,
            "precision": "float16" if self.half else "float32",
            "block_jets": BLOCK_JETS,
            "preset": self.preset.as_json(),
            "preset_sha256": self.preset.digest,
            "versions": {"jetmix": __version__, "numpy": np.__version__, **require_tools()},
        }

    def manifest(self) -> JSON:
        """Return what blocks on disk must agree in to be used for this file."""
        record = json.loads(json.dumps(self.record()))
        return {key: value for key, value in record.items() if key not in ("n_jets", "precision")}


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """What a simulation gave; ``n_new`` of the jets were made by this very call."""

    path: Path
    sha256: str
    n_jets: int
    n_new: int
    seconds: float


def simulate(
    path: Path,
    simulation: Simulation,
    *,
    jobs: int | None = None,
    cluster: ClusterOptions | None = None,
) -> Simulated:
    """Simulate jets into ``path``, or go on with a killed run.

    Finished blocks wait in the folder ``PATH.parts`` until the file is complete.

    Args:
        path: the HDF5 file to make.
        simulation: what is simulated.
        jobs: worker processes; None takes one per core.
        cluster: the cluster whose workers make the jets, instead of processes of this machine.

    Raises:
        ToolMissingError: if Pythia, FastJet or, for a cluster, Dask is missing.
        ClusterError: if the cluster gives no workers, or workers that differ.
        RunConflictError: if the file exists with other content, or its blocks are of another run.
        DataError: if the disk is full.
    """
    require_tools()
    watch = StopWatch()
    if _already_there(path, simulation):
        n_new = 0
    else:
        parts = path.with_name(path.name + ".parts")
        with _claimed(parts, simulation), _writing_into(parts, path, simulation) as writer:
            blocks = Blocks(folder=parts.resolve())
            n_new = _fill(writer, blocks, simulation, cluster or jobs or os.cpu_count() or 1)
        shutil.rmtree(parts)
    return Simulated(
        path=path,
        sha256=file_digest(path),
        n_jets=simulation.n_jets,
        n_new=n_new,
        seconds=watch.seconds,
    )


def _already_there(path: Path, simulation: Simulation) -> bool:
    """Return whether the file is complete already; another file of this name is refused."""
    import h5py

    if not path.exists():
        return False
    with contextlib.suppress(OSError, ValueError), h5py.File(path, "r") as handle:
        found = json.loads(attribute(handle, "simulation", "{}"))
        if found == json.loads(json.dumps(simulation.record())):
            return True
    raise RunConflictError(
        "already exists and comes from a different simulation",
        where=path,
        mend="choose another output file or delete this one",
    )


@contextlib.contextmanager
def _claimed(parts: Path, simulation: Simulation) -> Iterator[None]:
    """Own the folder of blocks while the block runs."""
    claim_folder(parts, owned_by=MANIFEST)
    manifest = parts / MANIFEST
    if not manifest.exists():
        with writing(manifest):
            write_json(manifest, simulation.manifest())
    with manifest.open(encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunConflictError(
                "another process is simulating into it", where=parts, mend="wait for it to end"
            ) from None
        _same_run(manifest, simulation)
        yield


def _same_run(manifest: Path, simulation: Simulation) -> None:
    found, wanted = read_json(manifest), simulation.manifest()
    different = sorted(key for key in wanted if found.get(key) != wanted[key])
    if different:
        raise RunConflictError(
            f"holds blocks of a simulation with another {', '.join(different)}",
            where=manifest.parent,
            mend="repeat the command that made them, or remove this folder",
        )


@contextlib.contextmanager
def _writing_into(parts: Path, path: Path, simulation: Simulation) -> Iterator[JetWriter]:
    """Yield a writer on a file that is moved to ``path`` when all went well."""
    growing = parts / "growing.h5"
    with jet_writer(
        growing,
        n_constituents=simulation.n_constituents,
        jet_columns=jet_columns(hlf=simulation.hlf),
        half=simulation.half,
        attributes={"origin": "simulated", "simulation": simulation.record()},
    ) as writer:
        yield writer
    with writing(path):
        with growing.open("rb+") as handle:
            os.fsync(handle.fileno())
        growing.replace(path)


def _fill(
    writer: JetWriter, blocks: Blocks, simulation: Simulation, jobs: int | ClusterOptions
) -> int:
    """Write the file round by round while workers make the blocks; return the jets made now."""
    tasks = simulation.tasks()
    todo = [task for task in tasks if not blocks.has(*task)]
    n_old = sum(n for _, _, n in tasks) - sum(n for _, _, n in todo)
    done, watch = n_old, StopWatch()
    with console.progress("simulating jets", simulation.n_jets) as ticker:
        if n_old:
            console.say(f"{n_old} jets are there from an earlier run")
        for finished in _made(todo, blocks, simulation, jobs):
            done += finished
            rate = (done - n_old) / max(watch.seconds, 1e-3)
            ticker.update(done, f"{rate:.0f} jets/s")
            _append_rounds(writer, blocks, simulation)
        _append_rounds(writer, blocks, simulation)
    writer.handle.attrs["selection"] = json.dumps(_selection(blocks, simulation))
    return done - n_old


def _selection(blocks: Blocks, simulation: Simulation) -> JSON:
    """Return how many events each class took, and how many of them were dropped and why."""
    total = np.zeros((N_CLASSES, len(SPENT)), np.int64)
    for task in simulation.tasks():
        total[task[0]] += blocks.spent(*task)
    return {
        name: dict(zip(SPENT, counts.tolist(), strict=True))
        for name, counts in zip(CLASS_NAMES, total, strict=True)
    }


def _append_rounds(writer: JetWriter, blocks: Blocks, simulation: Simulation) -> None:
    """Append the rounds of blocks that are complete and next in the file."""
    while writer.written < simulation.n_jets:
        block = writer.written // ROUND_JETS
        tasks = [(c, block, simulation.block_size(c, block)) for c in range(N_CLASSES)]
        tasks = [task for task in tasks if task[2]]
        if not all(blocks.has(*task) for task in tasks):
            return
        n_rows = sum(n for _, _, n in tasks)
        shape = (n_rows, simulation.n_constituents, len(PARTICLE_FEATURES))
        constituents = np.zeros(shape, np.float32)
        jets = np.zeros((n_rows, len(jet_columns(hlf=simulation.hlf))), np.float32)
        for class_index, _, n_jets in tasks:
            rows = slice(class_index, None, N_CLASSES)
            constituents[rows], jets[rows] = blocks.read(
                class_index, block, n_jets, simulation.n_constituents
            )
        writer.append(constituents, jets)


def _made(
    todo: list[tuple[int, int, int]],
    blocks: Blocks,
    simulation: Simulation,
    jobs: int | ClusterOptions,
) -> Iterator[int]:
    """Make the blocks in worker processes; yield the number of jets whenever one is done."""
    if not todo:
        return
    if isinstance(jobs, ClusterOptions):
        tools, maker = require_tools(), simulation.maker()
        work = [BlockJob(task=task, blocks=blocks, maker=maker, tools=tools) for task in todo]
        yield from made_on_cluster(work, jobs)
        return
    pool = ProcessPoolExecutor(
        max_workers=min(jobs, len(todo)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(simulation, blocks),
    )
    try:
        running: set[Future[int]] = {pool.submit(_work, *task) for task in todo}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
    except BrokenProcessPool:
        raise ToolFailedError(
            "a worker process died, possibly for lack of memory",
            mend="run the same command again to continue, with fewer --jobs if need be",
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_worker: list[tuple[BlockMaker, Blocks]] = []  # filled once in each worker process


def _start_worker(simulation: Simulation, blocks: Blocks) -> None:
    """Set up a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the run
    # FastJet prints a banner to standard output, which is for results
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _worker.append((simulation.maker(), blocks))


def _work(class_index: int, block: int, n_jets: int) -> int:
    maker, blocks = _worker[0]
    made = maker.make(class_index, block, n_jets)
    blocks.write(class_index, block, made)
    return n_jets
