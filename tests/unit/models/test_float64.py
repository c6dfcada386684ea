import numpy as np
import pytest

from jetmix.firmware import da_graph
from jetmix.models import keras_env
from jetmix.models.float64 import float64_outputs
from jetmix.models.run import outputs_of
from jetmix.models.signature import Signature
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.precision import precision_of
from jetmix.verification.simulators.rtl import pack, unpack
from jetmix.verification.vectors import InputRange, build_vectors

keras = keras_env.activate()
# raised inside Keras on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def scopes(*, f0, i0, b0=16):
    from contextlib import ExitStack

    from hgq.config import QuantizerConfigScope

    stack = ExitStack()
    for options in (
        {"place": "datalane", "f0": f0, "i0": i0, "overflow_mode": "WRAP", "round_mode": "RND"},
        {"place": "weight", "b0": b0, "i0": 2},
    ):
        stack.enter_context(QuantizerConfigScope(**options))
    return stack


def calibrated(inputs, outputs):
    from hgq.utils import trace_minmax

    model = keras.Model(inputs, outputs)
    size = Signature.of(model).n_inputs
    x = np.random.default_rng(3).normal(0, 3, (400, size)).astype(np.float32)
    trace_minmax(model, x, batch_size=400, verbose=False)
    return model


def wide(*, f0=14, i0=6):
    """Sums of far more than 24 bits, a batch normalisation fused into a kernel, and a table."""
    from hgq.layers import QBatchNormDense, QDense, QUnaryFunctionLUT

    keras.utils.set_random_seed(5)
    with scopes(f0=f0, i0=i0):
        inputs = keras.Input((6,))
        hidden = QDense(5, activation="relu", name="hidden")(inputs)
        fused = QBatchNormDense(4, name="fused")(hidden)
        outputs = QDense(2, name="last")(fused)
    with scopes(f0=4, i0=2):
        bent = QUnaryFunctionLUT("tanh", name="bent")(fused)
    return calibrated(inputs, [outputs, bent])


@pytest.fixture(scope="module")
def lowered():
    model = wide()
    graph = da_graph.trace(model)
    ranges = InputRange.of(graph)
    x = build_vectors(ranges, (6,), jets=None, n_random=1500, seed=2).x
    return model, graph, x


def test_float64_is_as_exact_as_the_firmware(lowered):
    model, graph, x = lowered
    firmware = graph.predict(x.astype(np.float64)).reshape(len(x), -1)
    assert precision_of(graph) == "float64"
    assert x.dtype == np.float32
    assert (outputs_of(model, x) != firmware).any(axis=1).mean() > 0.5
    np.testing.assert_array_equal(float64_outputs(model, x), firmware)


def test_the_twin_leaves_keras_and_the_model_as_they_were(lowered):
    model, _, x = lowered
    before = outputs_of(model, x)
    float64_outputs(model, x[:10])
    assert keras.config.floatx() == "float32"
    assert keras.config.dtype_policy().name == "float32"
    assert {weight.dtype for weight in model.weights} <= {"float32", "uint8", "uint32"}
    np.testing.assert_array_equal(outputs_of(model, x), before)
    assert keras.layers.Dense(2)(x[:1]).dtype == "float32"


def test_float64_is_a_dense_layer_in_numpy():
    from hgq.layers import QDense

    keras.utils.set_random_seed(6)
    with scopes(f0=18, i0=5):
        inputs = keras.Input((7,))
        model = calibrated(inputs, QDense(3, name="only")(inputs))
    layer = model.layers[-1]
    k, i, f = (np.asarray(bits, dtype=np.float64) for bits in layer.iq.quantizer.kif)
    x = np.random.default_rng(1).normal(0, 9, (500, 7)).astype(np.float32)
    turn, half = 2.0 ** (i + k), k * 2.0 ** (i + k - 1)
    quantised = (np.floor(x * 2.0**f + 0.5) / 2.0**f + half) % turn - half
    kernel, bias = (np.asarray(w, dtype=np.float64) for w in (layer.qkernel, layer.qbias))
    np.testing.assert_array_equal(float64_outputs(model, x), quantised @ kernel + bias)


def test_inputs_beyond_24_bits(tmp_path):
    """Vectors, Keras, the compiled emulator and the ports of the Verilog at such widths."""
    from hgq.layers import QDense

    keras.utils.set_random_seed(7)
    with scopes(f0=22, i0=8, b0=12):
        inputs = keras.Input((3,))
        model = calibrated(inputs, QDense(2, name="only")(inputs))
    graph = da_graph.trace(model)
    assert graph.inp_kifs.sum(axis=0).max() > 25
    x = build_vectors(InputRange.of(graph), (3,), jets=None, n_random=800, seed=3).x
    assert x.dtype == np.float64
    assert (x != x.astype(np.float32)).any()
    firmware = graph.predict(x).reshape(len(x), -1)
    np.testing.assert_array_equal(float64_outputs(model, x), firmware)
    emulator = Emulator.of(graph, (3,), tmp_path)
    assert (emulator.engine, emulator.predict(x).dtype) == ("native", np.float64)
    np.testing.assert_array_equal(emulator.predict(x), firmware)
    kif = np.array(graph.inp_kifs).T.astype(np.int64)
    taken = unpack(pack(x, kif), kif)
    np.testing.assert_array_equal(emulator.predict(taken), firmware)


def test_ports_of_53_bits_are_packed_exactly():
    kif = np.array([[1, 12, 40], [0, 13, 40], [0, 53, 0]])
    ends = np.array([[-(2.0**12), 0.0, 0.0], [2.0**12 - 2.0**-40, 2.0**13 - 2.0**-40, 2.0**53 - 1]])
    np.testing.assert_array_equal(unpack(pack(ends, kif), kif), ends)


def test_narrow_models_stay_in_float32(lowered):
    from hgq.layers import QDense

    with scopes(f0=4, i0=2, b0=6):
        inputs = keras.Input((3,))
        model = calibrated(inputs, QDense(2, name="only")(inputs))
    assert precision_of(da_graph.trace(model)) == "float32"
