"""Makes docs/results.md, with its pictures, from the sweeps that docs/generate/sweeps.py keeps.

python docs/generate/results.py
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import searches
import ways
from folded import figures as folded_taggers
from pages import filled, table, trimmed, with_error
from sweeps import HERE, Kept, kept, n_particles, title

from jetmix.report.figures.sweep import front_picture
from jetmix.support.files import write_text
from jetmix.sweeps.records import RunRecord, SweepRecord, front_of
from jetmix.sweeps.summary import Combination, Spread, combinations

DOCS = HERE.parent
PAGE = DOCS / "results.md"
RIVAL = "GNN"
MEASURED = (
    "front-16", "front-16-lut", "front-sizes", "front-32-seeds", "front-64", "fold-64",
    "front-16x3", "fold-gnn-32",
)  # fmt: skip
BIG_FOLDED = "fold-64-larger/0001"
# tried at several sizes
SIZED = ("Mixer", "sparse Mixer", "GNN")


def _spread(value: Spread | None, form: str, scale: float = 1) -> str:
    if value is None:
        return "-"
    return with_error(scale * value.mean, value.error and scale * value.error, form)


def _percent(accuracy: float | None, error: float | None) -> str:
    assert accuracy is not None
    assert error is not None
    return with_error(100 * accuracy, 100 * error, ".2f")


def _steps(values: Mapping[str, int]) -> int:
    return values["training.epochs"] * values["training.epoch_steps"]


def _name(one: Combination) -> str:
    return title(one.runs[0])


def _measured(front: Kept) -> Iterator[Combination]:
    return (one for one in combinations(front.sweep) if one.runs)


def front_table(front: Kept) -> str:
    """Return a row per tagger, over its seeds."""
    head = ["Tagger", "Steps", "Seeds", "Accuracy, %", "EBOPs", "Cost of the graph",
            "LUT (estimate)", "Latency, ns"]  # fmt: skip
    rows = []
    for one in _measured(front):
        costs = [front.more[run.name].cost or 0.0 for run in one.runs]
        rows.append([
            _name(one), f"{_steps(one.values):,}", f"{len(one.runs)} of {one.n_runs}",
            _spread(one.accuracy, ".2f", 100), _spread(one.ebops, ",.0f"),
            f"{sum(costs) / len(costs):,.0f}", _spread(one.lut, ",.0f"),
            _spread(one.latency_ns, ".0f"),
        ])  # fmt: skip
    return table(head, rows)


def sizes_table(sweeps: Iterable[Kept]) -> str:
    """Return a row per kind and number of constituents, of taggers for a jet per clock."""
    head = ["Tagger", "Constituents", "Steps", "Seeds", "Accuracy, %", "EBOPs", "LUT (estimate)",
            "Latency, ns"]  # fmt: skip
    found = [(_name(one), n_particles(one.runs[0]), one)
             for kept in sweeps for one in _measured(kept)]  # fmt: skip
    rows = [
        [name, str(size), f"{_steps(one.values):,}", str(len(one.runs)),
         _spread(one.accuracy, ".2f", 100), _spread(one.ebops, ",.0f"), _spread(one.lut, ",.0f"),
         _spread(one.latency_ns, ".0f")]
        for name, size, one in sorted(found, key=lambda row: row[:2])
        if name in SIZED and one.values.get("quantiser.fold", 1) == 1
    ]  # fmt: skip
    return table(head, rows)


def rivals_table(front: Kept) -> str:
    """Return each tagger's distance from the GNN in accuracy and LUT."""
    found = {_name(one): one for one in _measured(front)}
    rival = found.pop(RIVAL)
    assert rival.lut is not None
    rows = []
    for name, one in found.items():
        if one.lut is not None and len(one.runs) > 1:
            gain, error = difference(one, rival)
            points = f"{100 * gain:+.2f} ± {100 * error:.2f}"
            rows.append([name, points, f"{one.lut.mean / rival.lut.mean:.2f}"])
    return table(["Tagger", "Points of accuracy against the GNN", "LUT, ratio"], rows)


def of_size(front: Kept, size: int) -> Kept:
    """Return a sweep with the taggers on so many constituents alone."""
    runs = tuple(run for run in front.sweep.runs if n_particles(run) == size)
    return replace(front, sweep=replace(front.sweep, runs=runs))


def difference(one: Combination, rival: Combination) -> tuple[float, float]:
    """Return the difference of two mean accuracies, and its standard error from the seeds."""
    assert one.accuracy is not None
    assert rival.accuracy is not None
    errors = [(each.accuracy.error or 0.0) / math.sqrt(len(each.runs))
              for each in (one, rival) if each.accuracy]  # fmt: skip
    return one.accuracy.mean - rival.accuracy.mean, math.hypot(*errors)


