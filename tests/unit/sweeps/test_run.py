"""The sweep as a whole: what is done, done again, left alone and refused.

Workers are threads of this process, and but for one test they do not train.
"""

import time
from dataclasses import replace

import pytest

from jetmix.cluster.engine import Lost
from jetmix.cluster.options import ClusterOptions
from jetmix.errors import ReportReadError, RunConflictError, TrainingError
from jetmix.support.files import read_json
from jetmix.sweeps import job as jobs
from jetmix.sweeps import run as sweeping
from jetmix.sweeps.job import Done, Job
from jetmix.sweeps.records import read_sweep
from jetmix.sweeps.run import given_up, sweep
from jetmix.sweeps.state import SweepOptions
from jetmix.sweeps.target import Target


@pytest.fixture
def options(sweep_file, data, tmp_path):
    return SweepOptions(
        file=sweep_file, data=data, folder=tmp_path / "out", cluster=ClusterOptions(workers=2)
    )


class Asked:
    """Names of the runs that workers were asked for; in files, as workers get copies."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def take(self):
        names = sorted(path.name for path in self.folder.iterdir())
        for name in names:
            (self.folder / name).unlink()
        return names


@pytest.fixture
def worked(in_process, monkeypatch, tmp_path):
    """Let a run take no time: what was asked for, and results that a test may change."""
    asked = Asked(tmp_path / "asked")
    results: dict[str, object] = {}

    def work(job):
        (asked.folder / job.run.name).touch()
        result = results.get(job.run.name, 0.5)
        if isinstance(result, Exception):
            raise result
        if isinstance(result, str):
            return Done(record=jobs.ended(job.run, result), seconds=0.0)
        record = jobs._record(
            job.run, status="done", accuracy=result, accuracy_error=0.1, val_accuracy=0.5,
            ebops=100, epochs=2,
        )  # fmt: skip
        return Done(record=record, seconds=0.0)

    monkeypatch.setattr(jobs, "work", work)
    return asked, results


def test_runs_and_their_front(options, worked):
    asked, results = worked
    results["0002"] = 0.75
    done = sweep(options)
    assert asked.take() == ["0001", "0002"]
    assert done.record == read_sweep(options.folder)
    assert done.record.front == ("0002",)
    assert (done.n_new, done.record.axes) == (2, ("training.epochs",))
    assert (options.folder / "sweep.png").exists()
    assert (options.folder / "sweep.csv").read_text().count("\n") == 3


def test_a_failed_run_stops_no_other_and_is_tried_again_on_request(options, worked):
    asked, results = worked
    results["0001"] = "the loss is nan; lower learning_rate"
    done = sweep(options)
    assert [run.status for run in done.record.runs] == ["failed", "done"]
    assert done.record.runs[0].reason == results["0001"]
    # the folders of these runs are empty, so what is done must be done again
    asked.take()
    sweep(options)
    assert asked.take() == ["0002"]
    results.clear()
    assert len(sweep(replace(options, retry_failed=True)).record.of("done")) == 2


def test_a_full_disk_ends_the_sweep(options, worked):
    worked[1]["0001"] = OSError(28, "No space left on device", "out/runs/0001")
    with pytest.raises(OSError, match="No space left"):
        sweep(options)
    assert (options.folder / "sweep.json").exists()


def test_another_sweep_is_refused(options, worked, sweep_file):
    sweep(options)
    sweep_file.write_text(sweep_file.read_text().replace("[2]", "[3]"))
    with pytest.raises(RunConflictError, match="holds another sweep"):
        sweep(options)


def test_another_backend_or_target_is_another_sweep(options, worked):
    sweep(replace(options, target=Target(part="xcvu13p")))
    with pytest.raises(RunConflictError, match="holds another sweep"):
        sweep(replace(options, backend="tensorflow"))
    with pytest.raises(RunConflictError, match="lowered for xcvu13p at 5 ns"):
        sweep(replace(options, target=Target(part="xcvu9p")))
    assert sweep(options).record.target == Target(part="xcvu13p")


def test_a_foreign_folder_is_refused(options, worked):
    options.folder.mkdir()
    (options.folder / "thesis.tex").touch()
    with pytest.raises(RunConflictError, match="was not made by this command"):
        sweep(options)
    assert worked[0].take() == []


def test_two_commands_in_one_folder(options, worked):
    request = sweeping.request_of(options, [], 0)
    with (
        sweeping.claimed(options, request),
        pytest.raises(RunConflictError, match="another command is sweeping"),
        sweeping.claimed(options, request),
    ):
        pass


def test_the_limits_of_time(options, worked, sweep_file, monkeypatch):
    monkeypatch.setattr(jobs, "work", lambda _: time.sleep(2))
    sweep_file.write_text(sweep_file.read_text() + "[limits]\nhours = 0.0001\n")
    done = sweep(options)
    assert [run.status for run in done.record.runs] == ["waiting", "waiting"]
    assert done.n_new == 0


def test_a_run_whose_workers_die(options):
    runs = sweeping.planned(sweeping.read_sweep_file(options.file), options.file)
    record = given_up(runs[0], Lost(deaths=6))
    assert record.status == "failed"
    assert "6 workers died" in str(record.reason)


@pytest.fixture
def job(options):
    runs = sweeping.planned(sweeping.read_sweep_file(options.file), options.file)
    return Job(
        run=runs[0], data=options.data, folder=options.folder, backend="jax", target=None,
        topic="t",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("raised", "status", "reason"),
    [
        (TrainingError("the loss is nan", mend="lower it"), "failed", "the loss is nan; lower it"),
        (MemoryError("no room\nfor it"), "failed", "MemoryError: no room"),
        (OSError(2, "no such file"), "failed", "FileNotFoundError: [Errno 2] no such file"),
        (jobs.StoppedError(), "waiting", None),
    ],
)
def test_what_a_run_does_wrong_is_its_result(job, monkeypatch, raised, status, reason):
    def train(job):
        raise raised

    monkeypatch.setattr(jobs, "_train", train)
    record = jobs.work(job).record
    assert (record.status, record.reason) == (status, reason)


def test_a_read_only_disk_is_no_fault_of_a_run(job, monkeypatch):
    def train(job):
        raise OSError(30, "Read-only file system", "x")

    monkeypatch.setattr(jobs, "_train", train)
    with pytest.raises(OSError, match="Read-only"):
        jobs.work(job)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*copy keyword.*:DeprecationWarning")
@pytest.mark.slow
def test_trained_and_continued(options, in_process):
    """The one sweep that trains: figures are those of the run directory, and stay."""
    options.file.write_text(options.file.read_text().replace("[1, 2]", "[1]"))
    done = sweep(options)
    assert [run.status for run in done.record.runs] == ["done"], done.record
    metrics = read_json(options.folder / "runs/0001/2-train/metrics.json")
    first = done.record.runs[0]
    assert (first.accuracy, first.ebops, first.epochs) == (
        metrics["accuracy"], metrics["ebops"], 2,
    )  # fmt: skip
    assert "reading" in (options.folder / "logs/0001.log").read_text()
    again = sweep(options)
    assert (again.n_new, again.record) == (0, done.record)
    lowered = sweep(replace(options, target=Target(part="xcvu13p"))).record
    made = lowered.runs[0].firmware
    report = read_json(options.folder / "runs/0001/3-synth/resources.json")[0]
    assert (made.lut, made.latency_ns) == (report["lut"], report["latency_ns"])
    assert made.n_vectors > 0
    assert lowered.runs[0].accuracy == first.accuracy
    assert lowered.front == ("0001",)
    (options.folder / "runs/0001/2-train/metrics.json").write_text("{")
    with pytest.raises(ReportReadError, match=r"metrics\.json"):
        sweep(options)
