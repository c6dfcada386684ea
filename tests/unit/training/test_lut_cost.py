"""The cost in LUT: its amounts, its gradient, what it drives, and what is refused."""

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.firmware import da_graph
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.resources.lut import Costs
from jetmix.resources.lut import lut_of as lut_of_graph
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training import lut_cost
from jetmix.training.beta import TargetBeta, make_control
from jetmix.training.lut_cost import (
    amounts_of,
    constants,
    counted,
    digits,
    lut_of_tagger,
    weigh_lut,
)
from jetmix.training.pareto import FrontPoint, lut_limit, pruned, select
from jetmix.training.run import TrainingRun, train
from jetmix.training.run_dir import RunDir

from .conftest import TINY, public_file

keras = keras_env.activate()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def signed_digits(number):
    """Return the nonzero digits of the canonical signed form, by its definition."""
    count = 0
    while number:
        if number % 2:
            count += 1
            number -= 2 - number % 4
        number //= 2
    return count


def test_digits_are_those_of_the_canonical_signed_form():
    rng = np.random.default_rng(0)
    numbers = np.concatenate([np.arange(600), rng.integers(0, 2**28, 400)]).astype(np.int32)
    found = np.asarray(digits(numbers))
    np.testing.assert_array_equal(found, [signed_digits(int(number)) for number in numbers])


def built(architecture="mixer", **options):
    recipe = load_recipe("mixer-16-quick")
    data = replace(recipe.data, features=("a", "b", "c"))
    tagger = replace(recipe.tagger, architecture=architecture, n_particles=4, options=options)
    keras.utils.set_random_seed(3)
    return build_tagger(spec_from(replace(recipe, data=data, tagger=tagger), n_classes=5))


def test_products_are_input_bits_times_digits():
    model = built(width=4, head=[4])
    layer = model.get_layer("head_1")
    amount = float(amounts_of(layer, (1, 4))["products"])
    bits = np.asarray(layer.iq.fbits_((1, 4)))[0]
    steps = np.abs(np.asarray(layer.qkernel)) * 2.0 ** np.asarray(layer.kq.quantizer.f)
    count = [[signed_digits(int(step)) for step in row] for row in np.broadcast_to(steps, (4, 4))]
    assert amount == pytest.approx(float((bits[:, None] * count).sum()))
    assert amount > 0


