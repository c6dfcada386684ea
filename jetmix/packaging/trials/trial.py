"""What a package is tried on."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import ToolMissingError
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.project import INSTALL
from jetmix.packaging.order import Order
from jetmix.packaging.package import Package
from jetmix.support.arrays import Float64, Reals
from jetmix.verification.bench import Outputs

TEMPLATES = "firmware_templates/package/trial"
AP_TYPES = "templates/vivado/ap_types"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A package and the vectors that it is run on.

    Attributes:
        folder: the package, which is only read.
        package: its record.
        order: what it was made of.
        graph: the graph of the synthesis that it was made of.
        x: the vectors, (vector, element).
        reference: the right answers, (vector, output); a trial needs them to tell which of two
            answers is the wrong one.
        area: where to build, a folder whose path holds no blanks.
    """

    folder: Path
    package: Package
    order: Order
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


def ap_types() -> Path:
    """Return the folder of ap_types that comes with hls4ml.

    Raises:
        ToolMissingError: if hls4ml is not installed.
    """
    spec = importlib.util.find_spec("hls4ml")
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin).parent / AP_TYPES
        if (found / "ap_fixed.h").is_file():
            return found
    raise ToolMissingError("hls4ml, which brings ap_types, is not installed", mend=INSTALL)
