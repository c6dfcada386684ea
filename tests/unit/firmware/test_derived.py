import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.firmware import da_graph
from jetmix.models.keras_env import activate
from jetmix.verification.emulator.emulator import Emulator

keras = activate()
# raised inside Keras on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def model_of(make):
    from hgq.config import QuantizerConfigScope
    from hgq.layers import QDense
    from hgq.utils import trace_minmax

    with QuantizerConfigScope(place="datalane", f0=2, i0=1, overflow_mode="WRAP"):
        features = keras.Input((4,))
        x = make(QDense)(2, name="own")(QDense(3, name="hidden")(features))
    model = keras.Model(features, x)
    trace_minmax(model, np.linspace(-3, 3, 400, dtype=np.float32).reshape(100, 4))
    return model


@pytest.mark.parametrize("engine", ["da4ml", "alkaid"])
def test_layers_that_only_add_a_name_are_lowered_as_their_base(engine):
    model = model_of(lambda base: type("Named", (base,), {}))
    graph = da_graph.trace(model, by=engine)
    x = np.linspace(-2, 2, 80, dtype=np.float32).reshape(20, 4)
    assert np.array_equal(Emulator(graph=graph, input_shape=(4,)).predict(x), np.asarray(model(x)))


@pytest.mark.parametrize("engine", ["da4ml", "alkaid"])
def test_layers_that_compute_in_their_own_way_are_refused(engine):
    def doubled(base):
        def call(self, inputs, training=None):
            return base.call(self, inputs, training=training) * 2

        return type("Doubled", (base,), {"call": call})

    with pytest.raises(LoweringError) as caught:
        da_graph.trace(model_of(doubled), by=engine)
    assert caught.value.where == "layer own"
    assert caught.value.what.startswith("Doubled computes in its own way, not as QDense")
