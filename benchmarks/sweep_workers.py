"""What a second worker gives: the same sweep on one worker and on two.

    python benchmarks/sweep_workers.py [--runs 6] [--epochs 40] [--recipe mixer-8-demo]

Printed for each: runs per minute from the first result of each worker to the last one, runs per
minute with the start of the workers, and the seconds that all processes spent on cores, per run.
On a machine with other load the first two say little.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from jetmix.cluster.options import ClusterOptions
from jetmix.support.packaged import shipped
from jetmix.sweeps.run import Swept, sweep
from jetmix.sweeps.state import SweepOptions


def core_seconds() -> float:
    """Return what ended child processes spent on cores."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(file: Path, folder: Path, workers: int) -> dict[str, float]:
    """Run the sweep and return its figures."""
    before, start = core_seconds(), time.time()
    done: Swept = sweep(
        SweepOptions(
            file=file,
            data=shipped("datasets/sample/jets.h5"),
            folder=folder,
            cluster=ClusterOptions(workers=workers),
        )
    )
    n_runs = len(done.record.of("done"))
    ends = sorted(path.stat().st_mtime for path in folder.glob("runs/*/2-train/stage.json"))
    steady = (n_runs - workers) / (ends[-1] - ends[workers - 1])
    return {
        "workers": workers,
        "runs": n_runs,
        "runs_per_minute": round(60 * steady, 2),
        "with_start": round(60 * n_runs / (time.time() - start), 2),
        "core_seconds_per_run": round((core_seconds() - before) / n_runs, 2),
    }


def main() -> None:
    """Measure and print a line of JSON for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--recipe", default="mixer-8-demo")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "sweep.toml"
        seeds = list(range(chosen.runs))
        file.write_text(
            f'recipe = "{chosen.recipe}"\nseeds = {seeds}\n'
            f'[axes.grid]\n"training.epochs" = [{chosen.epochs}]\n'
        )
        for workers in (1, 2):
            print(json.dumps(measured(file, Path(place) / str(workers), workers)), flush=True)


if __name__ == "__main__":
    main()
