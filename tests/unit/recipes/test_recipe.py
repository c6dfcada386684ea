import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.errors import UsageError
from jetmix.recipes.recipe import Recipe, load_recipe, presets
from jetmix.support.records import dump, load


def write(folder, text):
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def test_empty_recipe_is_the_defaults(tmp_path):
    recipe = load_recipe(write(tmp_path, ""))
    assert recipe.name == "mine"
    assert recipe.tagger.n_particles == 16
    assert len(recipe.data.features) == 16
    assert recipe.training.target_ebops is None
    assert recipe.training.beta[0] == (0.0, 2e-8, "linear")


@pytest.mark.parametrize("name", list(presets()))
def test_every_preset_loads_and_survives_a_round_trip(name, tmp_path):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description
    again = load_recipe(write(tmp_path, recipe.to_toml()))
    assert again == recipe
    assert again.digest() == recipe.digest()


def test_every_number_of_a_preset_is_explained():
    for path in presets().values():
        for line in path.read_text().splitlines():
            key, separator, value = line.partition("=")
            if separator and any(digit in value for digit in "0123456789"):
                assert "#" in value or key.strip() == "description", f"{path.name}: {line}"


def test_command_line_wins_over_the_file(tmp_path):
    path = write(tmp_path, "[training]\nepochs = 7\nseed = 3")
    recipe = load_recipe(path, {"training": {"epochs": 9, "seed": None}})
    assert (recipe.training.epochs, recipe.training.seed) == (9, 3)


def test_digest_ignores_the_name_but_not_the_seed(tmp_path):
    one = load_recipe(write(tmp_path, 'name = "a"'))
    other = load_recipe(write(tmp_path, 'name = "b"'))
    third = load_recipe(write(tmp_path, "[training]\nseed = 1"))
    assert one.digest() == other.digest() != third.digest()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[training]\nepoch = 3", r"\[training\]: unknown key 'epoch'; did you mean 'epochs'\?"),
        ("[trainig]\nepochs = 3", r"unknown key 'trainig'; did you mean 'training'\?"),
        ("[training]\nzzz = 3", "unknown key 'zzz'; take a key of: seed, epochs"),
        ("[training]\nepochs = 3.5", "'epochs' should be an integer but is 3.5"),
        ("[training]\nepochs = true", "'epochs' should be an integer but is true"),
        ("[training]\nepochs = 0", "epochs = 0 must be above zero"),
        ("[training]\nlearning_rate = -1", "learning_rate = -1.0 must be above zero"),
        ("[training]\nlearning_rate = nan", "'learning_rate' should be a finite number but is nan"),
        ('[training]\nseed = "x"', "'seed' should be an integer but is \"x\""),
        ("[training]\nbeta = [[0.5, 1e-6, 'log']]", "the first key point must be at 0"),
        ("[training]\nbeta = [[0.0, 1e-6]]", "should be a list of 3 entries"),
        ("[training]\nbeta = [[0.0, 1e-6, 'cubic']]", "'cubic' is none of linear, log, constant"),
        ("[training]\nbeta = [[0.0, 0.0, 'log'], [1.0, 1.0, 'log']]", "needs betas above zero"),
        ("[training]\nbeta = [[0, 1, 'linear'], [2, 1, 'linear']]", "fractions of the epochs"),
        ("[training]\nselect_within = 2", "must lie between 0 and 1"),
        ("[data]\nfeatures = []", "must name at least one feature"),
        ("[data]\nfeatures = 'pt'", "'features' should be a list"),
        ("[data]\nnormalisation = 'x'", "is none of standard, power-of-two"),
        ("[data]\npt_gate_gev = 0", "pt_gate_gev = 0.0 must be above zero"),
        ("[tagger]\nn_particles = -8", "n_particles = -8 must be above zero"),
        ("[quantiser]\nweight_fraction_bits = 40", r"must lie in -24 \.\.\. 24"),
        ("[quantiser]\nactivation_integer_bits = 13", "above activation_max_integer_bits"),
        ("[quantiser]\nweight_fraction_bits = -1", "add up to less than zero"),
        ("data = 3", "data is not a table; write "),
        ("[data", "cannot read the recipe"),
    ],
)
def test_bad_recipes_are_refused_with_the_key_and_the_cure(tmp_path, text, message):
    with pytest.raises(UsageError, match=message) as caught:
        load_recipe(write(tmp_path, text))
    assert "mine.toml" in str(caught.value)
    assert caught.value.exit_code == 2


def test_unknown_preset_names_the_nearest():
    with pytest.raises(
        UsageError, match="unknown recipe 'mixer-8-dem'; did you mean 'mixer-8-demo"
    ):
        load_recipe("mixer-8-dem")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"no\.toml: there is no such recipe file"):
        load_recipe(str(tmp_path / "no.toml"))


def test_binary_file_is_no_recipe(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"\x89HDF\r\n\xff")
    with pytest.raises(UsageError, match="cannot read the recipe"):
        load_recipe(str(path))


@given(text=st.text(max_size=30))
def test_any_description_survives_the_round_trip(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("recipes") / "r.toml"
    path.write_text("")
    recipe = replace(load_recipe(str(path)), description=text)
    path.write_text(recipe.to_toml(), encoding="utf-8", newline="")
    assert load_recipe(str(path)).description == text


@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.floats(1e-300, 1e300),
    gate=st.none() | st.floats(1e-3, 1e6),
    target=st.none() | st.integers(1, 10**12),
    start=st.floats(0, 1),
    features=st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4).map(tuple),
)
def test_any_values_survive_the_round_trip(
    tmp_path_factory, *, seed, rate, gate, target, start, features
):
    recipe = load_recipe("mixer-8-demo")
    training = replace(
        recipe.training, seed=seed, learning_rate=rate, target_ebops=target,
        beta=((0.0, start, "constant"),),
    )  # fmt: skip
    data = replace(recipe.data, pt_gate_gev=gate, features=features)
    recipe = replace(recipe, training=training, data=data)
    path = tmp_path_factory.mktemp("recipes") / "r.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8", newline="")
    assert load_recipe(str(path)) == recipe
    assert load(Recipe, json.loads(json.dumps(dump(recipe))), where="tagger.json") == recipe
