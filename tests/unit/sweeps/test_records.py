import csv
from dataclasses import replace

import pytest

from jetmix.errors import ReportReadError, UsageError
from jetmix.recipes.recipe import load_recipe
from jetmix.support.files import read_json, write_json
from jetmix.sweeps.picture import draw
from jetmix.sweeps.records import (
    Lowered,
    RunRecord,
    SweepRecord,
    front_of,
    read_sweep,
    table,
)
from jetmix.sweeps.target import Target, target_from


def run(name, accuracy, ebops, lut=None, latency=None, **more):
    made = None
    if lut is not None:
        made = Lowered(
            lut=lut, lut_low=lut / 2, lut_high=2 * lut, ff=None, latency_cycles=3,
            latency_ns=latency, n_vectors=10,
        )  # fmt: skip
    return RunRecord(
        name=name, values={"training.epochs": 3, "tagger.options.hidden": [8]}, seed=1,
        status="done", architecture="mlp", accuracy=accuracy, accuracy_error=0.01,
        val_accuracy=accuracy, ebops=ebops, epochs=3, firmware=made, **more,
    )  # fmt: skip


def sweep_of(*runs):
    return SweepRecord(
        recipe="x", axes=("training.epochs", "tagger.options.hidden"), target=None, runs=runs,
        front=front_of(runs),
    )  # fmt: skip


FAILED = RunRecord(name="9", values={}, seed=1, status="failed", reason="the loss is nan")


def test_front_of_accuracy_and_ebops():
    runs = [run("1", 0.7, 100), run("2", 0.6, 100), run("3", 0.5, 50), run("4", 0.7, 100), FAILED]
    assert front_of(runs) == ("1", "3", "4")


def test_front_of_accuracy_lut_and_latency():
    runs = [
        run("1", 0.7, 900, 100, 50),
        run("2", 0.7, 100, 120, 40),
        run("3", 0.7, 100, 120, 50),
        run("4", 0.9, 10),
    ]
    assert front_of(runs) == ("1", "2")
    assert front_of([]) == ()


def test_what_is_written_reads_back(tmp_path):
    made = sweep_of(run("1", 0.7, 100, 90, 15), FAILED, replace(FAILED, status="waiting"))
    made.write(tmp_path)
    assert read_sweep(tmp_path) == made
    rows = list(csv.DictReader((tmp_path / "sweep.csv").read_text().splitlines()))
    assert [row["status"] for row in rows] == ["done", "failed", "waiting"]
    assert (rows[0]["lut"], rows[0]["latency_ns"], rows[0]["front"]) == ("90", "15", "True")
    assert rows[1]["reason"] == "the loss is nan"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("accuracy", 1.4, "accuracy"), ("accuracy", None, "accuracy"), ("status", "lost", "status")],
)
def test_an_edited_file_is_refused(tmp_path, key, value, said):
    sweep_of(run("1", 0.7, 100)).write(tmp_path)
    content = read_json(tmp_path / "sweep.json")
    content["runs"][0][key] = value
    write_json(tmp_path / "sweep.json", content)
    with pytest.raises(ReportReadError, match=said):
        read_sweep(tmp_path)


def test_no_sweep_is_none(tmp_path):
    assert read_sweep(tmp_path) is None


@pytest.mark.parametrize("lut", [None, 90])
def test_the_picture(tmp_path, lut):
    draw(sweep_of(run("1", 0.7, 100, lut, 15), run("2", 0.6, 50, lut, 12)), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 5000
    draw(sweep_of(FAILED), tmp_path / "b.png")
    assert not (tmp_path / "b.png").exists()


def test_targets():
    assert target_from("part=xcvu13p,clock-ns=2.5") == Target(part="xcvu13p", clock_ns=2.5)
    assert target_from("part=xcvu13p").options.wanted_levels == ("ir",)


def test_a_tagger_trained_for_a_fold_is_lowered_folded():
    target = Target(part="xcvu13p")
    folded = load_recipe("mixer-8-demo", {"quantiser": {"fold": 4}})
    assert target.options_for(folded).ii == 4
    assert target.options_for(load_recipe("mixer-8-demo")).ii == 1


def test_the_table_states_the_ii():
    one = run("1", 0.7, 100, 90, 15)
    folded = replace(one, firmware=replace(one.firmware, ii=8))
    (row,) = csv.DictReader(table(sweep_of(folded)).splitlines())
    assert row["ii"] == "8"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clock-ns=5", "no part is named"),
        ("part=xcvu13p,clok-ns=5", "did you mean 'clock-ns'?"),
        ("part=xcvu13p,clock-ns=fast", "not a number"),
        ("part=xcvu13", "xcvu13p"),
        ("part=xcvu13p,clock-ns=0.1", "0.5 to 100"),
    ],
)
def test_refused_targets(text, said):
    with pytest.raises(UsageError) as raised:
        target_from(text)
    assert said in str(raised.value)
