"""Makes the sections of docs/results.md that come from sweeps, with their pictures.

    jetmix sweep examples/sweeps/front-16.toml --data JETS --out FOLDER --synth part=xcvu13p
    python docs/generate/sweeps.py FOLDER front-16

keeps what the page needs of a sweep in docs/generate/front-16.json; grid-8 and search-8 likewise.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
from pages import table, trimmed

from jetmix.report.figures.style import COLOURS, drawing, finished
from jetmix.report.figures.sweep import front_picture
from jetmix.support.files import write_text
from jetmix.support.records import read, write
from jetmix.support.stages import read_stage
from jetmix.sweeps.records import REQUEST, RUNS, RunRecord, SweepRecord, SweepRequest, read_sweep
from jetmix.sweeps.summary import Combination, Spread, combinations

HERE = Path(__file__).parent
# a tagger that is less accurate or larger adds nothing to the hypervolume
WORST_ACCURACY, WORST_LUT = 0.5, 60_000.0
ORDERS = 1000
STEPS_PER_EPOCH = 100  # of 700 jets, with 70,000 to train on
GRID = np.linspace(0.02, 1.0, 50)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the page needs of a sweep.

    Attributes:
        data_sha256: digest of the file of jets.
        sweep: its ``sweep.json``.
        hours: hours of training and lowering of each run.
    """

    data_sha256: str
    sweep: SweepRecord
    hours: dict[str, float]


def keep(folder: Path, name: str) -> None:
    """Keep what the page needs of the sweep in a folder."""
    record = read_sweep(folder)
    assert record is not None, folder
    hours = {}
    for run in record.of("done"):
        stages = [read_stage(folder / RUNS / run.name / part) for part in ("2-train", "3-synth")]
        hours[run.name] = sum(stage.seconds for stage in stages if stage is not None) / 3600
    request = read(SweepRequest, folder / REQUEST)
    write(HERE / f"{name}.json", Kept(data_sha256=request.data_sha256, sweep=record, hours=hours))


def kept(name: str) -> Kept:
    """Return what was kept of a sweep."""
    return read(Kept, HERE / f"{name}.json")


def front_table(sweep: SweepRecord) -> str:
    """Return a row per tagger and size, over its seeds."""
    head = ["Recipe", "Steps", "Seeds", "Accuracy, %", "EBOPs", "LUT (estimate)",
            "Latency, ns", "Seeds on the front"]  # fmt: skip
    return table(head, [_row(one, sweep.front) for one in combinations(sweep)])


def _row(one: Combination, front: Sequence[str]) -> list[str]:
    epochs = int(one.values["training.epochs"])
    return [
        f"`{one.values['recipe']}`",
        f"{epochs * STEPS_PER_EPOCH:,}",
        f"{len(one.runs)} of {one.n_runs}",
        _spread(one.accuracy, 100, ".2f"),
        _spread(one.ebops, 1, ",.0f"),
        _spread(one.lut, 1, ",.0f"),
        _spread(one.latency_ns, 1, ".0f"),
        str(sum(run.name in front for run in one.runs)),
    ]


def _spread(value: Spread | None, scale: float, form: str) -> str:
    if value is None:
        return "-"
    error = "" if value.error is None else f" ± {scale * value.error:{form}}"
    return f"{scale * value.mean:{form}}{error}"


def hypervolume(runs: Sequence[RunRecord]) -> float:
    """Return the share of the plane of accuracy and LUT that these runs beat, 0 ... 1."""
    points = sorted(
        (run.firmware.lut, run.accuracy)
        for run in runs
        if run.firmware is not None and run.firmware.lut is not None and run.accuracy is not None
    )
    volume, best = 0.0, WORST_ACCURACY
    for lut, accuracy in points:
        if lut < WORST_LUT and accuracy > best:
            volume += (WORST_LUT - lut) * (accuracy - best)
            best = accuracy
    return volume / (WORST_LUT * (1 - WORST_ACCURACY))


