"""Options that say where the workers of a command run."""

from collections.abc import Callable
from typing import Any

import click

from jetmix.cluster.options import BATCH_MEMORY_GB, BATCH_SYSTEMS, ClusterOptions

ABOVE_ZERO = click.FloatRange(min=0, min_open=True)
workers_option: Callable[[Any], Any] = click.option(
    "--workers", type=click.IntRange(min=1), metavar="N",
    help="Number of workers. [default: one per GPU, without one per core]",
)  # fmt: skip


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where the workers run."""
    for option in (
        click.option(
            "--wait-minutes", default=ClusterOptions.wait_minutes, show_default=True,
            type=ABOVE_ZERO, help="Time limit for the first worker of a cluster.",
        ),
        click.option("--queue", metavar="NAME", help="Queue or partition of the batch system."),
        click.option(
            "--job-hours", "hours", type=ABOVE_ZERO, help="Longest life of a batch job."
        ),
        click.option(
            "--memory-gb", type=ABOVE_ZERO,
            help="Memory of each worker. [default: its share of this machine; of a batch system "
            f"{BATCH_MEMORY_GB:g}]",
        ),
        click.option(
            "--cluster", metavar=f"{'|'.join(BATCH_SYSTEMS)}|ADDRESS",
            help="Batch system whose jobs are the workers, or address of a Dask scheduler. "
            "[default: worker processes on this machine]",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def cluster_of(chosen: dict[str, Any], workers: int | None) -> ClusterOptions:
    """Take the options of the cluster out of the chosen ones."""
    names = ("cluster", "memory_gb", "hours", "queue", "wait_minutes")
    return ClusterOptions(workers=workers, **{name: chosen.pop(name) for name in names})
