"""Resources and timing of one design from one origin."""

from dataclasses import asdict, dataclass
from typing import Literal

from jetmix.errors import ReportReadError
from jetmix.support.files import JSON

Origin = Literal["estimate", "yosys", "csynth", "post-synthesis", "post-route"]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value with its 90% prediction interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class ResourceReport:
    """Resources of a design; a value that is not known is None, never -1 or 0.

    ``lut_low`` and ``lut_high`` bound the 90% prediction interval of an estimate, and so do those
    of FF and of the achieved clock, which for an estimate is the one that is expected.
    ``latency_cycles`` and ``ii_cycles`` are the worst case; the best case stands in
    ``latency_min_cycles`` and ``ii_min_cycles`` where a report tells the two apart.
    ``clock_achieved_ns`` of a csynth report is what HLS expects, not what was routed.
    """

    origin: Origin
    part: str | None
    lut: float | None = None
    lut_low: float | None = None
    lut_high: float | None = None
    ff: float | None = None
    dsp: float | None = None
    bram18: float | None = None
    uram: float | None = None
    carry8: float | None = None
    latency_cycles: int | None = None
    ii_cycles: int | None = None
    clock_target_ns: float | None = None
    clock_achieved_ns: float | None = None
    tool_version: str | None = None
    note: str | None = None
    latency_min_cycles: int | None = None
    ii_min_cycles: int | None = None
    ff_low: float | None = None
    ff_high: float | None = None
    clock_achieved_low_ns: float | None = None
    clock_achieved_high_ns: float | None = None

    @property
    def latency_ns(self) -> float | None:
        """Worst latency in ns: cycles times the achieved clock period, else the target one.

        For csynth it is the target period, as HLS itself states its latency.
        """
        achieved = None if self.origin == "csynth" else self.clock_achieved_ns
        period = achieved or self.clock_target_ns
        if self.latency_cycles is None or period is None:
            return None
        return round(self.latency_cycles * period, 3)

    @classmethod
    def from_json(cls, content: JSON, where: object) -> "ResourceReport":
        """Return the report that :meth:`as_json` gave; ``where`` is the file it comes from.

        Raises:
            ReportReadError: if it is something else.
        """
        try:
            return cls(**{name: value for name, value in content.items() if name != "latency_ns"})
        except (AttributeError, TypeError):
            raise ReportReadError(
                "not a resource report of jetmix", where=where, mend="run 'jetmix synth' again"
            ) from None

    def as_json(self) -> JSON:
        """Return the report as JSON-serialisable data."""
        return {**asdict(self), "latency_ns": self.latency_ns}
