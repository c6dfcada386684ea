"""How many of the faults that are planted on purpose the vectors of a verification catch.

A fault is caught where any output of any vector differs. One that is not caught is run on fresh
random vectors: it is missed if they find it, and silent if not even they do. A silent fault may
well change nothing at all, such as a shorter word whose upper bit no input reaches.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from jetmix.errors import ToolFailedError
from jetmix.firmware.project import FirmwareProject, Flow
from jetmix.support import records
from jetmix.support.arrays import Reals
from jetmix.support.console import progress
from jetmix.support.records import NOT_EMPTY, NOT_NEGATIVE, Check, checked, rule
from jetmix.verification.bench import Bench
from jetmix.verification.faults.cpp import Fault
from jetmix.verification.faults.planting import Run, planted_copy
from jetmix.verification.options import FaultOptions
from jetmix.verification.vectors import InputRange, uniform

FAULTS_FILE = "faults.json"
Verdict = Literal["caught", "missed", "silent"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

# how the vectors are given, most faults showing in the first few
FIRST, SECOND = 256, 2048
NAMED = 10
# the level that runs the sources of a flow
LEVEL_OF: dict[Flow, str] = {"hls4ml": "csim", "rtl": "rtl"}
# vectors for faults that the verification does not catch, and what is added to their seed
FRESH, OTHER_SEED = 20_000, 1_000_003
EVERY_VERDICT = rule(
    lambda kinds: all(set(counts) == set(VERDICTS) for counts in kinds.values()),
    f"must hold a count of {', '.join(VERDICTS)} per kind",
)


@dataclass(frozen=True, kw_only=True)
class FaultScore:
    """Outcome of the faults of one project.

    Attributes:
        flow: the project's flow.
        project_digest: digest of the project.
        seed: seed of the faults.
        planted: faults that were planted.
        judged: faults that were run before the time was up.
        caught: faults that the vectors of the verification catch.
        missed: faults that only the fresh vectors show.
        silent: faults that not even those show.
        n_vectors: vectors of the verification.
        n_fresh: fresh random vectors.
        seconds: wall time.
        by_kind: number of each verdict per kind of fault.
        not_caught: the first few that were missed or silent.
    """

    flow: Flow
    project_digest: str
    seed: int
    planted: int
    judged: int
    caught: int
    missed: int
    silent: int
    n_vectors: int
    n_fresh: int
    seconds: float
    by_kind: dict[str, dict[str, int]]
    not_caught: tuple[str, ...]

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_NEGATIVE, "planted", "judged", "n_vectors", "n_fresh", "seed", "seconds"),
        **checked(NOT_NEGATIVE, *VERDICTS),
        "project_digest": NOT_EMPTY,
        "by_kind": EVERY_VERDICT,
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what must hold between the fields and does not."""
        for verdict in VERDICTS:
            if sum(counts[verdict] for counts in self.by_kind.values()) != getattr(self, verdict):
                yield verdict, "the sum over 'by_kind'"
        if self.caught + self.missed + self.silent != self.judged:
            yield "judged", "the sum of the verdicts"
        if self.judged > self.planted:
            yield "judged", f"at most the {self.planted} that were planted"


def judge(number: int, run: Run, x: Reals, reference: Reals, fresh: tuple[Reals, Reals]) -> Verdict:
    """Return the verdict on one fault.

    Args:
        number: its number.
        run: what runs the firmware with it.
        x: the vectors of the verification in random order, float32 (vector, ...).
        reference: what is right for them, float32 (vector, output).
        fresh: vectors that are not among them, and what is right for those.
    """
    for start, stop in ((0, FIRST), (FIRST, SECOND), (SECOND, len(x))):
        part = slice(start, min(stop, len(x)))
        if len(x) > start and not np.array_equal(run(number, x[part]), reference[part]):
            return "caught"
    return "silent" if np.array_equal(run(number, fresh[0]), fresh[1]) else "missed"


