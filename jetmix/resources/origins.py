"""Where figures of resources and latency come from: one line per origin.

A new origin is a module that makes :class:`~jetmix.resources.report.ResourceReport` objects with
its name, and a line in :data:`ORIGINS`.
"""

from dataclasses import dataclass
from typing import Literal

# the source of cycles that no tool timed: the adders per stage of the DA graph
PIPELINE_MODEL = "pipeline model"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A kind of resource report.

    ``trust`` ranks the origins: figures of a higher one are shown before those of a lower one.
    ``cycles_from`` names the source of the cycles, an origin or :data:`PIPELINE_MODEL`, of reports
    that do not state one; None means that it is not known. ``clock`` says what the clock is that a
    report gives beside its target. ``made_by`` is the module that makes the reports.
    """

    name: str
    title: str
    trust: int
    made_by: str
    cycles_from: str | None = None
    clock: Literal["achieved", "expected", "estimated"] = "achieved"
    by_tool: bool = True

    @property
    def modelled(self) -> bool:
        """Whether its cycles are always those of the pipeline model."""
        return self.cycles_from == PIPELINE_MODEL

    @property
    def at_target_clock(self) -> bool:
        """Whether its latency counts at the target clock, as HLS itself states its latency."""
        return self.clock == "estimated"


_ALL = (
    Origin(name="post-route", title="post-route", trust=50, made_by="jetmix.eda.vendor"),
    Origin(name="post-synthesis", title="post-synthesis", trust=40, made_by="jetmix.eda.vendor"),
    Origin(
        name="csynth", title="HLS estimate (csynth)", trust=30, made_by="jetmix.eda.vendor",
        cycles_from="csynth", clock="estimated",
    ),
    Origin(
        name="yosys", title="Yosys synthesis", trust=20, made_by="jetmix.eda.yosys",
        cycles_from=PIPELINE_MODEL,
    ),
    Origin(
        name="estimate", title="estimate", trust=10, made_by="jetmix.resources.estimate",
        cycles_from=PIPELINE_MODEL, clock="expected", by_tool=False,
    ),
)  # fmt: skip
ORIGINS = {origin.name: origin for origin in _ALL}


def title_of(source: str) -> str:
    """Return the name for people of an origin, or of another source of cycles."""
    return ORIGINS[source].title if source in ORIGINS else source
