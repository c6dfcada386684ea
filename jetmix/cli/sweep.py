"""``jetmix sweep``."""

from pathlib import Path
from typing import Any

import click

from jetmix.cli.cluster import cluster_of, cluster_options, workers_option
from jetmix.cli.common import PATH, backend_option, finish, json_option
from jetmix.cluster.options import ClusterOptions
from jetmix.errors import UsageError


@click.command()
@click.argument("sweep_file", metavar="SWEEP.toml", type=PATH)
@click.option("--data", type=PATH, required=True, help="HDF5 file of jets.")
@click.option("--out", type=PATH, help="Folder of the sweep, to create or continue.")
@backend_option
@click.option(
    "--synth", "target", metavar="part=PART,clock-ns=T",
    help="Lower every tagger for this FPGA and clock, verify it at level ir and estimate its LUT "
    "and latency, which the front is then made of.",
)  # fmt: skip
@click.option(
    "--send-data", is_flag=True,
    help="Send the jets to workers that do not see --data and --out; run directories come back "
    "when they are done.",
)  # fmt: skip
@click.option("--retry-failed", is_flag=True, help="Try runs that failed again.")
@click.option(
    "--dry-run", is_flag=True,
    help="List the runs with an estimate of their time, from a few epochs of each network.",
)  # fmt: skip
@workers_option
@cluster_options
@json_option
def sweep(
    *,
    sweep_file: Path,
    data: Path,
    out: Path | None,
    backend: str | None,
    target: str | None,
    send_data: bool,
    retry_failed: bool,
    dry_run: bool,
    workers: int | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Train all runs that SWEEP.toml describes on worker processes or a cluster.

    Every run is a run directory. When the command is given again, it goes on where it was.

    \b
    A sweep file looks like this (recipe alone is needed):
      recipe = "mixer-16-quick"         # a preset, or a recipe file beside this one
      seeds = [1, 2, 3]
      [axes.grid]                       # every combination is trained
      "tagger.n_particles" = [8, 16]
      "training.target_ebops" = [5000, 10000]
      [[axes.list]]                     # each group goes with every combination
      recipe = "gnn-16-quick"
      [[axes.list]]
      recipe = "deepsets-16-quick"
      [limits]
      runs = 100
      hours = 12

    \b
    Instead of axes, Optuna can choose the runs:
      [search]
      objectives = ["accuracy", "lut"]  # of accuracy, ebops, lut, latency_ns
      sampler = "tpe"                   # or nsga2, random
      [search.space]
      "training.learning_rate" = {low = 1e-3, high = 1e-2, log = true}
      "tagger.n_particles" = {choices = [8, 16]}
    """  # noqa: D301 (click wants the sign itself)
    cluster = cluster_of(chosen, workers)
    if dry_run:
        _dry_run(sweep_file, data, backend, cluster, as_json=as_json)
        return
    if out is None:
        raise UsageError("--out not given", mend="name a folder for the sweep")
    from jetmix import words
    from jetmix.support.records import dump
    from jetmix.sweeps.run import sweep as run_sweep
    from jetmix.sweeps.state import SweepOptions
    from jetmix.sweeps.target import target_from

    options = SweepOptions(
        file=sweep_file, data=data, folder=out, backend=backend, cluster=cluster,
        target=None if target is None else target_from(target), retry_failed=retry_failed,
        send_data=send_data,
    )  # fmt: skip
    done = run_sweep(options)
    result = {"out": str(out), "n_new": done.n_new, "seconds": done.seconds, **dump(done.record)}
    finish(words.swept(done), result, as_json=as_json)


def _dry_run(
    sweep_file: Path, data: Path, backend: str | None, cluster: ClusterOptions, *, as_json: bool
) -> None:
    from jetmix import words
    from jetmix.cluster.extra import needed
    from jetmix.cluster.workers import default_number
    from jetmix.support.records import dump
    from jetmix.sweeps.estimate import speeds
    from jetmix.sweeps.plan import planned
    from jetmix.sweeps.sweep_file import read_sweep_file

    needed("distributed")
    file = read_sweep_file(sweep_file)
    if file.search is not None:
        raise UsageError(
            "the runs of a search are not known before",
            where=sweep_file,
            mend="leave --dry-run out",
        )
    runs = planned(file, sweep_file)
    here = cluster.workers if cluster.cluster is None else None
    found = speeds(runs, data, backend, here)
    workers = cluster.workers or default_number()
    rows = [
        {"name": run.name, "values": dump(run.values), "seed": run.recipe.training.seed,
         "seconds": found[run.name].seconds(run.recipe.training.epochs),
         "jets_per_second": found[run.name].jets_per_second or None}
        for run in runs
    ]  # fmt: skip
    finish(words.planned(runs, found, workers), {"runs": rows}, as_json=as_json)
