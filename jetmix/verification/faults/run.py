"""Faults planted into copies of the projects of a synthesis: ``faults.json``."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jetmix.firmware.project import Flow
from jetmix.support import records
from jetmix.verification.bench import Bench
from jetmix.verification.faults import score as fault_score
from jetmix.verification.options import FaultOptions
from jetmix.verification.vectors import InputRange, uniform

# the level that runs the sources of a flow
LEVEL_OF: dict[Flow, str] = {"hls4ml": "csim", "rtl": "rtl"}
# vectors for faults that the verification does not catch, and what is added to their seed
FRESH, OTHER_SEED = 20_000, 1_000_003


def run(bench: Bench, options: FaultOptions, *, wanted: Sequence[str]) -> None:
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
            score = fault_score.score(
                project,
                Path(scratch),
                x=bench.vectors.x,
                reference=bench.reference,
                fresh=fresh.reshape(-1, *bench.vectors.x.shape[1:]),
                count=options.count,
                seed=options.seed,
                limit_s=options.limit_s,
            )
        scores.append(score)
    records.write(bench.folder / fault_score.FAULTS_FILE, scores)
