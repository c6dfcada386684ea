"""The page of kinds agrees with what jetmix and the engines register."""

import inspect

import pytest

from jetmix.firmware.lowerable import EXACT
from jetmix.firmware.replay.layers import ACTIVATIONS, LUT, PLAIN
from jetmix.firmware.replay.moves import MOVES
from jetmix.models import keras_env
from jetmix.models.prepare import IDENTITIES

# raised inside Keras on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
# bases, and cells that only stand inside a layer
NO_LAYERS = {
    "QLayerBase", "QLayerBaseSingleInput", "QLayerBaseMultiInputs", "QLIFCell", "QSimpleSNNCell",
}  # fmt: skip


def rows(of):
    import kinds

    found = {}
    for row in getattr(kinds, of):
        for kind in row.kinds:
            assert kind not in found
            found[kind] = row
    return found


def test_every_layer_of_hgq_is_listed():
    keras = keras_env.activate()
    from hgq import layers

    shipped = {
        kind.__name__
        for kind in vars(layers).values()
        if inspect.isclass(kind) and issubclass(kind, keras.layers.Layer)
    }
    assert set(rows("HGQ")) == shipped - NO_LAYERS


def test_every_layer_of_keras_that_lowers_is_listed():
    assert set(rows("KERAS")) == EXACT | set(IDENTITIES)


def test_engines_are_those_that_have_a_form_of_the_layer():
    keras_env.activate()
    from alkaid.converter.builtin.keras.layers import _registry as alkaid
    from hgq._alkaid_keras_plugin import register
    from hgq._dais_tracer.layers import _registry as da4ml

    register()

    # layers that jetmix replays itself, or leaves out, need no form of the engine
    without = {*IDENTITIES, "InputLayer"}
    own = {*LUT, *ACTIVATIONS, *PLAIN, *MOVES} | without
    registered = {
        "da4ml": own | {kind.__name__ for kind in da4ml},
        "alkaid": without | {kind.__name__ for kind in alkaid},
    }
    for kind, row in (rows("HGQ") | rows("KERAS")).items():
        assert set(row.engines) == {name for name, kinds in registered.items() if kind in kinds}


def test_the_page_shows_each_kind_with_its_way_into_the_hls_project():
    import kinds

    page = kinds.kinds_page()
    lines = page.splitlines()
    for row in (*kinds.HGQ, *kinds.KERAS):
        for way, names in kinds.ways(row).items():
            found = [line for line in lines if line.startswith(f"| {row.title} |")]
            assert any(f"| {way} |" in line for line in found) or not names
    assert "| `QGRU`, `QSimpleRNN` | alkaid | no |" in page
    assert "| `QConv1/2D` | da4ml, alkaid | hls4ml |" in page
    assert "| `QConv3D` | da4ml, alkaid | graph |" in page
