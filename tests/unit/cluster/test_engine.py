"""Tasks on workers: results, lost workers, messages, clusters that do not come."""

import os
import signal
import threading
import time

import pytest

from jetmix.cluster import connect
from jetmix.cluster.check import WorkerCheck
from jetmix.cluster.connect import opened
from jetmix.cluster.engine import Lost, Stopped
from jetmix.cluster.inside import tell, wanted
from jetmix.cluster.options import ClusterOptions
from jetmix.errors import ClusterError


@pytest.fixture
def check(tmp_path):
    return WorkerCheck.here(tmp_path)


def test_results_come_by_name(in_process, check, tmp_path):
    with opened(ClusterOptions(workers=2), check, tmp_path) as workers:
        assert workers.n_workers == 2
        assert dict(workers.results(abs, [("a", -1), ("b", -2)])) == {"a": 1, "b": 2}
        assert dict(workers.results(abs, [("a", -3)])) == {"a": 3}  # nothing is remembered


STARTED = []


def note(number):
    STARTED.append(number)


def test_tasks_start_in_their_order(in_process, check, tmp_path):
    STARTED.clear()
    with opened(ClusterOptions(workers=1), check, tmp_path) as workers:
        tasks = [(f"{number:04d}", number) for number in range(12)]
        assert len(list(workers.results(note, tasks))) == 12
    assert list(range(12)) == STARTED


def test_tasks_are_taken_when_there_is_room(in_process, check, tmp_path):
    taken = []

    def tasks():
        for number in range(4):
            taken.append(number)
            yield str(number), number

    with opened(ClusterOptions(workers=1), check, tmp_path) as workers:
        results = workers.results(abs, tasks(), at_once=1)
        next(results)
        assert taken == [0]
        assert len(list(results)) == 3


def test_tasks_wait_with_the_scheduler(in_process, check, tmp_path):
    """A worker that dies sets back its own task alone, and no other one is blamed for it."""

    def idle():
        waiting.append(workers.client.run_on_scheduler(queued))

    def queued(dask_scheduler):
        return len(dask_scheduler.queued)

    waiting = []
    with opened(ClusterOptions(workers=2), check, tmp_path) as workers:
        tasks = ((f"{number:04d}", 0.2) for number in range(10))
        assert len(list(workers.results(time.sleep, tasks, idle=idle))) == 10
    assert max(waiting) >= 4


def test_workers_tell_how_far_they_are(in_process, check, tmp_path):
    heard, came = [], threading.Event()

    def hear(message):
        heard.append(message)
        came.set()

    def work(number):
        tell("epochs", {"epoch": number})
        return number

    with opened(ClusterOptions(workers=1), check, tmp_path) as workers:
        workers.listen("epochs", hear)
        list(workers.results(work, [("a", 7)]))
        assert came.wait(10)
    assert heard == [{"epoch": 7}]


def test_a_task_that_is_not_wanted_is_told(in_process, check, tmp_path):
    asked = tmp_path / "asked"

    def work(path):
        while wanted():
            path.touch()
            time.sleep(0.05)
        path.unlink()

    def idle():
        if asked.exists():
            workers.stop("a")

    with opened(ClusterOptions(workers=1), check, tmp_path) as workers:
        assert list(workers.results(work, [("a", asked)], idle=idle)) == [("a", Stopped())]
        assert list(workers.results(abs, [("a", -1)])) == [("a", 1)]
    assert not asked.exists()


def test_a_file_goes_to_all_tasks(in_process, check, tmp_path):
    (tmp_path / "jets").write_bytes(b"some jets")

    def work(number, sent):
        return number, sent.tobytes()

    with opened(ClusterOptions(workers=2), check, tmp_path) as workers:
        workers.send(tmp_path / "jets")
        (tmp_path / "jets").unlink()
        found = dict(workers.results(work, [("a", 1), ("b", 2)]))
    assert found == {"a": (1, b"some jets"), "b": (2, b"some jets")}


def test_tasks_that_went_with_their_scheduler_run_again(in_process, check, tmp_path):
    heard, went, twice = [], [], threading.Event()

    def work(number):
        tell("epochs", number)
        time.sleep(0.3)
        return number

    def hear(number):
        heard.append(number)
        if len(heard) == 2:
            twice.set()

    def idle():
        if heard and not went:
            went.append(workers.tasks["a"][1])
            went[0].cancel()  # as Dask does when it has lost the scheduler

    with opened(ClusterOptions(workers=1), check, tmp_path) as workers:
        workers.listen("epochs", hear)
        assert list(workers.results(work, [("a", 7)], idle=idle)) == [("a", 7)]
        assert twice.wait(10)


def test_a_scheduler_that_stays_away_ends_it(in_process, check, tmp_path):
    with (
        opened(ClusterOptions(workers=1), check, tmp_path) as workers,
        pytest.raises(ClusterError, match=r"scheduler is gone; start it again"),
    ):
        list(workers.results(time.sleep, [("a", 1)], idle=workers.client.close))


def test_a_worker_that_differs_ends_it(in_process, check, tmp_path):
    (tmp_path / "jets").write_text("x")
    seen = WorkerCheck(versions=check.versions, sizes={tmp_path / "jets": 99})
    with (
        pytest.raises(ClusterError, match="does not see"),
        opened(ClusterOptions(workers=1), seen, tmp_path),
    ):
        pass


def test_no_scheduler_at_the_address(check, tmp_path, monkeypatch):
    settings = {**connect.SETTINGS, "distributed.comm.timeouts.connect": "1s"}
    monkeypatch.setattr(connect, "SETTINGS", settings)
    with (
        pytest.raises(ClusterError, match="no Dask scheduler answers"),
        opened(ClusterOptions(cluster="tcp://127.0.0.1:9"), check, tmp_path),
    ):
        pass


@pytest.mark.slow
def test_a_killed_worker_and_one_that_always_dies(check, tmp_path, monkeypatch):
    """Real processes: a task goes on elsewhere, and is given up when it kills its workers."""
    monkeypatch.setattr(
        connect, "SETTINGS", {**connect.SETTINGS, "distributed.scheduler.allowed-failures": 1}
    )
    with opened(ClusterOptions(workers=1), check, tmp_path) as workers:
        (pid,) = workers.client.run(os.getpid).values()
        os.kill(pid, signal.SIGINT)  # what Ctrl-C sends to all; the command ends its workers
        threading.Timer(1.0, os.kill, (pid, signal.SIGKILL)).start()
        start = time.monotonic()
        assert list(workers.results(time.sleep, [("a", 3)])) == [("a", None)]
        assert time.monotonic() - start > 3.9
        environment = dict(workers.results(os.getenv, [("a", "OMP_NUM_THREADS")]))
        assert environment == {"a": "1"}
        assert list(workers.results(os._exit, [("b", 1)])) == [("b", Lost(deaths=2))]
