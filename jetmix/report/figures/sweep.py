"""Figure of a sweep: accuracy against one cost, coloured by architecture."""

from jetmix.report.figures.style import COLOURS, INK, Picture, drawing, finished, plain
from jetmix.sweeps.picture import Look, panel, scaled
from jetmix.sweeps.records import SweepRecord

LOOK = Look(
    markers=("o", "s", "D", "^", "v", "P", "X", "<", "*"),
    colours=COLOURS,
    ink=INK,
    size=5.0,
    label=lambda kind: plain(kind, 24),
)


def cost_titles(record: SweepRecord) -> tuple[str, ...]:
    """Return what the taggers of the front cost, in the order of ``RunRecord.costs``."""
    lowered = any(run.firmware for run in record.runs if run.name in record.front)
    return ("LUT (estimate)", "Latency [ns]") if lowered else ("EBOPs",)


def front_picture(record: SweepRecord, place: int, name: str) -> Picture:
    """Draw all runs that are done against cost ``place``, those of the front ringed."""
    titles = cost_titles(record)
    done = [run for run in record.of("done") if run.costs and len(run.costs) == len(titles)]
    with drawing() as canvas:
        axes = canvas.subplots()
        best = panel(axes, record, done, place, LOOK)
        axes.set(xlabel=titles[place], ylabel="Accuracy [%]")
        scaled(axes, place)
        axes.grid(visible=True)
        axes.legend(loc="best", fontsize=8)
        alt = (
            f"Test accuracy against {titles[place]} of {len(done)} runs, {len(best)} of them on "
            f"the front, from {min(y for _, y in best):.2f}% to {max(y for _, y in best):.2f}%."
        )
        return finished(
            canvas, name=name, title=f"Sweep: accuracy against {titles[place]}", alt=alt
        )
