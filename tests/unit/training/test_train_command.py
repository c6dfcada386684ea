"""The command: both backends, stages, conflicts, kill and resume.

What runs on JAX runs in this process; TensorFlow needs one of its own, and so does a kill.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
import pytest

from jetmix.cli.main import main
from jetmix.models import keras_env
from jetmix.taggers.registry import ARCHITECTURES, Architecture, permutation_invariant
from jetmix.training.run_dir import RunDir

from .conftest import jetmix

keras_env.activate()
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*copy keyword.*:DeprecationWarning"),
]


@dataclass(frozen=True)
class Outcome:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(monkeypatch, capsys):
    """Run the command line in this process."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["jetmix", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exited:
            main()
        captured = capsys.readouterr()
        return Outcome(int(exited.value.code or 0), captured.out, captured.err)

    return run


def result_of(done):
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_two_epochs_with_each_backend(backend, recipe, data, tmp_path, here):
    run, call = tmp_path / "run", here if backend == "jax" else jetmix
    command = ["train", recipe, "--data", data, "--run", run, "--backend", backend]
    result = result_of(call(*command, "--epochs", 2, "--json"))
    assert result["epochs"] == 2
    assert {p.name for p in run.iterdir()} == {
        "recipe.toml", "provenance.json", "log.txt", "1-data", "2-train",
    }  # fmt: skip
    assert {p.name for p in (run / "2-train").iterdir()} == {
        "history.csv", "metrics.json", "pareto.csv", "pareto.json", "pareto.png", "points",
        "stage.json", "tagger.keras", "test_scores.npz",
    }  # fmt: skip
    dataset = json.loads((run / "1-data" / "dataset.json").read_text())
    assert dataset["n_train"] + dataset["n_validation"] + dataset["n_test"] == 600
    assert dataset["class_names"] == ["g", "q", "W", "Z", "t"]
    assert dataset["feature_names"] == ["pt", "etarel", "phirel"]
    scores = np.load(run / "2-train" / "test_scores.npz")
    assert scores["logits"].dtype == np.float32
    assert scores["logits"].shape == (dataset["n_test"], 5)
    metrics = json.loads((run / "2-train" / "metrics.json").read_text())
    accuracy = float((scores["logits"].argmax(axis=1) == scores["y"]).mean())
    assert metrics["accuracy"] == accuracy == result["metrics"]["accuracy"]
    points = json.loads((run / "2-train" / "pareto.json").read_text())["points"]
    assert all((run / "2-train" / p["path"]).is_file() for p in points)
    assert result["chosen"] in points
    with (run / "2-train" / "pareto.csv").open() as handle:
        table = list(csv.DictReader(handle))
    assert [(float(r["val_accuracy"]), int(r["ebops"]), r["path"]) for r in table] == [
        (p["val_accuracy"], p["ebops"], p["path"]) for p in points
    ]
    assert all(0 < float(r["val_accuracy_error"]) < 0.1 for r in table)
    assert all(0 <= float(r[f"val_auc_{name}"]) <= 1 for r in table for name in "gqWZt")
    assert metrics["ebops"] == result["chosen"]["ebops"] > 0
    history = (run / "2-train" / "history.csv").read_text().splitlines()
    assert history[0] == "epoch,loss,val_loss,val_accuracy,ebops,beta,learning_rate,seconds"
    assert len(history) == 3
    provenance = json.loads((run / "provenance.json").read_text())
    assert (provenance["seed"], provenance["backend"]) == (42, backend)
    measured = result_of(call("evaluate", run, "--data", data, "--backend", backend, "--json"))
    assert measured["accuracy"] == accuracy
    assert measured["ebops"] == metrics["ebops"]


def test_finished_run_is_skipped_and_another_recipe_refused(recipe, data, tmp_path, here):
    run = tmp_path / "run"
    command = ["train", recipe, "--data", data, "--run", run, "--json"]
    first = result_of(here(*command))
    before = (run / "2-train" / "stage.json").stat().st_mtime_ns
    again = here(*command)
    assert "already trained, nothing to do" in again.stderr
    assert result_of(again) == first
    assert (run / "2-train" / "stage.json").stat().st_mtime_ns == before
    for extra, message in (
        (["--epochs", 5], "holds a run of another recipe"),
        (["--seed", 5], "holds a run of another recipe"),
    ):
        refused = here(*command, *extra)
        assert refused.returncode == 10
        assert message in refused.stderr
        assert "Traceback" not in refused.stderr