@pytest.mark.parametrize("architecture", ["gnn", "gnn-lut"])
def test_every_layer_with_ebops_is_counted(architecture):
    model = built(architecture, width=2, head=[3])
    amounts = [amounts_of(layer, *shapes) for layer, shapes in counted(model)]
    names = {name for found in amounts for name in found}
    tables = {"tables", "looked_up"}
    assert names == {"summed", "added"} | (tables if architecture == "gnn-lut" else {"products"})
    assert names <= set(constants())
    with_ebops = [layer for layer in model.layers if getattr(layer, "_ebops", None) is not None]
    assert len(amounts) == len(with_ebops)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that is driven to fewer LUT than any tagger has, and what it said."""
    place = tmp_path_factory.mktemp("lut")
    public_file(place / "jets.h5")
    (place / "tiny.toml").write_text(TINY)
    training = {"target_lut": 10, "epochs": 12, "learning_rate": 0.02}
    recipe = load_recipe(str(place / "tiny.toml"), {"training": training})
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        done = train(TrainingRun(recipe=recipe, data=place / "jets.h5", folder=place / "run"))
    return done, said.getvalue()


def test_a_run_with_a_target_is_driven_and_says_what_it_reached(run):
    done, said = run
    rows = np.genfromtxt(done.run.train_folder / "history.csv", delimiter=",", names=True)
    assert rows["lut"][-1] < 0.8 * rows["lut"][0]
    assert rows["beta"][-1] > rows["beta"][0]
    chosen, points = done.figures.chosen, RunDir(done.run.path).front.points
    assert chosen.lut == min(point.lut for point in points)
    assert [point.lut for point in points] == sorted(point.lut for point in points)
    assert f"at most 10 LUT; the smallest one, with {chosen.lut:,}" in said
    header = (done.run.train_folder / "pareto.csv").read_text().splitlines()[0]
    assert header.startswith("epoch,ebops,lut,val_accuracy")


def test_the_model_file_is_that_of_any_training(run):
    done, _ = run
    model = keras_env.load_tagger(done.run.model)
    assert round(lut_of_tagger(model)) == done.figures.chosen.lut
    ebops = [int(layer._compute_ebops(*shapes)) for layer, shapes in counted(model)]
    assert sum(ebops) == done.metrics.ebops == done.figures.chosen.ebops
    graph = da_graph.trace(model)
    found = lut_of_graph(Costs.of(graph)).value
    assert lut_of_tagger(model) == pytest.approx(found, rel=0.35)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="the gradients are JAX's")
def test_the_gradient_is_that_of_lut_and_the_value_that_of_ebops():
    import jax

    model = built("mlp", hidden=[4])
    layer = model.get_layer("head_1")
    own = layer._compute_ebops
    weigh_lut(model)
    place = [v.path for v in model.trainable_variables].index(layer.kq.quantizer._f.path)

    def size(bits, count):
        values = [v.value for v in model.trainable_variables]
        values[place] = bits
        pairs = zip(model.trainable_variables, values, strict=True)
        with keras.StatelessScope(state_mapping=list(pairs)):
            return count((1, 12))

    bits = layer.kq.quantizer._f.value
    assert float(size(bits, layer._compute_ebops)) == float(size(bits, own))
    gradients = [jax.grad(size)(bits, count) for count in (layer._compute_ebops, own)]
    wanted = jax.grad(lambda f: size(f, lambda s: lut_cost.lut_of(amounts_of(layer, s))))(bits)
    np.testing.assert_allclose(gradients[0], wanted, rtol=1e-6)
    assert np.abs(np.asarray(gradients[0])).sum() < np.abs(np.asarray(gradients[1])).sum()


def test_the_front_and_the_choice_go_by_lut():
    def point(accuracy, ebops, lut, epoch):
        return FrontPoint(val_accuracy=accuracy, ebops=ebops, epoch=epoch, path="", lut=lut)

    points = [point(0.7, 300, 100, 1), point(0.8, 200, 200, 2), point(0.79, 100, 250, 3)]
    assert [p.epoch for p in pruned(points)] == [1, 2]
    assert select(points, max_ebops=None, max_lut=150, within=0.0).epoch == 1
    settings = replace(load_recipe("mixer-8-demo").training, target_lut=1000)
    assert lut_limit(settings) == 1050
    control = make_control(settings, {})
    assert isinstance(control, TargetBeta)
    assert control.target == 1000


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('cost = "watts"', "is none of ebops, lut"),
        ("target_lut = 0", "must be above zero"),
        ("target_lut = 5\ntarget_ebops = 5", "beside target_ebops"),
    ],
)
def test_keys_out_of_range_are_refused(keys, message, tmp_path):
    (tmp_path / "r.toml").write_text(f"{TINY}{keys}\n")
    with pytest.raises(UsageError, match=message):
        load_recipe(str(tmp_path / "r.toml"))


@pytest.mark.parametrize("key", ["cost", "target_lut"])
def test_a_tagger_in_full_precision_has_no_lut(key, tmp_path):
    value = {"cost": '"lut"', "target_lut": "500"}[key]
    text = TINY.replace("n_particles", "quantised = false\nn_particles")
    (tmp_path / "r.toml").write_text(f"{text}{key} = {value}\n")
    asked = TrainingRun(
        recipe=load_recipe(str(tmp_path / "r.toml")), data=tmp_path / "no.h5",
        folder=tmp_path / "run",
    )  # fmt: skip
    with pytest.raises(UsageError, match=rf"\[training\] {key}: only a quantised tagger"):
        train(asked)
    assert not (tmp_path / "run").exists()


def test_recipes_that_count_ebops_keep_their_digest(tmp_path):
    (tmp_path / "r.toml").write_text(TINY)
    plain = load_recipe(str(tmp_path / "r.toml"))
    counted_in_lut = load_recipe(str(tmp_path / "r.toml"), {"training": {"cost": "lut"}})
    same = load_recipe(str(tmp_path / "r.toml"), {"training": {"cost": "ebops"}})
    assert plain.digest() == same.digest() != counted_in_lut.digest()


def test_other_layers_count_their_ebops():
    class Other:
        def _compute_ebops(self, shape):
            return float(sum(shape))

    assert lut_cost.amounts_of(Other(), (1, 4)) == {"products": 5.0}
