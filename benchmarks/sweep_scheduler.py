"""What the scheduler of a sweep costs per run: sleeping tasks on very many threads.

    python benchmarks/sweep_scheduler.py [--workers 10] [--tasks 10000] [--seconds 60]

Scheduler and workers are one process with one core. A worker costs a core more than its tasks do,
by its heartbeat and its watch on memory, so that a thousand places are ten workers of a hundred
threads. Printed are the wall time beside that of perfect workers, the time on the core per task,
and the growth of the resident memory per task.
"""

import argparse
import json
import time
from pathlib import Path

import distributed
import psutil

from jetmix.cluster import connect
from jetmix.cluster.check import WorkerCheck
from jetmix.cluster.options import ClusterOptions

THREADS = 100


def local_cluster(options: ClusterOptions) -> distributed.LocalCluster:
    """Return workers that are objects of this process."""
    return distributed.LocalCluster(
        n_workers=options.workers,
        threads_per_worker=THREADS,
        processes=False,
        dashboard_address="127.0.0.1:0",
        memory_limit=0,
    )


def main() -> None:
    """Measure and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    chosen = parser.parse_args()
    connect.local_cluster = local_cluster
    start = time.monotonic()
    options = ClusterOptions(workers=chosen.workers)
    with connect.opened(options, WorkerCheck.here(Path(__file__).parent), Path()) as workers:
        while workers.n_workers < chosen.workers:
            time.sleep(0.5)
        started = time.monotonic() - start
        before, cpu = psutil.Process().memory_info().rss, time.process_time()
        start = time.monotonic()
        tasks = ((str(number), chosen.seconds) for number in range(chosen.tasks))
        done = sum(1 for _ in workers.results(time.sleep, tasks))
        seconds = time.monotonic() - start
        after, cpu = psutil.Process().memory_info().rss, time.process_time() - cpu
    places = THREADS * chosen.workers
    ideal = chosen.seconds * -(-chosen.tasks // places)
    print(
        json.dumps(
            {
                "places": places,
                "tasks": done,
                "start_s": round(started, 1),
                "seconds": round(seconds, 1),
                "ideal_s": ideal,
                "overhead_ms_per_task": round(1000 * (seconds - ideal) / done, 2),
                "cpu_ms_per_task": round(1000 * cpu / done, 2),
                "memory_kb_per_task": round((after - before) / 1024 / done, 1),
                "rss_mb": round(after / 2**20),
            }
        )
    )


if __name__ == "__main__":
    main()
