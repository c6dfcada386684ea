"""Jets per second of the emulator, da4ml's interpreter and the compiled hls4ml project, one core.

    python benchmarks/emulator.py SYNTH_DIR [--jets 20000]

SYNTH_DIR is what `jetmix synth` wrote with the flow hls4ml. All three run the same random jets and
must agree on every bit. The interpreter and the C simulation get fewer jets, as they are slower.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from jetmix.synthesis.synth_dir import SynthDir
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.levels.csim import FOLDER
from jetmix.verification.simulators import csim

SHARE = {"emulator": 1.0, "da4ml interpreter": 0.1, "hls4ml csim": 0.02}


def best_rate(run: Callable[[np.ndarray], np.ndarray], x: np.ndarray, repeats: int = 3) -> float:
    """Return the highest of a few rates in jets per second of CPU time, all threads included."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        run(x)
        seconds.append(time.process_time() - start)
    return len(x) / min(seconds)


def measure(folder: Path, n_jets: int) -> dict:
    """Time the three on the calling thread's one core."""
    emulator = replace(Emulator.load(folder), threads=1)
    assert emulator.engine == "native", emulator.reason
    compiled = csim.build(SynthDir.open(folder).project("hls4ml"), folder / FOLDER)
    csim.THREADS = 1
    engines = {
        "emulator": emulator.predict,
        "da4ml interpreter": lambda x: emulator.graph.predict(x.astype(np.float64), n_threads=1),
        "hls4ml csim": lambda x: compiled.run(x) * compiled.lsb,
    }
    rng = np.random.default_rng(1)
    x = rng.normal(0, 2, (n_jets, *emulator.input_shape)).astype(np.float32)
    few = x[: int(n_jets * min(SHARE.values()))]
    expected = emulator.predict(few)
    rates = {}
    for name, run in engines.items():
        assert np.array_equal(np.asarray(run(few)).reshape(len(few), -1), expected), name
        rates[name] = best_rate(run, x[: int(n_jets * SHARE[name])])
    return {
        "operations": len(emulator.graph.ops),
        "jets_per_second": {name: round(rate) for name, rate in rates.items()},
        "emulator_is_faster_by": {
            name: round(rates["emulator"] / rate, 1) for name, rate in rates.items()
        },
    }


def main() -> None:
    """Parse the command line, measure, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("synth_dir", type=Path)
    parser.add_argument("--jets", type=int, default=20_000)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps(measure(arguments.synth_dir, arguments.jets), indent=2))


if __name__ == "__main__":
    main()
