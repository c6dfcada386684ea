"""What readers of vendor reports return: resources of a design, or the outcome of a simulation."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jetmix.resources.report import ResourceReport
from jetmix.support.files import JSON
from jetmix.support.records import dump

Status = Literal["passed", "failed", "not run"]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a design with its own amounts: an instance, a kernel, a module or an SLR.

    ``depth`` is how deep it lies below the design, from 1. ``amounts`` go by the names of
    :class:`ResourceReport`.
    """

    name: str
    depth: int
    amounts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Report(ABC):
    """A report about one design; ``kind`` names the reader that knew it."""

    path: Path
    kind: str
    design: str

    @property
    def file(self) -> str:
        """Name of the file; bytes that are no text are replaced."""
        return self.path.name.encode("utf-8", "replace").decode("utf-8")

    @property
    def _head(self) -> JSON:
        return {"file": str(self.path), "kind": self.kind, "design": self.design}

    @abstractmethod
    def as_json(self) -> JSON:
        """Return the report as JSON-serialisable data."""


@dataclass(frozen=True, kw_only=True)
class VendorReport(Report):
    """One design as one vendor report describes it.

    ``available`` is what the report says that the device holds, by the names of the amounts in
    :class:`ResourceReport` (``lut``, ``ff``, ``dsp``, ``bram18``, ``uram``, ``carry8``).
    ``blocks`` are the parts of the design in the order of the report, where it lists them.
    """

    resources: ResourceReport
    available: dict[str, float] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def as_json(self) -> JSON:
        """Return the report as JSON-serialisable data."""
        return {
            **self._head,
            **dump(self.resources),
            "available": self.available,
            "blocks": dump(self.blocks),
        }


@dataclass(frozen=True, kw_only=True)
class Cycles:
    """Smallest, mean and largest of what a simulation measured, in clock cycles."""

    min: int
    avg: int
    max: int


@dataclass(frozen=True, kw_only=True)
class CosimRun:
    """The co-simulation of one language; a figure that was not measured is None."""

    language: str
    status: Status
    latency: Cycles | None
    interval: Cycles | None
    total_cycles: int | None


@dataclass(frozen=True, kw_only=True)
class CosimReport(Report):
    """The outcome of a C/RTL co-simulation, by language.

    The report does not state the design: it is taken from the file's name, ``TOP_cosim.rpt``.
    """

    runs: tuple[CosimRun, ...]

    @property
    def status(self) -> Status:
        """Failed if any language failed, passed if one passed, else not run."""
        statuses = {run.status for run in self.runs}
        order: tuple[Status, ...] = ("failed", "passed")
        return next((status for status in order if status in statuses), "not run")

    def as_json(self) -> JSON:
        """Return the report as JSON-serialisable data."""
        return {**self._head, "status": self.status, "runs": dump(self.runs)}
