import os
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from jetmix.errors import TrainingError
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training.calibrate import calibrate
from jetmix.training.engine import bit_variables
from jetmix.training.loop import Loop

keras = keras_env.activate()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def make_loop(recipe, jets, folder, digest="digest"):
    folder.mkdir(exist_ok=True)
    keras.utils.set_random_seed(recipe.training.seed)
    model = build_tagger(spec_from(recipe, n_classes=5))
    return Loop(recipe, model, **jets, folder=folder, digest=digest)


def tiny(path, **training):
    recipe = load_recipe(str(path))
    return replace(recipe, training=replace(recipe.training, **training))


def same(one, other):
    values, others = one.engine.state(), other.engine.state()
    assert len(values) == len(others)
    return all(np.array_equal(a, b) for a, b in zip(values, others, strict=True))


def test_same_seed_gives_the_same_bits_and_another_seed_does_not(recipe, jets, tmp_path):
    loops = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        loops.append(make_loop(tiny(recipe, seed=seed), jets, tmp_path / name))
        loops[-1].run()
    assert same(loops[0], loops[1])
    assert not same(loops[0], loops[2])
    drop = "seconds"
    rows = [[{k: v for k, v in row.items() if k != drop} for row in x.state.history] for x in loops]
    assert rows[0] == rows[1] != rows[2]


def test_loss_falls_and_accuracy_rises(recipe, jets, tmp_path):
    loop = make_loop(tiny(recipe, epochs=40), jets, tmp_path / "run")
    loop.run()
    assert loop.state.history[-1]["loss"] < 0.7 * loop.state.history[0]["loss"]
    assert max(loop.state.column("val_accuracy")) > 0.6
    assert loop.state.history[-1]["ebops"] < loop.state.history[0]["ebops"]


def test_resumed_run_equals_an_uninterrupted_one_to_the_last_bit(recipe, jets, tmp_path):
    whole = make_loop(tiny(recipe, epochs=6), jets, tmp_path / "whole")
    whole.run()
    broken = make_loop(tiny(recipe, epochs=6), jets, tmp_path / "broken")
    for _ in range(3):
        broken.train_epoch()
    # the next epoch is trained but its state never reaches the disk
    shutil.copytree(tmp_path / "broken", tmp_path / "killed")
    again = make_loop(tiny(recipe, epochs=6), jets, tmp_path / "killed")
    again.resume()
    assert again.state.epoch == 3
    again.run()
    assert same(whole, again)
    assert whole.state.front == again.state.front
    for point in again.state.front:
        with np.load(tmp_path / "whole" / point.path) as a, np.load(again.folder / point.path) as b:
            assert all(np.array_equal(a[name], b[name]) for name in a.files)


def test_resume_is_exact_on_tensorflow_too():
    # Keras keeps its backend for life: the test above, in a process of its own
    test = f"{__file__}::{test_resumed_run_equals_an_uninterrupted_one_to_the_last_bit.__name__}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test],
        capture_output=True, text=True, check=False, timeout=180,
        env=os.environ | {"KERAS_BACKEND": "tensorflow"},
    )  # fmt: skip
    assert "1 passed" in done.stdout, done.stdout


def test_state_of_another_run_is_not_used(recipe, jets, tmp_path):
    loop = make_loop(tiny(recipe), jets, tmp_path / "run")
    loop.run()
    other = make_loop(tiny(recipe), jets, tmp_path / "run", digest="another")
    other.resume()
    assert other.state.epoch == 0


