"""What ``import jetmix`` gives, and what it costs."""

import subprocess
import sys

import pytest

import jetmix as jm


def fresh(script):
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_brings_neither_numpy_nor_keras():
    heavy = ("numpy", "keras", "h5py", "click", "jax", "tensorflow", "hls4ml", "da4ml")
    assert fresh(f"import sys, jetmix; print([m for m in {heavy!r} if m in sys.modules])") == "[]"


def test_every_public_name_is_there_and_documented():
    assert dir(jm) == sorted([*jm.__all__, "__version__"])
    for name in jm.__all__:
        found = getattr(jm, name)
        assert callable(found)
        assert found.__doc__


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(AttributeError, match="no 'synthesize'; did you mean 'synthesise'"):
        jm.synthesize  # noqa: B018
    with pytest.raises(AttributeError, match="jetmix has no 'zzz'"):
        jm.zzz  # noqa: B018


@pytest.mark.parametrize("first", ["", "import jetmix.report.build;"])
def test_report_can_be_called_whatever_was_imported_before(first):
    script = (
        f"import jetmix as jm; {first}\n"
        "from jetmix.errors import UsageError\n"
        "try: jm.report([], out='nowhere')\n"
        "except UsageError as error: print(error)"
    )
    assert "no run was given" in fresh(script)


def test_the_sample_is_shipped_and_loads():
    jets = jm.load_jets(
        jm.sample(), n_particles=4, features=["pt", "etarel", "phirel"], split="test"
    )
    assert jets.x.shape == (len(jets.y), 4, 3)
    assert jets.x.dtype == "float32"
    assert set(jets.y) == set(range(5))


def test_overrides_need_the_name_of_a_recipe(tmp_path):
    from jetmix.errors import UsageError
    from jetmix.recipes.recipe import load_recipe

    recipe = load_recipe("mixer-8-demo")
    with pytest.raises(UsageError, match="set them in the recipe"):
        jm.train(recipe, data=jm.sample(), out=tmp_path / "run", epochs=1)
    assert not list(tmp_path.iterdir())


def test_opening_what_is_none(tmp_path):
    from jetmix.errors import LoweringError, UsageError

    with pytest.raises(UsageError, match="not a run with a trained tagger"):
        jm.open_run(tmp_path)
    with pytest.raises(LoweringError, match="not a finished directory of 'jetmix synth'"):
        jm.open_firmware(tmp_path)
