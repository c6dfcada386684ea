"""Figure of a sweep: accuracy against one cost, coloured by architecture."""

from jetmix.report.figures.pareto import plain_ticks
from jetmix.report.figures.style import COLOURS, INK, Picture, drawing, finished, plain
from jetmix.sweeps.records import RunRecord, SweepRecord

MARKERS = ("o", "s", "D", "^", "v", "P", "X")


def cost_titles(record: SweepRecord) -> tuple[str, ...]:
    """Return what the taggers of the front cost, in the order of ``RunRecord.costs``."""
    lowered = any(run.firmware for run in record.runs if run.name in record.front)
    return ("LUT (estimate)", "Latency [ns]") if lowered else ("EBOPs",)


def front_picture(record: SweepRecord, place: int, name: str) -> Picture:
    """Draw all runs that are done against cost ``place``, those of the front ringed."""
    titles = cost_titles(record)
    done = [run for run in record.of("done") if run.costs and len(run.costs) == len(titles)]
    kinds = sorted({str(run.architecture) for run in done})
    with drawing() as canvas:
        axes = canvas.subplots()
        for index, kind in enumerate(kinds):
            own = [run for run in done if run.architecture == kind]
            axes.errorbar(
                [_cost(run, place) for run in own],
                [100 * (run.accuracy or 0) for run in own],
                yerr=[100 * (run.accuracy_error or 0) for run in own],
                fmt=MARKERS[index % len(MARKERS)], markersize=5, linewidth=0.8,
                color=COLOURS[index % len(COLOURS)], label=plain(kind, 24),
            )  # fmt: skip
        best = sorted(
            (_cost(run, place), 100 * (run.accuracy or 0))
            for run in done
            if run.name in record.front
        )
        axes.plot(
            *zip(*best, strict=True), "o", markersize=11, markerfacecolor="none",
            markeredgecolor=INK, label="front",
        )  # fmt: skip
        axes.set(xscale="log", xlabel=titles[place], ylabel="Accuracy [%]")
        plain_ticks(axes)
        axes.grid(visible=True)
        axes.legend(loc="lower right", fontsize=8)
        alt = (
            f"Test accuracy against {titles[place]} of {len(done)} runs, {len(best)} of them on "
            f"the front, from {min(y for _, y in best):.2f}% to {max(y for _, y in best):.2f}%."
        )
        return finished(
            canvas, name=name, title=f"Sweep: accuracy against {titles[place]}", alt=alt
        )


def _cost(run: RunRecord, place: int) -> float:
    return max(run.costs[place], 1.0) if run.costs else 1.0
