"""Resources and timing of one design from one origin, and the file that holds them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from jetmix.resources.origins import ORIGINS, PIPELINE_MODEL, Origin
from jetmix.support.records import NOT_NEGATIVE, Check, checked, read, rule, write

RESOURCES_FILE = "resources.json"
# values with a prediction interval: value, its lower and its upper end
INTERVALS = (
    ("lut", "lut_low", "lut_high"),
    ("ff", "ff_low", "ff_high"),
    ("clock_achieved_ns", "clock_achieved_low_ns", "clock_achieved_high_ns"),
)
_AMOUNTS = (
    *(name for interval in INTERVALS for name in interval),
    *("lut_memory", "dsp", "bram18", "uram", "carry8", "clock_target_ns"),
    *("latency_cycles", "latency_min_cycles", "power_w", "power_static_w"),
)
_ONE_OR_MORE = rule(lambda cycles: cycles >= 1, "must be an integer of at least 1")


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value with its 90% prediction interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class ResourceReport:
    """Resources of a design; a value that is not known is None, never -1 or 0.

    Attributes:
        origin: a name of :data:`~jetmix.resources.origins.ORIGINS`.
        part: the FPGA.
        lut: look-up tables.
        lut_low: lower end of the 90% prediction interval of an estimate.
        lut_high: its upper end.
        ff: flip-flops.
        dsp: DSP blocks.
        bram18: block RAM, in 18 Kb.
        uram: UltraRAM blocks.
        carry8: carry chains.
        latency_cycles: worst latency, in clock cycles.
        ii_cycles: worst initiation interval.
        clock_target_ns: clock period that was asked for.
        clock_achieved_ns: clock period that was reached; for csynth and estimate, the one that is
            expected.
        tool_version: version of the tool.
        note: remarks for people.
        latency_min_cycles: best latency, where a report states both.
        ii_min_cycles: best initiation interval, where a report states both.
        ff_low: lower end of the 90% prediction interval of FF.
        ff_high: its upper end.
        clock_achieved_low_ns: lower end of the 90% prediction interval of the expected clock.
        clock_achieved_high_ns: its upper end.
        latency_from: source of the cycles, where the report has them from elsewhere.
        ff_unknown: why FF are not estimated.
        power_w: power of the whole device in W, as the vendor's tool estimates it.
        power_static_w: the part of it that the device takes at rest.
        power_confidence: confidence level that the tool gives its estimate: Low, Medium or High.
        part_of: what of a package the figures are of, ``network`` or ``wrapper``; the cycles of a
            wrapper are those that it adds. None for a whole design.
        lut_memory: how many of the LUT are memory.
        lut_by_section: LUT of each pipeline of a folded tagger, by its first layer; the others lie
            between the pipelines.
    """

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_NEGATIVE, *_AMOUNTS),
        **checked(_ONE_OR_MORE, "ii_cycles", "ii_min_cycles"),
    }
    DERIVED: ClassVar[tuple[str, ...]] = ("latency_ns",)

    origin: str
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
    latency_from: str | None = None
    ff_unknown: str | None = None
    power_w: float | None = None
    power_static_w: float | None = None
    power_confidence: str | None = None
    part_of: Literal["network", "wrapper"] | None = None
    lut_memory: float | None = None
    lut_by_section: dict[str, float] = field(default_factory=dict)

    @property
    def made_by(self) -> Origin:
        """The line of the table of origins that this report is of."""
        return ORIGINS[self.origin]

    @property
    def cycles_from(self) -> str | None:
        """Source of the cycles, an origin or the pipeline model; None where it is not known."""
        return self.latency_from or self.made_by.cycles_from

    @property
    def modelled(self) -> bool:
        """Whether no tool timed the pipeline, so that a measured latency replaces this one."""
        return self.cycles_from == PIPELINE_MODEL

    @property
    def latency_clock_ns(self) -> float | None:
        """Clock period in ns that the latency counts in: the achieved one, else the target."""
        achieved = None if self.made_by.at_target_clock else self.clock_achieved_ns
        return achieved or self.clock_target_ns

    @property
    def latency_ns(self) -> float | None:
        """Worst latency in ns: cycles times :attr:`latency_clock_ns`."""
        if self.latency_cycles is None or self.latency_clock_ns is None:
            return None
        return round(self.latency_cycles * self.latency_clock_ns, 3)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what contradicts: an unknown origin, or a value outside of its interval."""
        if self.origin not in ORIGINS:
            yield "origin", f"one of {', '.join(ORIGINS)}"
        for name, below, above in INTERVALS:
            value, low, high = (getattr(self, key) for key in (name, below, above))
            if value is not None and not (low or 0) <= value <= (value if high is None else high):
                yield name, f"inside its interval from {low} to {high}"


def read_resources(folder: Path) -> tuple[ResourceReport, ...] | None:
    """Return the content of a synthesis' ``resources.json``, None where it is absent.

    Raises:
        ReportReadError: if the file was damaged or edited.
    """
    path = folder / RESOURCES_FILE
    return read(tuple[ResourceReport, ...], path) if path.exists() else None


def write_resources(folder: Path, reports: Sequence[ResourceReport]) -> None:
    """Write ``resources.json``, a list of resource reports."""
    write(folder / RESOURCES_FILE, reports)


def add_resources(folder: Path, reports: Sequence[ResourceReport]) -> None:
    """Add reports to ``resources.json``, in place of those of the same origins."""
    origins = {report.origin for report in reports}
    kept = [r for r in read_resources(folder) or () if r.origin not in origins]
    write_resources(folder, [*kept, *reports])