def score(
    project: FirmwareProject,
    scratch: Path,
    *,
    x: Reals,
    reference: Reals,
    fresh: Reals,
    count: int,
    seed: int,
    limit_s: float,
) -> FaultScore:
    """Plant faults into a copy of a project and return how many its vectors catch.

    Args:
        project: Verilog or HLS project that is exact on ``x``.
        scratch: empty folder to compile in.
        x: vectors of the verification, float32 (vector, ...).
        reference: Keras outputs for them, float32 (vector, output).
        fresh: other vectors, float32 (vector, ...), for faults that ``x`` does not catch.
        count: how many faults; fewer if there are not as many places for them.
        seed: seed of the choice of faults, and of the order of the vectors.
        limit_s: time limit in s from the end of the compilation on.

    Raises:
        ToolMissingError: if a compiler is missing.
        ToolFailedError: if one fails, or the copy is wrong without any fault.
    """
    started = time.monotonic()
    run, planted = planted_copy(project, scratch, count, seed)
    order = np.random.default_rng(seed).permutation(len(x))
    x, reference = x[order], reference[order]
    if not np.array_equal(run(0, x), reference):
        raise ToolFailedError(
            "the copy prepared for faults differs from Keras without any fault",
            where=project.path,
            mend="leave out --faults and report the model",
        )
    known, start = (fresh, run(0, fresh)), time.monotonic()
    verdicts: list[tuple[Fault, Verdict]] = []
    with progress(f"Faults in {project.flow}", len(planted)) as ticker:
        for number, fault in enumerate(planted, start=1):
            if time.monotonic() - start > limit_s:
                break
            verdicts.append((fault, judge(number, run, x, reference, known)))
            ticker.update(number)
    return FaultScore(
        flow=project.flow,
        project_digest=project.digest,
        seed=seed,
        planted=len(planted),
        judged=len(verdicts),
        n_vectors=len(x),
        n_fresh=len(fresh),
        seconds=round(time.monotonic() - started, 1),
        **_counts(verdicts),
    )


def _counts(verdicts: Sequence[tuple[Fault, Verdict]]) -> dict[str, Any]:
    """Return the fields of a score that count verdicts."""
    kinds: dict[str, Counter[str]] = {}
    for fault, verdict in verdicts:
        kinds.setdefault(fault.kind, Counter())[verdict] += 1
    others = [f"{verdict}: {fault}" for fault, verdict in verdicts if verdict != "caught"]
    return {
        **{name: sum(of_kind[name] for of_kind in kinds.values()) for name in VERDICTS},
        "by_kind": {kind: {name: kinds[kind][name] for name in VERDICTS} for kind in sorted(kinds)},
        "not_caught": tuple(sorted(others)[:NAMED]),
    }


def score_projects(bench: Bench, options: FaultOptions, *, wanted: Sequence[str]) -> None:
    """Score the projects whose level is ``wanted`` and write ``faults.json``.

    Args:
        bench: the tagger, whose projects are exact on its vectors.
        options: how many faults, and how long.
        wanted: the levels of the verification.

    Raises:
        ToolFailedError: if a copy cannot be compiled, or is wrong without any fault.
    """
    rng = np.random.default_rng(options.seed + OTHER_SEED)
    fresh = uniform(InputRange.of(bench.graph), FRESH, rng, stretch=1.0)
    scores = []
    for project in bench.projects.values():
        if LEVEL_OF[project.flow] not in wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
            found = score(
                project,
                Path(scratch),
                x=bench.vectors.x,
                reference=bench.reference,
                fresh=fresh.reshape(-1, *bench.vectors.x.shape[1:]),
                count=options.count,
                seed=options.seed,
                limit_s=options.limit_s,
            )
        scores.append(found)
    records.write(bench.folder / FAULTS_FILE, scores)


def read_faults(folder: Path) -> tuple[FaultScore, ...]:
    """Return the scores of a synthesis, none if faults were never planted.

    Raises:
        ReportReadError: if the file is damaged or edited.
    """
    path = folder / FAULTS_FILE
    return records.read(tuple[FaultScore, ...], path) if path.exists() else ()