def real_table(sweeps: Iterable[Kept]) -> str:
    """Return the accuracy on real jets beside that on simulated ones."""
    head = ["Tagger", "Constituents", "II", "LUT (estimate)", "on simulated test jets, %",
            "on 1,500 real jets, %", "difference"]  # fmt: skip
    return table(head, [_real_row(run, one) for one in sweeps for run in one.sweep.of("done")])


def _real_row(run: RunRecord, of: Kept) -> list[str]:
    real = of.more[run.name].real
    assert real is not None
    assert run.accuracy is not None
    assert run.firmware is not None
    gain, error = real[0] - run.accuracy, math.hypot(real[1], run.accuracy_error or 0.0)
    return [
        title(run), str(n_particles(run)), str(run.firmware.ii), f"{run.firmware.lut:,.0f}",
        _percent(run.accuracy, run.accuracy_error), _percent(*real),
        with_error(100 * gain, 100 * error, "+.2f"),
    ]  # fmt: skip


def together(first: Kept, second: Kept) -> Kept:
    """Return two sweeps of the same jets and axes as one."""
    renamed = [replace(run, name=f"second-{run.name}") for run in second.sweep.runs]
    runs = (*first.sweep.runs, *renamed)
    more = first.more | {f"second-{name}": one for name, one in second.more.items()}
    done = [run for run in runs if run.status == "done"]
    return replace(first, sweep=replace(first.sweep, runs=runs, front=front_of(done)), more=more)


def titled(sweep: SweepRecord) -> SweepRecord:
    """Return a sweep whose pictures show taggers, not architectures alone."""
    return replace(
        sweep,
        runs=tuple(
            replace(run, architecture=title(run)) if run.architecture else run for run in sweep.runs
        ),
    )


def _error(runs: Iterable[RunRecord]) -> str:
    return f"{100 * max(run.accuracy_error or 0.0 for run in runs):.2f}"


def digests(sweeps: Mapping[str, Kept]) -> str:
    """Return the digests of the jets of every sweep, and the hours that it took."""
    head = ["Sweep", "Runs", "Hours of a core", "SHA-256 of the jets"]
    rows = [
        [f"`{name}`", str(len(one.sweep.of("done"))), f"{one.hours:.1f}", f"`{one.data_sha256}`"]
        for name, one in sweeps.items()
    ]
    return table(head, rows)


def page() -> str:
    """Return the page."""
    measured = {name: kept(name) for name in MEASURED}
    dense, tables, once, seeds, long_64, folded_64, three, folded_gnn = measured.values()
    front, sizes = together(dense, tables), together(once, seeds)
    (folded,) = combinations(kept("fold-16-sizes").sweep)
    (small,) = combinations(kept("front-16-small").sweep)
    big = folded_taggers()[BIG_FOLDED]
    grid, search = kept("grid-8"), kept("search-8")
    values = {
        "FRONT": front_table(front),
        "FRONT_ERROR": _error(front.sweep.of("done")),
        "N_TEST": f"{max(one.n_test or 0 for one in front.more.values()):,}",
        "RIVALS": rivals_table(front),
        "FOLDED": _spread(folded.accuracy, ".2f", 100),
        "FOLDED_LUT": _spread(folded.lut, ",.0f"),
        "SMALL": _percent(small.runs[0].accuracy, small.runs[0].accuracy_error),
        "SMALL_LUT": _spread(small.lut, ",.0f"),
        "BIG_FOLDED": f"{100 * big['accuracy']:.2f}",
        "BIG_FOLDED_LUT": f"{big['lut_estimate']:,.0f}",
        "BIG_FOLDED_YOSYS": f"{big['lut']:,.0f}",
        "SIZES": sizes_table((dense, sizes, long_64, folded_64)),
        "RIVALS_32": rivals_table(of_size(sizes, 32)),
        "REAL": real_table((three, folded_gnn)),
        "DIGESTS": digests(measured),
        "SEARCH": searches.search_table(grid, search),
        "WORST_ACCURACY": f"{100 * searches.WORST_ACCURACY:.0f}",
        "WORST_LUT": f"{searches.WORST_LUT:,.0f}",
    }
    return filled(HERE / "results.md.in", {key: text.rstrip() for key, text in values.items()})


def pictures() -> dict[str, str]:
    """Return the pictures of the page as SVG, by name."""
    front = titled(together(kept("front-16"), kept("front-16-lut")).sweep)
    names = ("front-16-lut", "front-16-latency")
    drawn = {name: front_picture(front, place, name).svg for place, name in enumerate(names)}
    drawn["search-8"] = searches.search_picture(kept("grid-8"), kept("search-8"))
    drawn["ways"] = ways.picture(ways.figures()["rows"])
    return {name: trimmed(svg) for name, svg in drawn.items()}


def main() -> None:
    """Write the page and its pictures."""
    write_text(PAGE, page())
    for name, svg in pictures().items():
        write_text(DOCS / f"{name}.svg", svg)


if __name__ == "__main__":
    main()
