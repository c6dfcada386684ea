"""Seconds that `jetmix verify --level ir` takes for the 260,000 jets of a whole test set.

    python benchmarks/verify_jets.py MODEL [--jets 260000]

The jets are normal deviates of the width of normalised features. What is timed is what the command
does with jets once they are read: mining of rare jets, Keras, emulator, comparison. Wall seconds
depend on what else the machine does; CPU seconds are of all threads and compilers together.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from jetmix.firmware import da_graph
from jetmix.models.keras_env import load_tagger
from jetmix.verification.bench import Outputs, keras_logits
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.ladder import EXTREMES
from jetmix.verification.mining import extreme_vectors, rare_jets
from jetmix.verification.result import judged
from jetmix.verification.vectors import InputRange, build_vectors

N_RANDOM = 2000


class Clock:
    """Wall and CPU seconds of named steps."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is inside."""
        wall, cpu = time.monotonic(), sum(os.times()[:4])
        yield
        wall, cpu = time.monotonic() - wall, sum(os.times()[:4]) - cpu
        self.steps[name] = {"wall_s": round(wall, 1), "cpu_s": round(cpu, 1)}


def measure(path: Path, n_jets: int) -> dict:
    """Verify one model on random jets; every bit must be that of Keras."""
    model, clock = load_tagger(path), Clock()
    graph, shape = da_graph.trace(model), tuple(model.input_shape[1:])
    jets = np.random.default_rng(1).standard_normal((n_jets, *shape), dtype=np.float32)
    with tempfile.TemporaryDirectory(prefix="jetmix-") as folder:
        with clock.step("mining"):
            mined = {
                "extreme": extreme_vectors(graph, count=EXTREMES, seed=1),
                "rare-jet": rare_jets(graph, jets, count=EXTREMES),
            }
            ranges = InputRange.of(graph)
            vectors = build_vectors(
                ranges, shape, jets=jets, n_random=N_RANDOM, seed=1, mined=mined
            )
        with clock.step("keras"):
            reference = keras_logits(model, vectors.x)
        with clock.step("compiling the emulator"):
            emulator = Emulator.of(graph, shape, Path(folder))
        with clock.step("emulator and comparison"):
            result = judged("ir", Outputs.of(emulator, vectors), vectors, reference)
    assert result.status == "passed", result.difference
    total = {
        unit: round(sum(step[unit] for step in clock.steps.values()), 1)
        for unit in ("wall_s", "cpu_s")
    }
    return {
        "model": path.stem,
        "cores": len(os.sched_getaffinity(0)),
        "vectors": result.vectors,
        "n_mismatch": result.n_mismatch,
        "steps": clock.steps,
        "total": total,
    }


def main() -> None:
    """Parse the command line, measure, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--jets", type=int, default=260_000)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.model, arguments.jets), indent=2))


if __name__ == "__main__":
    main()
