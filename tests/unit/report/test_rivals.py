import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from jetmix.report.collect import collect
from jetmix.report.rivals import mcnemar, rivals
from jetmix.support.records import dump
from tests.unit.report.folders import change_scores, logits_and_labels, make_run, make_synth


def spoiled(run: Path, wrong: int, right: int = 0) -> None:
    """Make a copy of the helper's scores wrong on some right jets, and right on some wrong ones."""
    logits, y = logits_and_labels()
    good = np.flatnonzero(logits.argmax(axis=1) == y)[:wrong]
    bad = np.flatnonzero(logits.argmax(axis=1) != y)[:right]
    logits[good, (y[good] + 1) % 5] = 99
    logits[bad, y[bad]] = 99
    change_scores(run, logits, y)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_test_of_the_discordant_jets(gained: int, lost: int):
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar(gained, lost) == pytest.approx(expected, rel=1e-9)


def test_many_discordant_jets_do_not_overflow():
    assert mcnemar(30_000, 30_000) == pytest.approx(1.0)
    assert mcnemar(20_000, 30_000) == 0.0


def test_differences_are_against_the_best_and_corrected(tmp_path: Path):
    best = make_run(tmp_path / "best")
    worse, close = make_run(tmp_path / "worse", seed=2), make_run(tmp_path / "close", seed=3)
    spoiled(worse, wrong=40, right=8)
    spoiled(close, wrong=8, right=4)
    far, near = rivals(collect([worse, best, close]))
    assert (far.rival, far.reference, near.rival) == ("worse", "best", "close")
    assert (far.only_rival, far.only_reference, far.n_jets) == (8, 40, 500)
    assert far.difference == pytest.approx(-0.064)
    assert far.error == pytest.approx(np.sqrt((48 / 500 - 0.064**2) / 500))
    assert far.p_value == pytest.approx(2 * binomtest(8, 48).pvalue)
    assert near.p_value == pytest.approx(binomtest(4, 12).pvalue)
    assert far.verdict == "worse"
    assert near.verdict == "no significant difference"
    assert json.dumps(dump(far))


def test_only_the_same_jets_are_compared(tmp_path: Path):
    one, other = make_run(tmp_path / "one"), make_run(tmp_path / "other", seed=2)
    logits, y = logits_and_labels()
    change_scores(other, logits[::-1], y[::-1])
    assert rivals(collect([one, other])) == ()
    public = make_run(tmp_path / "public", origin="public")
    assert rivals(collect([one, public])) == ()


def test_two_projects_of_one_model_are_no_rivals(tmp_path: Path):
    run = make_run(tmp_path / "run")
    projects = [make_synth(tmp_path / name, run=run) for name in ("a", "b")]
    assert rivals(collect([run, *projects])) == ()


def test_recipes_are_held_against_each_other(tmp_path: Path):
    one, other = make_run(tmp_path / "one"), make_run(tmp_path / "other", seed=2)
    recipe = (
        'name = "x"\n[tagger]\narchitecture = "deepsets"\nn_particles = 8\n'
        "[quantiser]\nuniform_particles = false\n[training]\nseed = 7\n"
    )
    (other / "recipe.toml").write_text(recipe)
    (found,) = rivals(collect([one, other]))
    assert found.recipe_differs == ("tagger.n_particles", "training.seed")
    (other / "recipe.toml").unlink()
    (found,) = rivals(collect([one, other]))
    assert found.recipe_differs is None
