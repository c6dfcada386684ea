"""Runs on workers that see neither the jets nor the folder of the sweep."""

from dataclasses import replace
from pathlib import Path

import pytest

from jetmix.cluster.options import ClusterOptions
from jetmix.errors import ClusterError
from jetmix.sweeps import away
from jetmix.sweeps import job as jobs
from jetmix.sweeps import run as sweeping
from jetmix.sweeps.job import Done, Job
from jetmix.sweeps.run import sweep
from jetmix.sweeps.state import SweepOptions, check_of


@pytest.fixture
def options(sweep_file, data, tmp_path):
    return SweepOptions(
        file=sweep_file, data=data, folder=tmp_path / "out", cluster=ClusterOptions(workers=2),
        send_data=True,
    )  # fmt: skip


@pytest.fixture
def job(options):
    (run, *_) = sweeping.planned(sweeping.read_sweep_file(options.file), options.file)
    made = Job(
        run=run, data=options.data, folder=options.folder, backend="jax", target=None, topic="t"
    )
    made.run_folder.mkdir(parents=True)
    (made.run_folder / "old").write_text("1")
    return made


def done(job):
    record = jobs._record(
        job.run, status="done", accuracy=0.5, accuracy_error=0.1, val_accuracy=0.5, ebops=100,
        epochs=2,
    )  # fmt: skip
    return Done(record=record, seconds=0.0)


def full(path, target):
    raise OSError(28, "No space left on device", str(path))


def test_a_run_directory_is_replaced_whole(job, tmp_path, monkeypatch):
    there = replace(job, folder=tmp_path / "there")
    away.unpacked(away.packed(job), there)
    (there.run_folder / "old").rename(there.run_folder / "new")
    there.log.parent.mkdir()
    there.log.write_text("reading\n")
    files = away.packed(there)
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space"):
            away.unpacked(files, job)
    assert [path.name for path in job.run_folder.iterdir()] == ["old"]
    away.unpacked(files, job)
    assert [path.name for path in job.run_folder.iterdir()] == ["new"]
    assert [path.name for path in job.run_folder.parent.iterdir()] == ["0001"]
    assert job.log.read_text() == "reading\n"


def test_workers_need_no_file_of_the_command(options, in_process, monkeypatch):
    jets = options.data.read_bytes()

    def work(here):
        assert here.data.read_bytes() == jets
        assert options.folder not in here.run_folder.parents
        before = (here.run_folder / "tagger").exists()
        here.run_folder.mkdir(exist_ok=True)
        (here.run_folder / "tagger").write_text(f"{here.run.name} {before}")
        return done(here)

    monkeypatch.setattr(jobs, "work", work)
    for before in (False, True):  # of the second command no run counts as done
        assert len(sweep(options).record.of("done")) == 2
        texts = [path.read_text() for path in sorted(options.folder.glob("runs/*/tagger"))]
        assert texts == [f"0001 {before}", f"0002 {before}"]


def test_the_jets_may_go_when_they_are_sent(options, in_process, monkeypatch):
    def work(here):
        options.data.unlink(missing_ok=True)
        assert here.data.stat().st_size > 0
        return done(here)

    monkeypatch.setattr(jobs, "work", work)
    assert len(sweep(options).record.of("done")) == 2


def test_a_full_disk_names_the_worker(options, in_process, monkeypatch):
    def work(here):
        raise OSError(28, "No space left on device", str(here.run_folder))

    monkeypatch.setattr(jobs, "work", work)
    with pytest.raises(OSError, match="No space left on device on worker"):
        sweep(options)
    assert not list((options.folder / "runs").glob("*"))


def test_the_option_is_named_to_who_needs_it(options):
    options.folder.mkdir()
    assert check_of(options).sizes == {}
    check = check_of(replace(options, send_data=False))
    options.data.unlink()
    with pytest.raises(ClusterError, match="add --send-data"):
        check.require("w")


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*copy keyword.*:DeprecationWarning")
@pytest.mark.slow
def test_figures_are_those_of_a_shared_disk(options, in_process, tmp_path):
    options.file.write_text(options.file.read_text().replace("[1, 2]", "[1]"))
    sent = sweep(options)
    assert [run.status for run in sent.record.runs] == ["done"], sent.record
    shared = sweep(replace(options, folder=tmp_path / "shared", send_data=False))
    assert sent.record == shared.record
    for name in ("1-data/dataset.json", "2-train/metrics.json", "2-train/tagger.keras"):
        own, other = (done.folder / "runs/0001" / name for done in (sent, shared))
        assert own.read_bytes() == other.read_bytes(), name
    assert sweep(options).n_new == 0
