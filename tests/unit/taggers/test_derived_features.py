"""Features that a tagger derives from the trigger's integers, in Keras and both engines."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest

from jetmix.data.formulas.derive import derivation_of
from jetmix.errors import LoweringError, UsageError
from jetmix.firmware import da_graph
from jetmix.firmware.engines.registry import ENGINES
from jetmix.models import keras_env
from jetmix.models.deriving import derived_features
from jetmix.models.prepare import prepare
from jetmix.models.run import fed, outputs_of
from jetmix.recipes.data_section import HardwareInput
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.delivered import derived_input, taken_in
from jetmix.taggers.registry import build_tagger, check_recipe, spec_from
from jetmix.training.finish import save_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RECIPE = """
[data]
features = ["pt", "deta", "dphi", "mixed"]
normalisation = "power-of-two"
occupied = "pt"
[data.hardware]
pt = {bits = 4}
eta = {bits = 6, signed = true}
phi = {bits = 5, signed = true, turn = TURN}
jet_eta = {bits = 5, signed = true, lsb = 2.0}
jet_phi = {bits = 5, signed = true, turn = TURN}
[data.derived]
deta = "eta - jet_eta"
dphi = "phi - jet_phi"
mixed = "3 * eta - 0.5 * pt + 5"
[tagger]
architecture = "deepsets"
n_particles = 3
[tagger.options]
phi = [3]
rho = [3]
"""
TURNS = (32, 24, 23)
SCALES = (4.0, 8.0, 8.0, 16.0)
N = 3


def spec_of(tmp_path, turn):
    (tmp_path / "own.toml").write_text(RECIPE.replace("TURN", str(turn)))
    return spec_from(load_recipe(str(tmp_path / "own.toml")), n_classes=3, scales=SCALES)


def codes():
    """Return jets over all codes of the ports, the corners first; some slots are empty."""
    rng = np.random.default_rng(2)
    low = np.array([0, -32, -16] * N + [-16, -16])
    high = np.array([15, 31, 15] * N + [15, 15])
    # each angle at each end against each end of the axis
    corners = np.array([np.where(rng.integers(0, 2, len(low)), low, high) for _ in range(200)])
    x = np.concatenate([[low, high], corners, rng.integers(low, high + 1, (3000, len(low)))])
    x[::7, [3, 4, 5]] = 0
    x[1::7, 6] = 0
    return x.astype(np.float32)


def expected(x, turn):
    """Return the features in integers, worked out here in Python's own."""
    out = []
    for jet in x.astype(int).tolist():
        jet_eta, jet_phi = jet[-2:]
        for pt, eta, phi in zip(jet[0:9:3], jet[1:9:3], jet[2:9:3], strict=True):
            dphi = phi - jet_phi
            if dphi >= turn - turn // 2:
                dphi -= turn
            elif dphi < -(turn // 2):
                dphi += turn
            derived = [eta - 2 * jet_eta, dphi, 3 * eta - 0.5 * pt + 5]
            out.append([pt, *(derived if pt else [0, 0, 0])])
    return np.array(out).reshape(len(x), N, 4)


@pytest.fixture(params=TURNS)
def turn(request):
    return request.param


@pytest.fixture
def layer(tmp_path, turn):
    """Return a model of the derived features alone, and what it derives."""
    keras = keras_env.activate()
    spec = spec_of(tmp_path, turn)
    seen = derived_input(spec, spec.derivation)
    return keras.Model(taken_in(seen), seen), spec.derivation


def test_numpy_and_keras_give_the_features(layer, turn):
    model, derivation = layer
    x = codes()
    right = expected(x, turn)
    np.testing.assert_array_equal(derived_features(derivation, x, N), right)
    found = outputs_of(model, x).reshape(right.shape)
    np.testing.assert_array_equal(found, right / np.array(SCALES))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_them_too(layer, turn, engine):
    model, _ = layer
    x = codes()
    graph = da_graph.graph_of(da_graph.trace_layers(prepare(model).model, by=engine))
    assert set(map(tuple, graph.inp_kifs.T.tolist())) == {(0, 4, 0), (1, 5, 0), (1, 4, 0)}
    right = expected(x, turn) / np.array(SCALES)
    np.testing.assert_array_equal(graph.predict(x.astype(np.float64)), right.reshape(len(x), -1))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tagger_is_lowered_exactly(tmp_path, engine):
    from hgq.utils import trace_minmax

    model = build_tagger(spec_of(tmp_path, 24))
    x = codes()
    trace_minmax(model, fed(model, x))
    assert [port.shape for port in model.inputs] == [(None, 3, 3), (None, 2)]
    prepared = prepare(model).model
    graph = da_graph.graph_of(da_graph.trace_layers(prepared, by=engine))
    np.testing.assert_array_equal(graph.predict(x.astype(np.float64)), outputs_of(prepared, x))


def test_a_saved_tagger_is_loaded_and_a_forged_layer_is_not(tmp_path):
    model = build_tagger(spec_of(tmp_path, 24))
    save_model(model, tmp_path / "one.keras")
    again = keras_env.load_tagger(tmp_path / "one.keras")
    np.testing.assert_array_equal(outputs_of(again, codes()), outputs_of(model, codes()))
    other = tmp_path / "other.keras"
    replaced_text(tmp_path / "one.keras", other, "jetmix.models.derive_layer", "jetmix.models.run")
    with pytest.raises(LoweringError, match="foreign class"):
        keras_env.load_tagger(other)


def replaced_text(path, out, old, new):
    """Copy a model file with a text of its configuration replaced."""
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            copy.writestr(name, content.replace(old.encode(), new.encode()))


def test_the_full_precision_twin_derives_the_same(tmp_path):
    spec = replace(spec_of(tmp_path, 24), quantised=False)
    seen = derived_input(spec, spec.derivation)
    model = keras_env.activate().Model(taken_in(seen), seen)
    right = expected(codes(), 24) / np.array(SCALES)
    np.testing.assert_array_equal(outputs_of(model, codes()).reshape(right.shape), right)
    assert [layer.name for layer in model.layers] == ["constituents", "jet", "derived"]


def test_jets_without_constituents_have_one_input():
    keras = keras_env.activate()
    hardware = {name: HardwareInput(bits=4, signed=True) for name in ("a", "b")}
    derivation = derivation_of(("a", "d"), {"d": "a - b"}, hardware, occupied="", n_particles=None)
    from jetmix.models.derive_layer import Derive

    inputs = keras.Input((2,))
    model = keras.Model(inputs, Derive(derivation, (1.0, 2.0))(inputs))
    assert model.predict(np.array([[3.0, 5.0]]), verbose=0).tolist() == [[3.0, -1.0]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"eta - jet_eta"', '"eta * jet_eta"', "multiplier of 6 x 5 bits, about 30 LUT"),
        ('deta = "', 'other = "', "'derived' should be for features of the recipe, and 'other'"),
        ("pt = {bits = 4}", "", "for all features of the recipe or for none .pt is absent"),
        ("pt = {bits = 4}", "pt = {bits = 4}\ndeta = {bits = 3}", "deta is derived"),
        ("turn = 24", "turn = 99", "'turn' should be at most the 32 integers of 5 bits"),
        ('"power-of-two"', '"standard"', "give pt the scaling 'power-of-two'"),
        ('occupied = "pt"', "", "no column says which slots are empty"),
    ],
)
def test_recipes_that_are_refused(tmp_path, old, new, message):
    text = RECIPE.replace("TURN", "24")
    assert old in text
    (tmp_path / "own.toml").write_text(text.replace(old, new))
    with pytest.raises(UsageError, match=message):
        check_recipe(load_recipe(str(tmp_path / "own.toml")))


def test_old_recipes_keep_their_digests():
    assert load_recipe("cms-l1-puppi-quick").digest().startswith("40ae05d13657")
