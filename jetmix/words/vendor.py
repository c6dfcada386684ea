"""Co-simulation and power as people read them."""

from jetmix.eda.reports.record import CosimRun, Cycles
from jetmix.resources.report import ResourceReport
from jetmix.words.numbers import count, cycles


def cosim(run: CosimRun) -> str:
    """Return the outcome of a co-simulation with the cycles that it measured."""
    parts: list[str] = [run.status]
    parts += [f"latency {_measured(run.latency)}"] if run.latency else []
    parts += [f"interval {_measured(run.interval)}"] if run.interval else []
    parts += [f"{count(run.total_cycles)} cycles in all"] if run.total_cycles is not None else []
    return ", ".join(parts)


def _measured(measured: Cycles) -> str:
    """Return measured cycles, as a range where calls took different times."""
    if measured.min == measured.max:
        return cycles(measured.max)
    low, mean, high = (count(n) for n in (measured.min, measured.avg, measured.max))
    return f"{low} to {high} cycles (mean {mean})"


def power(report: ResourceReport) -> str:
    """Return the power in W with its static part and confidence level; "" if it is not known."""
    if report.power_w is None:
        return ""
    parts = [f"{report.power_w:g} W"]
    parts += [f"{report.power_static_w:g} W static"] if report.power_static_w is not None else []
    parts += [f"confidence {report.power_confidence}"] if report.power_confidence else []
    return ", ".join(parts)
