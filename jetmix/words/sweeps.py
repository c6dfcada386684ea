"""Sweeps as people read them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jetmix.words.numbers import UNKNOWN, count, decimal, percent

if TYPE_CHECKING:
    from jetmix.sweeps.estimate import Speed
    from jetmix.sweeps.plan import PlannedRun
    from jetmix.sweeps.records import RunRecord
    from jetmix.sweeps.run import Swept


def planned(runs: Sequence["PlannedRun"], speeds: Mapping[str, "Speed"], workers: int) -> list[str]:
    """Return the runs of a sweep with the time that each should take, and all of them."""
    lines, total, unknown = [], 0.0, 0
    for run in runs:
        speed = speeds[run.name]
        seconds = speed.seconds(run.recipe.training.epochs)
        total += seconds or 0.0
        unknown += seconds is None
        rate = f"{count(speed.jets_per_second)} jets/s" if seconds else speed.reason
        lines.append(f"{run.name}  {run.title}  ({duration(seconds)}, {rate})")
    about = f"{len(runs)} runs, about {duration(total / workers)} on {workers} workers like these"
    return [*lines, about + (f", and {unknown} runs whose time is not known" if unknown else "")]


def duration(seconds: float | None) -> str:
    """Return a time in the unit that people would give it in."""
    if seconds is None:
        return UNKNOWN
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def swept(done: "Swept") -> list[str]:
    """Return the front of a sweep and what became of its runs."""
    record = done.record
    named = {run.name: run for run in record.runs}
    lines = [f"front of {len(record.of('done'))} runs:"] if record.front else []
    lines += [_line(named[name]) for name in record.front]
    failed, waiting = len(record.of("failed")), len(record.of("waiting"))
    pruned = len(record.of("pruned"))
    parts = [f"{len(record.of('done'))} of {len(record.runs)} runs done"]
    parts += [f"{failed} failed (try them again with --retry-failed)"] if failed else []
    parts += [f"{pruned} pruned"] if pruned else []
    parts += [f"{waiting} left (give the same command again)"] if waiting else []
    return [
        *lines,
        ", ".join(parts),
        f"{done.n_new} runs in {duration(done.seconds)}",
        f"results: {done.folder / 'sweep.json'}, {done.folder / 'sweep.csv'}",
    ]


def values(run: "RunRecord") -> str:
    """Return how a run differs from the others."""
    named = (f"{key.rpartition('.')[2]} {value}" for key, value in run.values.items())
    return ", ".join([*named, f"seed {run.seed}"])


def _line(run: "RunRecord") -> str:
    parts = [f"accuracy {percent(run.accuracy, run.accuracy_error)}"]
    parts += [f"{count(run.ebops)} EBOPs"] if run.ebops is not None else []
    if run.firmware is not None:
        parts.append(f"{count(run.firmware.lut)} LUT")
        parts.append(f"{decimal(run.firmware.latency_ns)} ns")
    return f"  {run.name}  {values(run)}: {', '.join(parts)}"
