"""Background rejection of two classes and regression targets, in report, words and figures."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from jetmix import words
from jetmix.report.build import write_report
from jetmix.training.answers import Answers
from jetmix.training.metrics import Truth, measured
from jetmix.training.run_dir import RunDir
from jetmix.training.scores import Scores
from tests.unit.report.folders import dataset, make_run

write = partial(write_report, bits=False)
N = 1200
NAMES = ("light", "heavy")


def answers() -> tuple[Answers, Truth]:
    """Return what a tagger of two classes and two targets gives, and the truth."""
    rng = np.random.default_rng(0)
    y = np.arange(N) % 2
    logits = rng.normal(size=(N, 2)).astype(np.float32)
    logits[np.arange(N), y] += 2
    pt = rng.exponential(100, N) + 200
    mass = rng.normal(120, 10, N)
    targets = np.stack([mass, rng.normal(size=N)], axis=1)
    predicted = targets * 1.02 + rng.normal(size=(N, 2)) * [10, 0.3]
    truth = Truth(
        y=y, class_names=NAMES, targets=targets.astype(np.float32),
        target_names=("mass", "tilt"), target_scales=(8.0, 1.0), pt=pt.astype(np.float32),
    )  # fmt: skip
    return Answers(logits=logits, targets=(predicted / [8, 1]).astype(np.float32)), truth


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("binary")
    run = RunDir(make_run(place / "run"))
    given, truth = answers()
    measured(given, truth, ebops=99).write(run.train_folder)
    Scores.of(given, truth).write(run.train_folder)
    used = replace(
        dataset(), class_names=NAMES, target_names=truth.target_names,
        target_scales=truth.target_scales,
    )  # fmt: skip
    used.write(run.data_folder)
    write([run.path], place / "out")
    return place / "out"


def test_report_shows_rejection_with_its_signal(report):
    text = (report / "report.md").read_text()
    assert "Background rejection" in text
    found = measured(*answers(), ebops=None).rejection[0]
    line = f"| run | heavy | light | {words.rejection_value(found)} |"
    assert line in text


def test_report_shows_bias_and_resolution_in_bins_of_pt(report):
    text = (report / "report.md").read_text()
    assert "## Regression" in text
    assert "mass (predicted / true): run" in text
    assert "tilt (predicted - true): run" in text
    target = measured(*answers(), ebops=None).targets[0]
    assert len(target.bins) == 8
    for part in (target.overall, *target.bins):
        assert words.response(part, relative=True)[1] in text
    assert (report / "figures" / "response-1-1.svg").exists()
    assert (
        'alt="' in (report / "report.html").read_text()
        or "aria-label" in (report / "report.html").read_text()
    )


def test_published_taggers_of_other_classes_are_left_out(report):
    assert "separates g q W Z t, not light heavy" in (report / "report.md").read_text()


def test_command_line_shows_both():
    lines = words.metrics(measured(*answers(), ebops=7))
    assert lines[2].startswith("light")
    assert "(signal: heavy, background: light)" in lines[4]
    assert any(line.startswith("mass (predicted / true): bias 1.95 ± 0.31%, res") for line in lines)
    assert any(line.startswith("tilt (predicted - true): bias") for line in lines)
    assert sum("%" in line and " to " in line for line in lines) == 8
