"""The report of a sweep: its front as taggers, seeds with their spread, axes, links to runs."""

from functools import partial

import pytest

from jetmix.errors import ReportReadError
from jetmix.report.build import write_report
from jetmix.report.figures.sweep import front_picture
from jetmix.report.swept import expanded
from jetmix.support.records import write
from jetmix.sweeps.records import (
    RESULT,
    Lowered,
    RunRecord,
    SweepRecord,
    front_of,
    read_sweep,
)
from jetmix.sweeps.summary import Spread, along, combinations
from tests.unit.report.folders import make_run

# the models of the test folders are no models
write_of = partial(write_report, bits=False)
FIGURES = [(8, 1, 0.70, 100), (8, 2, 0.72, 120), (16, 1, 0.74, 400), (16, 2, 0.71, 900)]


def record(lowered=False):
    runs = []
    for index, (n_particles, seed, accuracy, ebops) in enumerate(FIGURES, start=1):
        made = Lowered(
            lut=10.0 * ebops, lut_low=None, lut_high=None, ff=None, latency_cycles=5,
            latency_ns=25.0, n_vectors=100,
        )  # fmt: skip
        runs.append(
            RunRecord(
                name=f"{index:04d}",
                values={"tagger.n_particles": n_particles},
                seed=seed,
                status="done",
                architecture="mixer",
                accuracy=accuracy,
                accuracy_error=0.01,
                val_accuracy=accuracy,
                ebops=ebops,
                epochs=3,
                firmware=made if lowered else None,
            )
        )  # fmt: skip
    runs.append(
        RunRecord(
            name="0005",
            values={"tagger.n_particles": 16},
            seed=3,
            status="failed",
            reason="the loss is nan",
        )
    )
    return SweepRecord(
        recipe="mixer-8-demo", axes=("tagger.n_particles",), target=None, runs=tuple(runs),
        front=front_of(runs),
    )  # fmt: skip


@pytest.fixture
def sweep(tmp_path):
    folder = tmp_path / "my sweep"
    for index, _ in enumerate(FIGURES, start=1):
        make_run(folder / "runs" / f"{index:04d}", seed=index)
    record().write(folder)
    return folder


def test_the_front_becomes_taggers(sweep, tmp_path):
    report = write_of([sweep], tmp_path / "out")
    assert [tagger.name for tagger in report.taggers] == ["0001", "0002", "0003"]
    assert report.content["sweeps"][0]["front"] == ["0001", "0002", "0003"]
    page = report.path.read_text()
    assert 'href="../my%20sweep/runs/0003"' in page
    assert "the loss is nan" in page
    assert "1 of 5 runs failed." in page
    assert "71.00 ± 1.41%" in page  # mean and standard deviation of 0.70 and 0.72
    assert "All runs by tagger.n_particles" in page


def test_beside_other_runs(sweep, tmp_path):
    plain, sweeps = expanded([tmp_path / "other", sweep])
    assert plain[0] == tmp_path / "other"
    assert [folder.name for folder in plain[1:]] == ["0001", "0002", "0003"]
    assert [one.record for one in sweeps] == [read_sweep(sweep)]


def test_with_firmware_there_is_a_figure_per_cost():
    found = record(lowered=True)
    pictures = [front_picture(found, place, str(place)) for place in (0, 1)]
    assert ["LUT" in picture.title for picture in pictures] == [True, False]
    assert "4 runs, 3 of them on the front, from 70.00% to 74.00%" in pictures[0].alt


def test_nothing_is_done_yet(tmp_path):
    waiting = [RunRecord(name="0001", values={}, seed=1, status="waiting")]
    write(
        tmp_path / RESULT,
        SweepRecord(recipe="x", axes=(), target=None, runs=tuple(waiting), front=()),
    )
    with pytest.raises(ReportReadError, match="no run of the sweep is done"):
        expanded([tmp_path])


def test_seeds_and_axes(sweep):
    found = read_sweep(sweep)
    small, large = combinations(found)
    assert (len(small.runs), small.n_runs) == (2, 2)
    assert small.accuracy.mean == pytest.approx(0.71)
    assert small.accuracy.error == pytest.approx(0.0141421, rel=1e-4)
    assert (len(large.runs), large.n_runs, large.best) == (2, 3, 0.74)
    assert [one.values for one in along(found, "tagger.n_particles")] == [
        {"tagger.n_particles": 8},
        {"tagger.n_particles": 16},
    ]
    assert small.ebops == Spread(mean=110.0, error=pytest.approx(14.1421, rel=1e-4))
