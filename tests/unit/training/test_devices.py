"""Two devices against one: JAX is told to see two CPUs, in processes of their own."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest

TWO = "--xla_force_host_platform_device_count=2"


def train(recipe, data, run, *, flags=""):
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    command = [sys.executable, "-m", "jetmix", "train", recipe, "--data", data, "--run", run]
    return subprocess.run(
        [*command, "--epochs", "2", "--json"],
        capture_output=True, text=True, check=False, timeout=180,
        env=environment | {"XLA_FLAGS": flags},
    )  # fmt: skip


def history(run):
    with (run / "2-train" / "history.csv").open() as handle:
        return list(csv.DictReader(handle))


@pytest.mark.long
def test_two_devices_train_as_one_does(recipe, data, tmp_path):
    done = {}
    for name, flags in (("one", ""), ("two", TWO)):
        done[name] = train(recipe, data, tmp_path / name, flags=flags)
        assert done[name].returncode == 0, done[name].stderr
    assert "training on 2 devices: cpu:0, cpu:1" in done["two"].stderr
    assert "training on" not in done["one"].stderr
    pairs = zip(history(tmp_path / "one"), history(tmp_path / "two"), strict=True)
    for one, two in pairs:
        assert np.isclose(float(one["loss"]), float(two["loss"]), rtol=1e-4)
        assert np.isclose(float(one["val_loss"]), float(two["val_loss"]), rtol=1e-2)
    metrics = [json.loads(run.stdout.splitlines()[-1])["metrics"] for run in done.values()]
    assert abs(metrics[0]["accuracy"] - metrics[1]["accuracy"]) < 0.03


def test_batch_that_two_devices_cannot_share_is_refused(recipe, data, tmp_path):
    recipe.write_text(recipe.read_text().replace("batch_size = 64", "batch_size = 63"))
    done = train(recipe, data, tmp_path / "run", flags=TWO)
    assert done.returncode == 2
    assert "63 jets per step cannot be shared evenly by 2 devices" in done.stderr
    assert not (tmp_path / "run").exists()