def test_killed_run_resumes_to_the_same_bits(recipe, data, tmp_path, here):
    common = ["--data", str(data), "--epochs", "400", "--json"]
    whole = result_of(here("train", recipe, "--run", tmp_path / "whole", *common))
    killed = tmp_path / "killed"
    command = [sys.executable, "-m", "jetmix", "train", str(recipe), "--run", str(killed), *common]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **quiet)
    state = killed / "2-train" / "state.npz"
    deadline = time.monotonic() + 120
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (killed / "2-train" / "stage.json").exists()
    done = here("train", recipe, "--run", killed, *common, "--resume")
    resumed = result_of(done)
    assert "resuming after epoch" in done.stderr
    assert resumed["metrics"] == whole["metrics"]
    for name in ("tagger.keras", "pareto.json", "metrics.json", "test_scores.npz"):
        one, other = (folder / "2-train" / name for folder in (killed, tmp_path / "whole"))
        assert one.read_bytes() == other.read_bytes(), name


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "RECIPE, --data, --run not given"),
        (("mixer-8-dem", "--data", "{data}", "--run", "{run}"), 2, "did you mean 'mixer-8-demo'"),
        (("{recipe}", "--data", "no.h5", "--run", "{run}"), 3, "no.h5: cannot read the data"),
        (("{recipe}", "--data", "{recipe}", "--run", "{run}"), 3, "tiny.toml"),
        (("mixer-16-quick", "--data", "{data}", "--run", "{run}"), 3, "file holds 12"),
        (("{wrong}", "--data", "{data}", "--run", "{run}"), 3, "etarell"),
        (
            ("{recipe}", "--data", "{data}", "--run", "{run}", "--target-lut", "2"),
            2,
            "target_lut = 2 is impossible: it is less than one for each of the 5 outputs",
        ),
        (("{recipe}", "--data", "{data}", "--run", "{foreign}"), 10, "is not empty"),
        (("{recipe}", "--data", "{data}", "--run", "{recipe}"), 10, "is a file"),
    ],
)
def test_bad_input_gives_one_line(arguments, code, message, *, recipe, data, tmp_path, here):
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "letter.txt").write_text("mine")
    (tmp_path / "wrong.toml").write_text(recipe.read_text().replace("etarel", "etarell"))
    places = {
        "wrong": tmp_path / "wrong.toml", "recipe": recipe, "data": data,
        "run": tmp_path / "run", "foreign": tmp_path / "foreign",
    }  # fmt: skip
    done = here("train", *(argument.format(**places) for argument in arguments))
    assert done.returncode == code, done.stderr
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
    assert [p.name for p in (tmp_path / "foreign").iterdir()] == ["letter.txt"]


def test_list_shows_presets_and_options(here):
    listed = result_of(here("train", "--list", "--json"))
    assert {"mixer-8-demo", "mixer-16-quick"} <= set(listed["presets"])
    assert listed["architectures"]["mixer"]["width"] == 16


def test_one_line_of_the_table_makes_an_architecture(recipe, data, tmp_path, here, monkeypatch):
    @dataclass(frozen=True, kw_only=True)
    class Options:
        units: int = 6

    def build(spec, options, layers):
        jets = layers.input(spec.input_shape)
        x = layers.flatten(jets)
        return layers.model(jets, layers.head(x, (options.units,), spec), name="made_up")

    entry = Architecture(options=Options, build=build, source="nowhere", permutation_invariant=True)
    monkeypatch.setitem(ARCHITECTURES, "made-up", entry)
    listed = result_of(here("train", "--list", "--json"))
    assert listed["architectures"]["made-up"] == {"units": 6}
    assert permutation_invariant("made-up", shared_bits=True)
    text = recipe.read_text().replace('"mlp"', '"made-up"').replace("hidden = [8]", "units = 4")
    recipe.write_text(text)
    run = tmp_path / "run"
    result_of(here("train", recipe, "--data", data, "--run", run, "--epochs", 1, "--json"))
    made = RunDir.open(run)
    assert (made.recipe.tagger.architecture, made.trained) == ("made-up", True)
    assert made.recipe.tagger.options == {"units": 4}


def test_run_on_other_data_is_refused(recipe, data, tmp_path, here):
    import h5py

    run = tmp_path / "run"
    result_of(here("train", recipe, "--data", data, "--run", run, "--json"))
    other = tmp_path / "other.h5"
    other.write_bytes(data.read_bytes())
    with h5py.File(other, "r+") as handle:
        handle["jetConstituentList"][0, 0, 0] += 1
    refused = here("train", recipe, "--data", other, "--run", run)
    assert refused.returncode == 10
    assert "other data or another backend" in refused.stderr


def test_half_written_stage_is_done_again(recipe, data, tmp_path, here):
    run = tmp_path / "run"
    (run / "2-train").mkdir(parents=True)
    (run / "2-train" / "metrics.json").write_text("{}")
    from jetmix.recipes.recipe import load_recipe

    (run / "recipe.toml").write_text(load_recipe(str(recipe)).to_toml())
    result = result_of(here("train", recipe, "--data", data, "--run", run, "--json"))
    assert json.loads((run / "2-train" / "metrics.json").read_text()) == result["metrics"]


def test_full_precision_twin_trains_and_is_evaluated(recipe, data, tmp_path, here):
    recipe.write_text(recipe.read_text().replace("n_particles", "quantised = false\nn_particles"))
    run = tmp_path / "run"
    result = result_of(here("train", recipe, "--data", data, "--run", run, "--json"))
    assert result["metrics"]["ebops"] is None
    measured = result_of(here("evaluate", run, "--data", data, "--json"))
    assert measured["accuracy"] == result["metrics"]["accuracy"]
    assert measured["ebops"] is None


def test_model_file_is_evaluated_like_its_run(recipe, data, tmp_path, here):
    run = tmp_path / "run"
    result = result_of(here("train", recipe, "--data", data, "--run", run, "--json"))
    model = run / "2-train" / "tagger.keras"
    measured = result_of(here("evaluate", model, "--data", data, "--json"))
    assert measured["accuracy"] == result["metrics"]["accuracy"]
    assert measured["ebops"] == result["metrics"]["ebops"]


def test_evaluate_refuses_what_is_no_tagger(data, tmp_path, here):
    for path, code, message in (
        (tmp_path / "no", 2, "no such run or model"),
        (tmp_path, 2, "not a run with a trained tagger"),
        (data, 5, "an HDF5 file without a Keras model"),
    ):
        done = here("evaluate", path, "--data", data)
        assert done.returncode == code
        assert message in done.stderr


def test_limit_that_no_point_meets_is_said(recipe, data, tmp_path, here):
    recipe.write_text(recipe.read_text() + "select_max_ebops = 5\n")
    done = here("train", recipe, "--data", data, "--run", tmp_path / "run", "--json")
    chosen = result_of(done)["chosen"]
    assert (
        f"no tagger of the front has at most 5 EBOPs; the smallest one, with {chosen['ebops']:,}"
        in done.stderr
    )
