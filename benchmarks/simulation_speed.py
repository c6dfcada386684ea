"""Events per second of the simulation against bare Pythia, in one run on as many processes.

    python benchmarks/simulation_speed.py [--jobs 2] [--events 500]

Bare Pythia only calls ``next()``. Every process works through the five classes in turn, the same
number of events of each, so a slow class weighs as much in both. A worker's part ends with its
blocks on disk. Seconds are CPU seconds of the process, which other work on the machine lengthens
little. The limit is what bare Pythia and FastJet's clustering alone would reach, nothing else done.
"""

import argparse
import json
import multiprocessing
import multiprocessing.pool
import os
import tempfile
import time
from pathlib import Path

import fastjet
import numpy as np

from jetmix.data.schema import CLASS_NAMES
from jetmix.data.simulation.blocks import Blocks
from jetmix.data.simulation.clustering import cluster_flat
from jetmix.data.simulation.detector import observe
from jetmix.data.simulation.events import next_events, start_pythia
from jetmix.data.simulation.generator import BlockMaker
from jetmix.data.simulation.presets import read_preset


def bare(preset_name: str, n_events: int) -> tuple[int, float]:
    """Return events and seconds of bare Pythia, without its initialisation."""
    preset = read_preset(preset_name)
    pairs = preset.jets.quark_pairs_only
    pythias = [
        start_pythia(preset.pythia[name], where=name, quark_pairs_only=pairs)
        for name in CLASS_NAMES
    ]
    for pythia in pythias:
        pythia.next()
    start = time.process_time()
    for pythia in pythias:
        for _ in range(n_events):
            pythia.next()
    return len(pythias) * n_events, time.process_time() - start


def hush() -> None:
    """Keep FastJet's banner out of standard output, which is for results."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def whole(preset_name: str, n_events: int, hlf: bool) -> tuple[int, float]:
    """Return events and seconds of the whole chain, without initialisation."""
    hush()
    maker = BlockMaker(preset=read_preset(preset_name), seed=1, n_constituents=150, hlf=hlf)
    for index in range(len(CLASS_NAMES)):
        maker.make(index, 1, 10)
    with tempfile.TemporaryDirectory() as folder:
        blocks = Blocks(folder=Path(folder))
        start, done = time.process_time(), 0
        for index in range(len(CLASS_NAMES)):
            made = maker.make(index, 0, n_events)
            blocks.write(index, 0, made)
            done += int(made.spent[-1, 0])
        return done, time.process_time() - start


def clustering(preset_name: str, n_events: int) -> tuple[int, float]:
    """Return events and seconds of FastJet's anti-kT clustering, without all around it."""
    hush()
    preset, spent = read_preset(preset_name), 0.0
    for name in CLASS_NAMES:
        pythia = start_pythia(preset.pythia[name], where=name)
        objects = observe(
            next_events(pythia, n_events, first_event=0).particles, preset.detector, 1
        )
        sizes = np.unique(objects.event, return_counts=True)[1]
        start = time.process_time()
        cluster_flat(objects.momenta, sizes, fastjet.antikt_algorithm, preset.jets.radius)
        spent += time.process_time() - start
    return len(CLASS_NAMES) * n_events, spent


def rate(pool: multiprocessing.pool.Pool, jobs: int, work, *arguments) -> float:
    """Return the sum of the rates of ``jobs`` processes that do the same work."""
    results = pool.starmap(work, [arguments] * jobs, chunksize=1)
    return sum(events / seconds for events, seconds in results)


def main() -> None:
    """Print the rates and their ratios for each preset."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--events", type=int, default=500, help="events of each class")
    parser.add_argument("--presets", nargs="+", default=["public-like", "full"])
    options = parser.parse_args()
    results = []
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for preset in options.presets:
            # bare before and after: a machine that changes its speed shows
            before = rate(pool, options.jobs, bare, preset, options.events)
            plain = rate(pool, options.jobs, whole, preset, options.events, False)
            rich = rate(pool, options.jobs, whole, preset, options.events, True)
            after = rate(pool, options.jobs, bare, preset, options.events)
            fast = rate(pool, options.jobs, clustering, preset, options.events)
            reference = (before + after) / 2
            limit = 1 / (1 / reference + 1 / fast)
            results.append({
                "preset": preset, "jobs": options.jobs,
                "bare_events_per_s": [round(before), round(after)],
                "limit_events_per_s": round(limit), "limit_ratio": round(limit / reference, 3),
                "events_per_s": round(plain), "ratio": round(plain / reference, 3),
                "events_per_s_with_hlf": round(rich), "ratio_with_hlf": round(rich / reference, 3),
            })  # fmt: skip
            print(f"{preset}: bare Pythia {before:.0f} and {after:.0f} events/s, with FastJet's "
                  f"clustering {limit:.0f} ({limit / reference:.0%}), jetmix "
                  f"{plain:.0f} ({plain / reference:.0%}), with high-level features "
                  f"{rich:.0f} ({rich / reference:.0%})", flush=True)  # fmt: skip
    print(json.dumps(results))


if __name__ == "__main__":
    main()
