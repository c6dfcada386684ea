"""What a package is tried on."""

from dataclasses import dataclass
from pathlib import Path

from jetmix.firmware.graph import DaGraph
from jetmix.packaging.package import Package
from jetmix.support.arrays import Float64, Reals
from jetmix.verification.bench import Outputs


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A package and the vectors that it is run on.

    Attributes:
        folder: the package, which is only read.
        package: its record.
        graph: the graph of the synthesis that it was made of.
        x: the vectors, (vector, element).
        reference: the right answers, (vector, output); a trial needs them to tell which of two
            answers is the wrong one.
        area: where to build, a folder whose path holds no blanks.
    """

    folder: Path
    package: Package
    graph: DaGraph
    x: Float64
    reference: Reals
    area: Path

    @property
    def label(self) -> str:
        """Name and version in one identifier."""
        return self.package.label

    def outputs(
        self,
        values: Float64,
        seconds: float,
        *,
        latency_cycles: int | None = None,
        expected: int | None = None,
    ) -> Outputs:
        """Return answers (vector, output), of which those that never came are NaN."""
        return Outputs(
            values=values,
            lsb=float(min(interval.step for interval in self.graph.out_qint)),
            seconds=round(seconds, 3),
            latency_cycles=latency_cycles,
            ii_cycles=None if latency_cycles is None else 1,
            latency_expected_cycles=expected,
        )
