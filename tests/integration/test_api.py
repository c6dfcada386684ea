"""The five lines of the front page, from jets to a report, in Python."""

import subprocess
import sys

import numpy as np
import pytest

import jetmix as jm

pytestmark = [
    # raised inside Keras on JAX
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*:UserWarning"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    run = jm.train("mixer-8-demo", data=jm.sample(), out=folder / "run", epochs=2)
    firmware = jm.synthesise(
        run,
        part="xcvu13p",
        out=folder / "firmware",
        data=jm.sample(),
        max_jets=200,
        n_random=100,
    )
    return run, firmware, folder


def test_a_run_holds_its_figures_and_answers(made):
    run, _, folder = made
    assert 0.2 < run.metrics.accuracy < 1
    assert run.front.points
    jets = run.load_jets(jm.sample(), split="test")
    scores = run.predict(jets.x)
    assert scores.shape == (run.metrics.n_test, 5)
    assert (scores.argmax(axis=1) == jets.y).mean() == pytest.approx(run.metrics.accuracy)
    again = jm.open_run(folder / "run")
    assert again.metrics == run.metrics
    measured = jm.evaluate(run, data=jm.sample())
    assert measured.metrics.accuracy == pytest.approx(run.metrics.accuracy)


def test_firmware_is_exact_and_answers_as_keras_does(made):
    run, firmware, folder = made
    assert firmware.verification["csim"].passed
    assert firmware.verification["ir"].passed
    estimate = firmware.resources["estimate"]
    assert estimate.lut_low <= estimate.lut <= estimate.lut_high
    assert firmware.latency_ns == 5.0 * firmware.latency_cycles
    assert firmware.proofs.proof.overflows == ()
    jets = run.load_jets(jm.sample())
    np.testing.assert_array_equal(firmware.predict(jets.x[:500]), run.predict(jets.x[:500]))
    again = jm.open_firmware(folder / "firmware")
    assert again.resources == firmware.resources
    results = jm.verify(again, levels=["ir"], n_random=50)
    assert results["ir"].passed


def test_runs_firmware_and_reports_show_themselves_in_a_notebook(made):
    run, firmware, folder = made
    report = jm.report([run, firmware], out=folder / "report", bits=False)
    assert report.path.read_text().startswith("<!doctype html>")
    assert report.checks == ()
    lut = f"{firmware.resources['estimate'].lut:,.0f}"
    pictures = {
        run: ("Accuracy", "<img"),
        firmware: (lut, "LUT by layer"),
        report: (lut, "<svg"),
    }
    for thing, wanted in pictures.items():
        shown = thing._repr_html_()
        assert "<table" in shown
        for words in wanted:
            assert words in shown


def test_the_same_command_finds_the_work_done(made):
    folder = made[2]
    words = ["train", "mixer-8-demo", "--epochs", "2", "--data", jm.sample(), "--run"]
    done = subprocess.run(
        [sys.executable, "-m", "jetmix", *words, folder / "run"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "already trained" in done.stdout + done.stderr
