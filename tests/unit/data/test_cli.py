"""``jetmix data`` on the command line: output, last line of JSON, exit codes."""

import json

import click
import numpy as np
import pytest
from click.testing import CliRunner

from jetmix.cli.data import data
from jetmix.errors import DataError, RunConflictError, UsageError
from jetmix.support.packaged import shipped

SAMPLE = shipped("datasets/sample/jets.h5")


def run(*words):
    """Run a command and return (lines of standard output, exception)."""
    done = CliRunner().invoke(data, [str(word) for word in words])
    return done.stdout.splitlines(), done.exception, done


def test_simulate_describe_import(tmp_path):
    out = tmp_path / "jets.h5"
    lines, error, _ = run("simulate", out, "--jets", 25, "--seed", 4, "--jobs", 1, "--no-hlf",
                          "--constituents", 16, "--half", "--json")  # fmt: skip
    assert error is None
    assert lines[0].startswith(f"{out}: 25 jets, preset public-like, seed 4 (")
    result = json.loads(lines[-1])
    assert (result["n_jets"], result["n_new"], result["seed"]) == (25, 25, 4)
    lines, error, _ = run("describe", out, "--json", "--plot", tmp_path / "page.png")
    assert error is None
    assert "jets per class: g 5  q 5  W 5  Z 5  t 5" in lines
    assert json.loads(lines[-1])["plot"] == str(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000
    lines, error, _ = run("import", out, out.parent / "copy.h5", "--json")
    assert error is None
    assert json.loads(lines[-1])["origin"] == "simulated"


def test_describe_the_sample_for_programs():
    lines, error, _ = run("describe", SAMPLE, "--json")
    assert error is None
    result = json.loads(lines[-1])
    assert result["counts"] == dict.fromkeys("gqWZt", 4000)
    assert result["bayes_accuracy"]["mass"] > 0.6


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (["describe", "none.h5"], DataError, "none.h5: no such file"),
        (["describe", SAMPLE, "--plot", "page.doc"], UsageError, "end it in .png, .pdf, .svg"),
        (["import", "none.h5", "out.h5"], DataError, "none.h5: no such file or folder"),
        (["simulate", "out.h5", "--jets", "9", "--seed", "1", "--preset", "fill"], UsageError,
         "no preset 'fill' (did you mean 'full'?)"),
    ],
)  # fmt: skip
def test_errors(words, kind, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, error, _ = run(*words)
    assert isinstance(error, kind)
    assert message in str(error)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ["simulate", "out.h5", "--jets", "4", "--seed", "1"],
        ["simulate", "out.h5", "--jets", "10"],
        ["simulate", "out.h5", "--jets", "10", "--seed", "-1"],
        ["simulate", "out.h5", "--jets", "10", "--seed", "1", "--constituents", "151"],
        ["import", "only-one.h5"],
    ],
)
def test_wrong_options_are_usage_errors(words):
    done = CliRunner().invoke(data, words)
    assert done.exit_code == click.UsageError.exit_code
    assert "Usage:" in done.stderr


def test_cards_on_the_command_line(tmp_path):
    lines, error, _ = run("cards")
    assert error is None
    assert any(line.startswith("jetclass ") for line in lines)
    lines, error, _ = run("cards", "jetclass")
    assert 'data_set = "jetclass"' in lines
    np.savez(tmp_path / "a.npz", pt=[[2.0, 1.0], [3.0, 0.0]] * 5, y=[0, 1] * 5)
    card = tmp_path / "my.toml"
    lines, error, _ = run("card", tmp_path / "a.npz")
    assert "keep = 2" in lines
    _, error, _ = run("card", tmp_path / "a.npz", "--out", card)
    assert error is None
    assert card.read_text().splitlines() == lines
    _, error, _ = run("card", tmp_path / "a.npz", "--out", card)
    assert isinstance(error, RunConflictError)
    lines, error, _ = run("import", "--card", card, tmp_path / "a.npz", tmp_path / "o.h5", "--json")
    assert error is None
    assert lines[:2] == [
        f"{tmp_path}/o.h5: 10 jets from 1 file",
        "jets per class: class_0 5, class_1 5",
    ]
    assert json.loads(lines[-1])["dropped"] == {}
