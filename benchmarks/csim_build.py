"""What the C simulation costs beside a bare hls4ml convert and compile of the same model.

    python benchmarks/csim_build.py MODEL... [--part xcvu13p]

Both ways lower and compile each model once, one after the other. CPU seconds are of this process
and its compilers together; wall seconds depend on what else the machine does.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hls4ml.converters import convert_from_keras_model  # its import is part of neither time

from jetmix.firmware import hls as hls4ml_adapter
from jetmix.firmware.hls4ml_patches import mended
from jetmix.firmware.parts import Part, find_part
from jetmix.models.keras_env import load_tagger
from jetmix.verification.bench import keras_logits
from jetmix.verification.simulators import csim

CLOCK_NS = 5.0
N_VECTORS = 100


def timed(run: Callable[[], np.ndarray]) -> tuple[np.ndarray, dict[str, float]]:
    """Return what ``run`` gives, and its wall and CPU seconds, child processes included."""
    start, before = time.monotonic(), os.times()
    result = run()
    after, wall = os.times(), time.monotonic() - start
    cpu = sum(after[:4]) - sum(before[:4])
    return result, {"wall_s": round(wall, 1), "cpu_s": round(cpu, 1)}


def with_jetmix(model: object, x: np.ndarray, part: Part, folder: Path) -> np.ndarray:
    """Write the project as `jetmix synth` does, compile its C simulation and run it."""
    project = hls4ml_adapter.write_project(
        model,
        folder / "project",
        part=part,
        clock_period_ns=CLOCK_NS,
        inputs=x,
        outputs=np.zeros((len(x), 1)),
    )
    return csim.build(project, folder / "csim").predict(x)


def with_hls4ml(model: object, x: np.ndarray, part: Part, folder: Path) -> np.ndarray:
    """Convert, compile and predict with hls4ml alone, with the same options."""
    strategy = hls4ml_adapter.STRATEGY
    config = {"Precision": hls4ml_adapter.POISON, "ReuseFactor": 1, "Strategy": strategy}
    with mended():  # without it hls4ml does not lower every tagger
        lowered = convert_from_keras_model(
            model,
            hls_config={"Model": config},
            backend="vitis",
            io_type="io_parallel",
            part=part.full_name,
            clock_period=CLOCK_NS,
            output_dir=str(folder / "hls4ml"),
        )
        lowered.compile()
    return np.asarray(lowered.predict(x))


def measure(path: Path, part: Part) -> dict:
    """Time both on one model; their outputs must be those of Keras."""
    model = load_tagger(path)
    rng = np.random.default_rng(1)
    x = rng.normal(0, 2, (N_VECTORS, *model.input_shape[1:])).astype(np.float32)
    reference = keras_logits(model, x)
    measured = {}
    for name, build in (("hls4ml", with_hls4ml), ("jetmix", with_jetmix)):
        with tempfile.TemporaryDirectory(prefix="jetmix-") as folder:
            got, measured[name] = timed(lambda b=build, f=folder: b(model, x, part, Path(f)))
        assert np.array_equal(got.reshape(reference.shape), reference), name
    ours, theirs = measured["jetmix"], measured["hls4ml"]
    ratio = {unit: round(ours[unit] / theirs[unit], 2) for unit in theirs}
    return {"model": path.stem, **measured, "jetmix_over_hls4ml": ratio}


def main() -> None:
    """Parse the command line, measure, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--part", default="xcvu13p")
    arguments = parser.parse_args()
    part = find_part(arguments.part)
    for path in arguments.models:
        print(json.dumps(measure(path, part), indent=2), flush=True)


if __name__ == "__main__":
    main()