def growth(one: Kept, order: Sequence[RunRecord]) -> np.ndarray:
    """Return the hypervolume after each part of all hours of a sweep, ``GRID``, for an order."""
    hours = np.array(list(accumulate(one.hours[run.name] for run in order)))
    reached = np.array([0.0, *(hypervolume(order[: n + 1]) for n in range(len(order)))])
    return reached[np.searchsorted(hours, GRID * hours[-1] * (1 + 1e-9), side="right")]


def any_order(one: Kept) -> np.ndarray:
    """Return the mean of :func:`growth` over orders of the runs, since a grid has none."""
    runs, chance = one.sweep.of("done"), np.random.default_rng(1)
    orders = (chance.permutation(len(runs)) for _ in range(ORDERS))
    return np.mean([growth(one, [runs[place] for place in order]) for order in orders], axis=0)


def search_table(grid: Kept, search: Kept) -> str:
    """Return what each reached after parts of its hours."""
    parts = (0.25, 0.5, 0.75, 1.0)
    places = [int(np.argmin(np.abs(GRID - part))) for part in parts]
    head = ["Runs chosen by", "Runs", "Hours", *(f"after {100 * part:.0f}%" for part in parts)]
    rows = []
    for title, one, reached in (
        ("grid, in any order", grid, any_order(grid)),
        ("Optuna", search, growth(search, search.sweep.of("done"))),
    ):
        done = len(one.sweep.of("done"))
        cells = [f"{reached[place]:.4f}" for place in places]
        rows.append([title, f"{done}", f"{sum(one.hours.values()):.2f}", *cells])
    return table(head, rows)


def search_picture(grid: Kept, search: Kept) -> str:
    """Return the hypervolume against hours, as SVG."""
    with drawing() as canvas:
        axes = canvas.subplots()
        for title, one, reached, colour in (
            ("grid, mean over orders", grid, any_order(grid), COLOURS[0]),
            ("Optuna", search, growth(search, search.sweep.of("done")), COLOURS[1]),
        ):
            hours = GRID * sum(one.hours.values())
            axes.plot(hours, reached, drawstyle="steps-post", color=colour, label=title)
        axes.set(xlabel="Hours of one core's training and lowering", ylabel="Hypervolume")
        axes.grid(visible=True)
        axes.legend(loc="lower right")
        return finished(canvas, name="search-8", title="Search", alt="").svg


def sections() -> dict[str, str]:
    """Return what the page says of the sweeps, by its place in the template."""
    front, grid, search = kept("front-16"), kept("grid-8"), kept("search-8")
    errors = [run.accuracy_error for run in front.sweep.of("done") if run.accuracy_error]
    return {
        "FRONT": front_table(front.sweep).rstrip(),
        "FRONT_SHA": front.data_sha256,
        "FRONT_ERROR": f"{100 * max(errors):.2f}",
        "FRONT_HOURS": f"{sum(front.hours.values()):.1f}",
        "SEARCH": search_table(grid, search).rstrip(),
        "WORST_ACCURACY": f"{100 * WORST_ACCURACY:.0f}",
        "WORST_LUT": f"{WORST_LUT:,.0f}",
    }


def write_pictures(docs: Path) -> None:
    """Write the pictures of the page."""
    for place, name in enumerate(("front-16-lut", "front-16-latency")):
        picture = front_picture(kept("front-16").sweep, place, name)
        write_text(docs / f"{name}.svg", trimmed(picture.svg))
    write_text(docs / "search-8.svg", trimmed(search_picture(kept("grid-8"), kept("search-8"))))


def main() -> None:
    """Keep what the page needs of a sweep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of the sweep")
    parser.add_argument("name", choices=("front-16", "grid-8", "search-8"))
    options = parser.parse_args()
    keep(options.folder, options.name)


if __name__ == "__main__":
    main()
