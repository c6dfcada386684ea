"""Faults planted into copies of the projects of a synthesis: ``faults.json``."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.firmware.project import FirmwareProject, Flow
from jetmix.support import records
from jetmix.support.arrays import Floats
from jetmix.verification.faults import score as fault_score
from jetmix.verification.result import Level
from jetmix.verification.vectors import InputRange, VectorSet, uniform

# the level that runs the sources of a flow
LEVEL_OF: dict[Flow, Level] = {"hls4ml": "csim", "rtl": "rtl"}
# vectors for faults that the verification does not catch, and what is added to their seed
FRESH, OTHER_SEED = 20_000, 1_000_003


@dataclass(frozen=True, kw_only=True)
class FaultOptions:
    """How many faults a project, the seed of their choice, and a time limit a project in s."""

    count: int
    seed: int
    limit_s: float


def run(
    folder: Path,
    projects: Sequence[FirmwareProject],
    options: FaultOptions,
    *,
    wanted: Sequence[Level],
    graph: Any,
    vectors: VectorSet,
    reference: Floats,
) -> None:
    """Score the projects whose level is ``wanted`` and write ``faults.json``.

    Args:
        folder: the directory of ``jetmix synth``.
        projects: its projects, exact on the vectors.
        options: how many faults, and how long.
        wanted: the levels of the verification.
        graph: the DA graph, for the ranges of the inputs.
        vectors: the vectors of the verification.
        reference: Keras outputs for them, float32 (vector, output).

    Raises:
        ToolFailedError: if a copy cannot be compiled, or is wrong without any fault.
    """
    rng = np.random.default_rng(options.seed + OTHER_SEED)
    fresh = uniform(InputRange.of(graph), FRESH, rng, stretch=1.0)
    scores = []
    for project in projects:
        if LEVEL_OF[project.flow] not in wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
            score = fault_score.score(
                project,
                Path(scratch),
                x=vectors.x,
                reference=reference,
                fresh=fresh.reshape(-1, *vectors.x.shape[1:]),
                count=options.count,
                seed=options.seed,
                limit_s=options.limit_s,
            )
        scores.append(score)
    records.write(folder / fault_score.FAULTS_FILE, scores)
