"""Many trainings of one sweep file."""

from pathlib import Path

from jetmix.api.paths import PathLike
from jetmix.cluster.options import ClusterOptions
from jetmix.sweeps.run import Swept
from jetmix.sweeps.run import sweep as run_sweep
from jetmix.sweeps.state import SweepOptions
from jetmix.sweeps.target import Target


def sweep(
    file: PathLike,
    *,
    data: PathLike,
    out: PathLike,
    part: str | None = None,
    clock_ns: float = Target.clock_ns,
    cluster: str | None = None,
    workers: int | None = None,
    memory_gb: float | None = None,
    hours: float | None = None,
    queue: str | None = None,
    wait_minutes: float = ClusterOptions.wait_minutes,
    backend: str | None = None,
    send_data: bool = False,
    retry_failed: bool = False,
) -> Swept:
    """Train all runs of a sweep file that are not done yet (``pip install jetmix[cluster]``).

    A script that calls it needs ``if __name__ == "__main__":``, since workers import the script.

    Args:
        file: the sweep file.
        data: HDF5 file of jets.
        out: folder of the sweep, new or of the same sweep.
        part: FPGA that every tagger is lowered for, verified at level ``ir`` and estimated.
        clock_ns: its clock period in ns.
        cluster: slurm, htcondor, pbs, sge, or the address of a Dask scheduler; processes of this
            machine by default.
        workers: number of workers; one per GPU or core by default.
        memory_gb: memory of each worker.
        hours: longest life of a batch job.
        queue: queue of the batch system.
        wait_minutes: how long the first worker may take to come.
        backend: jax or tensorflow; jax by default.
        send_data: send the jets to workers that see neither ``data`` nor ``out``.
        retry_failed: try runs that failed before.

    Raises:
        UsageError, DataError: if the sweep file, an option or the jets are refused.
        RunConflictError: if ``out`` holds something else.
        ToolMissingError: if Dask is not installed.
        ClusterError: if there are no workers, or they differ.
    """
    return run_sweep(
        SweepOptions(
            file=Path(file),
            data=Path(data),
            folder=Path(out),
            backend=backend,
            target=None if part is None else Target(part=part, clock_ns=clock_ns),
            cluster=ClusterOptions(
                cluster=cluster,
                workers=workers,
                memory_gb=memory_gb,
                hours=hours,
                queue=queue,
                wait_minutes=wait_minutes,
            ),
            send_data=send_data,
            retry_failed=retry_failed,
        )
    )
