"""Workers killed at random moments change nothing: twelve runs on two real workers."""

import contextlib
import random
import threading

import psutil
import pytest

from jetmix.cluster.options import ClusterOptions
from jetmix.sweeps.run import sweep
from jetmix.sweeps.state import SweepOptions

KILLS = 5
SWEEP = """
recipe = "tiny.toml"
seeds = [1, 2, 3]
[axes.grid]
"tagger.n_particles" = [2, 4]
"training.batch_size" = [32, 64]
"""


def workers():
    """Return the worker processes that this one has started."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
    return found


def kill_now_and_then(folder, ended, killed):
    """Kill a worker at random moments while runs are under way."""
    chance = random.Random(7)
    while len(killed) < KILLS and not ended.wait(chance.uniform(2, 20)):
        there = workers()
        if there and any(folder.glob("runs/*/2-train")):
            victim = chance.choice(there)
            victim.kill()
            killed.append(victim.pid)


@pytest.mark.long
def test_killed_workers_change_nothing(sweep_file, data, tmp_path):
    sweep_file.write_text(SWEEP)
    (tmp_path / "tiny.toml").write_text(
        (tmp_path / "tiny.toml").read_text().replace("epochs = 3", "epochs = 12")
    )
    options = {"file": sweep_file, "data": data, "cluster": ClusterOptions(workers=2)}
    killed, ended = [], threading.Event()
    folder = tmp_path / "disturbed"
    killer = threading.Thread(target=kill_now_and_then, args=(folder, ended, killed))
    killer.start()
    try:
        disturbed = sweep(SweepOptions(folder=folder, **options))
    finally:
        ended.set()
        killer.join()
    assert len(killed) == KILLS
    assert len(disturbed.record.of("done")) == 12
    calm = sweep(SweepOptions(folder=tmp_path / "calm", **options))
    names = ("sweep.json", "sweep.csv")
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "calm" / name).read_bytes()
    assert calm.record == disturbed.record
