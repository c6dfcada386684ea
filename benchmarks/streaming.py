"""Training that streams its jets from disk: its speed against jets in memory, and its memory.

    python benchmarks/streaming.py [--particles 64] [--steps 40] [--jets 5000000] [--folder DIR]

All jets are those of the sample, over and over: neither speed nor memory depends on the physics.
Speed: the published Mixer on the same jets, from memory and from a packed file, with a shuffle
buffer of half of them; both are trained in turns in this process, and the first epoch of each,
which compiles, is not timed. Memory: the largest resident memory of a whole `jetmix train` on a
file of ``--jets`` jets with 16 constituents of 16 features, from packing to the last metric.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from jetmix.models import keras_env
from jetmix.recipes.recipe import Recipe, load_recipe
from jetmix.support.packaged import shipped
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training.jets import Jets
from jetmix.training.loop import Loop

BATCH = 2790
BUFFER = 100_000
MEMORY_RECIPE = f"""
[tagger]
architecture = "mlp"
n_particles = 16
[tagger.options]
hidden = [16]
[training]
epochs = 2
batch_size = 8192
beta = [[0.0, 1e-8, "constant"]]
stream_jets = {BUFFER}
"""


def jets_like(sample: Path, n_jets: int, n_particles: int) -> Jets:
    """Return jets of the sample, standardised and repeated along jets and particles."""
    with h5py.File(sample) as handle:
        x = np.asarray(handle["jetConstituentList"], np.float32)
        y = np.asarray(handle["jets"])[:, -6:-1].argmax(axis=1)
    x = (x - x.mean(axis=(0, 1))) / x.std(axis=(0, 1))
    rows = np.arange(n_jets) % len(x)
    particles = np.arange(n_particles) % x.shape[1]
    return Jets(x=np.ascontiguousarray(x[rows][:, particles]), y=y[rows].astype(np.int64))


def loop_on(recipe: Recipe, train: Jets, validation: Jets, folder: Path) -> Loop:
    """Return a training that has done its first epoch."""
    import keras

    folder.mkdir()
    keras.utils.set_random_seed(recipe.training.seed)
    model = build_tagger(spec_from(recipe, n_classes=5))
    loop = Loop(
        recipe, model, train=train, validation=validation, folder=folder, digest="benchmark"
    )
    loop.train_epoch()
    return loop


def speeds(sample: Path, n_particles: int, steps: int, epochs: int, folder: Path) -> dict[str, Any]:
    """Return jets per second from memory and from a file: the median over the epochs of each."""
    recipe = load_recipe(f"mixer-{n_particles}x16")
    train = jets_like(sample, steps * BATCH, n_particles)
    validation = jets_like(sample, BATCH, n_particles)
    np.save(folder / "x.npy", train.x)
    streamed = replace(train, x=np.load(folder / "x.npy", mmap_mode="r"))
    buffered = replace(recipe, training=replace(recipe.training, stream_jets=steps // 2 * BATCH))
    loops = {
        "memory": loop_on(recipe, train, validation, folder / "memory"),
        "streamed": loop_on(buffered, streamed, validation, folder / "streamed"),
    }
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(epochs):
        for name, loop in loops.items():
            start = time.perf_counter()
            loop.train_epoch()
            rates[name].append(len(train) / (time.perf_counter() - start))
    found = {name: float(np.median(values)) for name, values in rates.items()}
    return {"particles": n_particles, "jets": len(train), **found,
            "ratio": found["streamed"] / found["memory"]}  # fmt: skip


def large_file(sample: Path, path: Path, n_jets: int) -> None:
    """Write the sample over and over, until the file has so many jets."""
    with h5py.File(sample) as old, h5py.File(path, "w") as new:
        for name in ("particleFeatureNames", "jetFeatureNames"):
            new[name] = old[name][:]
        for name in ("jetConstituentList", "jets"):
            values = old[name][:]
            data = new.create_dataset(
                name, (n_jets, *values.shape[1:]), values.dtype, chunks=(1000, *values.shape[1:])
            )
            for start in range(0, n_jets, len(values)):
                stop = min(start + len(values), n_jets)
                data[start:stop] = values[: stop - start]


def memory(sample: Path, n_jets: int, folder: Path, backend: str) -> dict[str, Any]:
    """Return the largest resident memory in GB of a training on a large file."""
    large_file(sample, folder / "jets.h5", n_jets)
    (folder / "recipe.toml").write_text(MEMORY_RECIPE)
    command = [sys.executable, "-m", "jetmix", "train", str(folder / "recipe.toml"),
               "--data", str(folder / "jets.h5"), "--run", str(folder / "run"),
               "--backend", backend, "--json"]  # fmt: skip
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    text = process.stdout.read() if process.stdout else ""
    # of this child alone
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("the training failed")
    done = json.loads(text.splitlines()[-1])
    return {
        "jets": n_jets,
        "buffer": BUFFER,
        "peak_gb": usage.ru_maxrss * 1024 / 1e9,
        "file_gb": (folder / "jets.h5").stat().st_size / 1e9,
        "seconds": time.perf_counter() - start,
        "jets_per_second": done["jets_per_second"],
    }


def main() -> None:
    """Measure both and print a table and a JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=keras_env.BACKENDS, default="jax")
    parser.add_argument("--particles", type=int, default=64)
    parser.add_argument("--steps", type=int, default=40, help="Steps per epoch; 0: no speeds.")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--jets", type=int, default=5_000_000, help="0: no memory.")
    parser.add_argument("--folder", type=Path, help="For the files, 12 GB for 5 million jets.")
    options = parser.parse_args()
    keras_env.activate(options.backend)
    sample = shipped("datasets/sample/jets.h5")
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    found: dict[str, Any] = {"backend": options.backend}
    try:
        if options.steps:
            found["speed"] = speeds(
                sample, options.particles, options.steps, options.epochs, folder
            )
            print("particles      jets   from memory   streamed   ratio")
            print("{particles:>9} {jets:>9,} {memory:>13,.0f} {streamed:>10,.0f} {ratio:>7.3f}"
                  .format(**found["speed"]))  # fmt: skip
        if options.jets:
            found["memory"] = memory(sample, options.jets, folder, options.backend)
            print("jets        file      peak memory   jets/s")
            print("{jets:<11,} {file_gb:.1f} GB {peak_gb:>10.2f} GB {jets_per_second:>10,.0f}"
                  .format(**found["memory"]))  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
