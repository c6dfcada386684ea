"""Jets per second of the loader against reading everything and slicing, on the same jets.

    python benchmarks/loader.py [--jets 20000] [--particles 16]

The usual script reads ``jetConstituentList`` whole, slices, and standardises. It is timed on the
file that jetmix writes and on an uncompressed, contiguous copy, the fastest layout for it.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from jetmix.data.dataset import JetDataset
from jetmix.data.schema import PARTICLE_FEATURES
from jetmix.data.selection import Selection
from jetmix.data.simulation.presets import read_preset
from jetmix.data.simulation.simulate import Simulation, simulate

FEATURES_3 = ("pt", "etarel", "phirel")


def usual_script(path: Path, n_particles: int, columns: list[int]) -> np.ndarray:
    """Read the file as the field's scripts do."""
    with h5py.File(path) as handle:
        x = np.array(handle["jetConstituentList"])[:, :n_particles, columns].astype(np.float32)
        y = np.array(handle["jets"])[:, -6:-1].argmax(axis=1)
    x = (x - x.mean(axis=(0, 1))) / x.std(axis=(0, 1))
    assert len(x) == len(y)
    return x


def best_seconds(action: Callable[[], object], repeats: int = 3) -> float:
    """Return the shortest of a few timings."""
    timings = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        timings.append(time.perf_counter() - start)
    return min(timings)


def contiguous_copy(source: Path, out: Path) -> Path:
    """Copy a file without chunks or compression."""
    with h5py.File(source) as old, h5py.File(out, "w") as new:
        for name in old:
            new[name] = old[name][:]
    return out


def measure(path: Path, copy: Path, n_particles: int, features: tuple[str, ...]) -> dict:
    """Time the loader and the usual script for one choice of inputs."""
    with h5py.File(path) as handle:
        n_jets = len(handle["jets"])
    columns = [PARTICLE_FEATURES.index(name) for name in features]
    selection = Selection(n_particles=n_particles, features=tuple(features))
    seconds = {
        "jetmix": best_seconds(lambda: JetDataset.load(path, selection, split="all")),
        "usual, same file": best_seconds(lambda: usual_script(path, n_particles, columns)),
        "usual, contiguous copy": best_seconds(lambda: usual_script(copy, n_particles, columns)),
    }
    rates = {name: round(n_jets / value) for name, value in seconds.items()}
    return {
        "n_particles": n_particles,
        "n_features": len(features),
        "jets_per_s": rates,
        "ratio_same_file": round(rates["jetmix"] / rates["usual, same file"], 2),
        "ratio_contiguous": round(rates["jetmix"] / rates["usual, contiguous copy"], 2),
    }


def main() -> None:
    """Simulate a file of 150 constituents and time both ways of reading it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jets", type=int, default=20_000)
    parser.add_argument("--particles", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jets.h5"
        preset = read_preset("public-like")
        wanted = Simulation(n_jets=options.jets, seed=1, preset=preset, hlf=False)
        simulate(path, wanted, jobs=options.jobs)
        copy = contiguous_copy(path, Path(folder) / "contiguous.h5")
        print(f"{options.jets} jets of 150 constituents: {path.stat().st_size / 2**20:.0f} MiB, "
              f"uncompressed {copy.stat().st_size / 2**20:.0f} MiB")  # fmt: skip
        results = [
            measure(path, copy, options.particles, features)
            for features in (PARTICLE_FEATURES, FEATURES_3)
        ]
    for result in results:
        print(f"{result['n_particles']} x {result['n_features']}: {result['jets_per_s']} jets/s, "
              f"{result['ratio_same_file']} times the usual script on the same file, "
              f"{result['ratio_contiguous']} times it on the contiguous copy")  # fmt: skip
    print(json.dumps(results))


if __name__ == "__main__":
    main()
