"""Resources and latency as people read them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from jetmix.firmware.parts import Part
from jetmix.resources.origins import title_of
from jetmix.resources.report import ResourceReport
from jetmix.resources.utilisation import utilisation
from jetmix.synthesis.timing import timing_of
from jetmix.verification.result import VerificationResult
from jetmix.words.numbers import UNKNOWN, count, decimal, spanned

if TYPE_CHECKING:
    pass


def lut(report: ResourceReport | None) -> str:
    """Return LUT with its 90% interval, where there is one."""
    return spanned(report.lut, report.lut_low, report.lut_high) if report else UNKNOWN


def ff(report: ResourceReport | None) -> str:
    """Return FF with its 90% interval, where there is one."""
    return spanned(report.ff, report.ff_low, report.ff_high) if report else UNKNOWN


def latency(report: ResourceReport | None) -> str:
    """Return latency in cycles and ns, with the clock that the ns refer to."""
    if report is None or report.latency_cycles is None:
        return UNKNOWN
    low = report.latency_min_cycles
    spread = f"{low} to " if low is not None and low != report.latency_cycles else ""
    cycles = f"{spread}{report.latency_cycles} cycles"
    if report.latency_ns is None:
        return cycles
    return f"{cycles}, {decimal(report.latency_ns)} ns at {clock(report)}"


def clock(report: ResourceReport) -> str:
    """Return the clock period that the latency counts in."""
    target, achieved = report.clock_target_ns, report.clock_achieved_ns
    if achieved is None or report.made_by.at_target_clock:
        return f"{target:g} ns (target clock)"
    low, high = report.clock_achieved_low_ns, report.clock_achieved_high_ns
    span = "" if low is None or high is None else f", 90%: {low:g} to {high:g}"
    aim = "" if target is None else f"; target {target:g} ns"
    return f"{achieved:g} ns ({report.made_by.clock} clock{span}{aim})"


def latency_origin(report: ResourceReport) -> str:
    """Return where a report's cycles come from, which need not be the tool that counted LUT."""
    title, source = report.made_by.title, report.cycles_from
    if source in (None, report.origin) or not report.made_by.by_tool:
        return title
    return f"{title}, cycles: {title_of(source or '')}"


def sections(report: "ResourceReport") -> str:
    """Return the LUT of the pipelines of a folded tagger, and of what lies between them."""
    parts = [f"{name} {count(round(lut))}" for name, lut in report.lut_by_section.items()]
    rest = (report.lut or 0) - sum(report.lut_by_section.values())
    return f"{', '.join(parts)}; between them {count(round(rest))}"


def resource_lines(
    report: ResourceReport, part: Part, seen: VerificationResult | None = None
) -> list[str]:
    """Return resources and latency with their origin, one line each.

    ``seen`` is the level that measured the latency, which replaces that of a model. A tool that
    times no pipeline has no line of latency.
    """
    shares, lines = utilisation(report, part), []
    if report.lut is not None:
        share = f"{shares.device['lut']:.2f}% of {part.name}"
        if shares.slr is not None:
            share += f", {shares.slr['lut']:.2f}% of one of its {part.slr_count} SLRs"
        lines.append(f"LUT: {lut(report)}, {share} [{report.origin}]")
    if report.lut_by_section:
        lines.append(f"LUT of its pipelines: {sections(report)} [{report.origin}]")
    others = [
        f"{name.upper()} {ff(report) if name == 'ff' else count(getattr(report, name))} "
        f"({share:.2f}%)"
        for name, share in shares.device.items()
        if name != "lut"
    ]
    if others:
        lines.append(f"{', '.join(others)} [{report.origin}]")
    if report.ff_unknown is not None:
        lines.append(f"FF: not estimated. {report.ff_unknown} [{report.origin}]")
    timing = timing_of(report, seen)
    if timing.cycles is not None and not (report.made_by.modelled and report.made_by.by_tool):
        counted = replace(report, latency_cycles=timing.cycles)
        clocked = "" if timing.source == report.origin else f", cycles measured: {timing.source}"
        lines.append(
            f"Latency: {latency(counted)}, II {timing.ii_cycles} [{report.origin}{clocked}]"
        )
    return lines