def test_damaged_state_is_named(recipe, jets, tmp_path):
    loop = make_loop(tiny(recipe, epochs=1), jets, tmp_path / "run")
    loop.run()
    state = tmp_path / "run" / "state.npz"
    content = state.read_bytes()
    for damaged in (b"", b"nonsense", content[: len(content) // 2]):
        state.write_bytes(damaged)
        with pytest.raises(
            TrainingError, match=r"state\.npz: .* cannot be read .*without --resume"
        ):
            loop.resume()


def test_front_files_are_those_of_the_front(recipe, jets, tmp_path):
    loop = make_loop(tiny(recipe, epochs=8), jets, tmp_path / "run")
    loop.run()
    files = {path.name for path in (loop.folder / "front").iterdir()}
    assert files == {point.path.split("/")[1] for point in loop.state.front}


def test_calibration_is_that_of_hgq2(recipe, jets, tmp_path):
    from hgq.utils import trace_minmax

    loop = make_loop(tiny(recipe), jets, tmp_path / "run")
    loop.run()
    ebops = calibrate(loop.engine, loop.model, [jets["train"].x])
    ours = [np.asarray(variable) for variable in loop.model.variables]
    assert trace_minmax(loop.model, jets["train"].x, batch_size=320) == ebops
    for variable, value in zip(loop.model.variables, ours, strict=True):
        assert np.array_equal(np.asarray(variable), value), variable.path


def test_engine_answers_as_the_model_does(recipe, jets, tmp_path):
    loop = make_loop(tiny(recipe), jets, tmp_path / "run")
    loop.run()
    calibrate(loop.engine, loop.model, [jets["train"].x])
    x = jets["validation"].x
    assert np.array_equal(loop.engine.answers(x).logits, loop.model.predict(x, verbose=0))


def test_huge_beta_ends_the_run_but_keeps_the_front(recipe, jets, tmp_path, capsys):
    points = ((0.0, 1e-7, "constant"), (0.05, 10.0, "constant"))
    settings = {"epochs": 400, "beta": points, "learning_rate": 0.1}
    loop = make_loop(tiny(recipe, **settings), jets, tmp_path / "run")
    loop.run()
    assert loop.state.epoch < 400
    assert loop.state.front
    assert "all jets get the same answer" in capsys.readouterr().err


def test_too_few_bits_at_the_start_are_named(recipe, jets, tmp_path):
    made = tiny(recipe)
    few = replace(made.quantiser, weight_fraction_bits=0, activation_fraction_bits=0)
    loop = make_loop(replace(made, quantiser=few), jets, tmp_path / "run")
    with pytest.raises(TrainingError, match="epoch 1: all jets get the same logits"):
        loop.run()


def test_nan_in_training_is_named(recipe, jets, tmp_path):
    made = tiny(recipe, learning_rate=1e38, learning_rate_floor=1e38)
    twin = replace(made, tagger=replace(made.tagger, quantised=False))
    loop = make_loop(twin, jets, tmp_path / "run")
    with pytest.raises(TrainingError, match=r"the loss is .*lower learning_rate"):
        loop.run()


def test_labels_without_meaning_are_found_out(recipe, jets, tmp_path):
    rng = np.random.default_rng(0)
    noise = {
        name: replace(part, x=rng.normal(size=part.x.shape).astype(np.float32))
        for name, part in jets.items()
    }
    loop = make_loop(tiny(recipe, epochs=30), noise, tmp_path / "run")
    with pytest.raises(TrainingError, match="no better than guessing"):
        loop.run()


def test_twin_in_full_precision_trains_without_ebops(recipe, jets, tmp_path):
    made = tiny(recipe, epochs=5)
    twin = replace(made, tagger=replace(made.tagger, quantised=False))
    loop = make_loop(twin, jets, tmp_path / "run")
    loop.run()
    assert set(loop.state.column("ebops")) == {0}
    assert len(loop.state.front) == 1


def test_bit_widths_stay_once_their_part_of_the_epochs_is_over(recipe, jets, tmp_path):
    loop = make_loop(tiny(recipe, epochs=4, bits_until=0.5), jets, tmp_path / "run")
    bits = {id(variable) for variable in bit_variables(loop.model)}
    variables = loop.model.trainable_variables
    states = []
    for _ in range(4):
        loop.train_epoch()
        states.append(loop.engine.state()[: len(variables)])

    def moved(before, after):
        changed = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
        of_bits = [c for v, c in zip(variables, changed, strict=True) if id(v) in bits]
        return any(of_bits), sum(changed) > sum(of_bits)

    assert [moved(*pair) for pair in pairwise(states)] == [
        (True, True),
        (False, True),
        (False, True),
    ]
    assert loop.state.column("beta")[2:] == [loop.state.column("beta")[1]] * 2
