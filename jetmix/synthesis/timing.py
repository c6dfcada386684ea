"""The one latency of a design: measured by its clock where it was, else what a tool reports.

Cycles count from the clock edge at which the input register takes a jet to the one at which the
output register takes its result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jetmix.resources.report import ResourceReport
from jetmix.verification.result import VerificationResult


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Worst latency and II, and the level or origin that they are from; unknown is None."""

    cycles: int | None
    ns: float | None
    ii_cycles: int | None
    source: str


def measured(results: Sequence[VerificationResult]) -> VerificationResult | None:
    """Return the lowest level that measured the latency by its clock."""
    return next((result for result in results if result.latency_cycles is not None), None)


def best_resources(reports: Sequence[ResourceReport]) -> ResourceReport | None:
    """Return the report of the most trusted origin that states LUT."""
    with_lut = [report for report in reports if report.lut is not None]
    return max(with_lut, key=lambda report: report.made_by.trust, default=None)


def timing_of(report: ResourceReport, seen: VerificationResult | None) -> Timing:
    """Return latency and II of a report: measured ones where it only has those of the model.

    Args:
        report: resources of the design; its clock period turns cycles into ns.
        seen: what :func:`measured` found.
    """
    source = report.origin
    if seen is not None and report.modelled:
        report = replace(report, latency_cycles=seen.latency_cycles, ii_cycles=seen.ii_cycles)
        source = seen.candidate
    cycles, ns, ii = report.latency_cycles, report.latency_ns, report.ii_cycles
    return Timing(cycles=cycles, ns=ns, ii_cycles=ii, source=source)
