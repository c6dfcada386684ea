"""Searches: bounded, continued, told of failures, pruned; workers are threads and do not train."""

import sys
import time
from dataclasses import replace

import pytest

from jetmix.cluster.inside import tell, wanted
from jetmix.cluster.options import ClusterOptions
from jetmix.errors import DataError, RunConflictError, ToolMissingError, UsageError
from jetmix.sweeps import job as jobs
from jetmix.sweeps.job import Done
from jetmix.sweeps.records import read_sweep
from jetmix.sweeps.run import sweep
from jetmix.sweeps.state import SweepOptions
from jetmix.sweeps.sweep_file import read_sweep_file

SEARCH = """
recipe = "tiny.toml"
seeds = [7]
[limits]
runs = 4
[search]
objectives = ["accuracy", "ebops"]
[search.space]
"training.learning_rate" = {low = 1e-4, high = 1e-2, log = true}
"training.batch_size" = {low = 32, high = 64, step = 16}
"tagger.options.hidden" = {choices = [[8], [16, 8]]}
"""


@pytest.fixture
def options(sweep_file, data, tmp_path):
    sweep_file.write_text(SEARCH)
    return SweepOptions(
        file=sweep_file, data=data, folder=tmp_path / "out", cluster=ClusterOptions(workers=2)
    )


def done(job):
    recipe = job.run.recipe
    accuracy = 0.9 - 10 * abs(recipe.training.learning_rate - 3e-3)
    record = jobs._record(
        job.run, status="done", accuracy=accuracy, accuracy_error=0.01, val_accuracy=accuracy,
        ebops=100 * sum(recipe.tagger.options["hidden"]), epochs=3,
    )  # fmt: skip
    return Done(record=record, seconds=0.0)


@pytest.fixture
def worked(in_process, monkeypatch):
    monkeypatch.setattr(jobs, "work", done)


def test_runs_of_the_space(options, worked):
    found = sweep(options)
    assert (found.n_new, len(found.record.of("done"))) == (4, 4)
    for run in found.record.runs:
        assert 1e-4 <= run.values["training.learning_rate"] <= 1e-2
        assert run.values["training.batch_size"] in (32, 48, 64)
        assert run.values["tagger.options.hidden"] in ([8], [16, 8])
        assert run.seed == 7
    assert len({str(run.values) for run in found.record.runs}) == 4
    assert found.record.front


def test_a_search_goes_on(options, worked):
    first = sweep(options).record
    options.file.write_text(SEARCH.replace("runs = 4", "runs = 6"))
    again = sweep(options)
    # the folders of the first four are empty here, so that their results are not kept
    assert [run.values for run in again.record.runs[:4]] == [run.values for run in first.runs]
    assert len(again.record.runs) == 6
    options.file.write_text(SEARCH.replace("1e-4", "1e-5"))
    with pytest.raises(RunConflictError, match="holds another sweep"):
        sweep(options)


def test_a_failed_run_is_learnt(options, worked, monkeypatch):
    monkeypatch.setattr(
        jobs, "work", lambda job: Done(record=jobs.ended(job.run, "the loss is nan"), seconds=0.0)
    )
    found = sweep(options)
    assert len(found.record.of("failed")) == 4
    assert sweep(options).n_new == 0
    assert read_sweep(options.folder) == found.record


def test_hopeless_runs_are_pruned(options, in_process, monkeypatch):
    text = SEARCH.replace('"accuracy", "ebops"]', '"accuracy"]\npruner = "median"')
    options.file.write_text(text.replace("runs = 4", "runs = 9"))

    def work(job):
        good = int(job.run.name) <= 6
        for step in range(1, jobs.STEPS + 1):
            if not wanted():
                return Done(record=jobs.waiting(job.run), seconds=0.0)
            event = {"run": job.run.name, "speed": 1.0, "step": step, "epoch": step, "ebops": 1}
            tell(job.topic, {**event, "val_accuracy": 0.8 if good else 0.2})
            if not good:
                time.sleep(0.1)
        return done(job)

    monkeypatch.setattr(jobs, "work", work)
    found = sweep(replace(options, cluster=ClusterOptions(workers=1)))
    assert [run.name for run in found.record.of("pruned")] == ["0007", "0008", "0009"]
    assert "of its epochs" in found.record.runs[8].reason


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("training.learning_rate", "training.learning_rat", "did you mean"),
        ("low = 1e-4", 'low = "a"', "must be a finite number"),
        ("low = 1e-4", "low = 1", "at most high"),
        ("low = 1e-4", "low = 0.0", "without a step and above zero"),
        ("high = 1e-2", "high = inf", "must be a finite number"),
        ("step = 16", "step = 0.5", "an integer, as low and high are"),
        ("[16, 8]]", "2020-01-01]", "must be finite numbers, texts"),
        ("[search]", "[search]\nsampler_seed = -1", "must lie in 0"),
        ("choices = [[8], [16, 8]]", "log = false", "a list, or low and high"),
        ('"ebops"', '"lut"', "needs taggers that are lowered"),
        ('"ebops"', '"accuracy"', "each once"),
        ('"ebops"]', '"ebops"]\npruner = "median"', "Optuna prunes by one value"),
        ("runs = 4", "", "given for a search"),
        ("seeds = [7]", "seeds = [1, 2]", "one seed at most"),
        ("[search]", '[axes.grid]\n"training.epochs" = [1]\n[search]', "absent where there is"),
    ],
)
def test_refused_searches(options, worked, old, new, said):
    assert old in SEARCH
    options.file.write_text(SEARCH.replace(old, new))
    with pytest.raises(UsageError) as raised:
        sweep(options)
    assert said in str(raised.value)


@pytest.mark.parametrize("url", ["nosuch://x", "no url", "sqlite:////nosuch/x.db", "redis://x"])
def test_a_storage_that_does_not_open(options, worked, url):
    options.file.write_text(SEARCH.replace("[search]", f'[search]\nstorage = "{url}"'))
    with pytest.raises(UsageError, match="cannot open the storage"):
        sweep(options)
    assert not options.folder.exists()


def test_a_storage_of_ones_own(options, worked, tmp_path):
    url = f"sqlite:///{tmp_path / 'own.db'}"
    options.file.write_text(SEARCH.replace("[search]", f'[search]\nstorage = "{url}"'))
    assert len(sweep(options).record.of("done")) == 4
    assert (tmp_path / "own.db").exists()
    assert not (options.folder / "search.sqlite").exists()


def test_a_storage_that_breaks(options, worked):
    sweep(options)
    (options.folder / "search.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(DataError, match="the storage of the search fails"):
        sweep(options)


def test_without_optuna(options, worked, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ToolMissingError, match="optuna is not installed"):
        sweep(options)


def test_integers_stay_integers(options):
    space = read_sweep_file(options.file).search.space
    assert space["training.batch_size"].whole
    assert not space["training.learning_rate"].whole
