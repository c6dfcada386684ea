"""Where the workers run, and what each may take; read by the help of the command line."""

from dataclasses import dataclass
from typing import ClassVar

from jetmix.errors import UsageError
from jetmix.support.records import POSITIVE, Check, checked, suggestion

BATCH_SYSTEMS = ("slurm", "htcondor", "pbs", "sge")
BATCH_MEMORY_GB = 4.0


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """Where the workers run.

    Attributes:
        cluster: a batch system, or the address of a Dask scheduler such as ``tcp://host:8786``;
            None for worker processes on this machine.
        workers: number of workers; None for one per GPU, or per core without one. A batch system
            needs a number. Ignored for an address, which has the workers that it has.
        memory_gb: memory of each worker; None shares that of this machine, and asks a batch system
            for 4 GB.
        hours: longest life of a batch job; None as the site's ``jobqueue.yaml`` says.
        queue: queue or partition of the batch system.
        wait_minutes: how long the first worker may take to come.

    Raises:
        UsageError: if a value is refused.
    """

    cluster: str | None = None
    workers: int | None = None
    memory_gb: float | None = None
    hours: float | None = None
    queue: str | None = None
    wait_minutes: float = 10.0

    CHECKS: ClassVar[dict[str, Check]] = checked(
        POSITIVE, "workers", "memory_gb", "hours", "wait_minutes"
    )

    def __post_init__(self) -> None:
        """Refuse what no cluster can be made of."""
        for name, check in self.CHECKS.items():
            value = getattr(self, name)
            problem = check(value) if value is not None else ""
            if problem:
                raise UsageError(f"{name} = {value} {problem}", mend="choose another value")
        if self.cluster is not None and not (self.batch or self.address):
            known = suggestion(self.cluster, BATCH_SYSTEMS, "batch system")
            raise UsageError(
                f"unknown cluster '{self.cluster}'",
                mend=f"{known} or give the address of a Dask scheduler, such as tcp://host:8786",
            )
        for name, option in (("hours", "--job-hours"), ("queue", "--queue")):
            if getattr(self, name) is not None and not self.batch:
                raise UsageError(
                    f"{option} is for a batch system",
                    mend=f"leave it out, or add --cluster with one of {', '.join(BATCH_SYSTEMS)}",
                )
        if self.memory_gb is not None and self.address:
            raise UsageError(
                "--memory-gb is for workers that are started here",
                mend="leave it out: the workers of a running scheduler have their memory",
            )
        if self.queue is not None and self.cluster == "htcondor":
            raise UsageError("HTCondor has no queues", mend="leave --queue out, see --job-hours")
        if self.batch and self.workers is None:
            raise UsageError(
                f"no number of workers for {self.cluster}", mend="add --workers, such as 20"
            )

    @property
    def batch(self) -> bool:
        """Whether the workers are jobs of a batch system."""
        return self.cluster in BATCH_SYSTEMS

    @property
    def address(self) -> bool:
        """Whether the workers are those of a scheduler that runs already."""
        return self.cluster is not None and ":" in self.cluster
