"""Each kind of layer, function and mode that lowers gives the bits of Keras."""

from collections.abc import Callable
from typing import Any

import pytest

from jetmix.errors import LoweringError
from jetmix.firmware.engines.registry import EngineName
from tests.unit.firmware.kinds import calibrated, differing, differing_by_engine, hgq, keras

# raised inside Keras on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FUNCTIONS = ("tanh", "sigmoid", "leaky_relu", "gelu", "hard_silu", "softplus", "elu", "exponential")
EXACT = {"da4ml": 0, "alkaid": 0}
MODES = ("TRN", "RND", "RND_CONV", "S_RND", "S_RND_CONV")


def lut(**options: Any) -> Any:
    return hgq.QDenseT(3, n_hl=1, d_hl=4, **options)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_tables_of_a_function(function: str) -> None:
    model = calibrated(lambda x: hgq.QUnaryFunctionLUT(function)(hgq.QDense(4)(x)))
    assert differing(model) == 0


@pytest.mark.parametrize("function", ["tanh", "gelu", "hard_silu", "relu"])
def test_lut_layers(function: str) -> None:
    assert differing_by_engine(calibrated(lut(subnn_activation=function))) == EXACT


@pytest.mark.parametrize(
    "options",
    [
        {"batch_norm": True},
        {"batch_norm": True, "bn_center": False},
        {"batch_norm": True, "bn_scale": False},
        {"use_bias": False},
        {"activation": "relu"},
        {"enable_iq": False},
    ],
    ids=str,
)
def test_lut_layers_with_options(options: dict[str, Any]) -> None:
    def build(x: Any) -> Any:
        return lut(name="second", **options)(lut(name="first")(x))

    assert differing(calibrated(build, f0=3)) == 0


@pytest.mark.parametrize(
    ("rounding", "by"),
    [*((mode, "da4ml") for mode in MODES), *((mode, "alkaid") for mode in MODES if mode[0] != "S")],
)
def test_lut_layers_of_inputs_rounded_otherwise(rounding: str, by: EngineName) -> None:
    def build(x: Any) -> Any:
        return lut(name="second", batch_norm=True)(lut(name="first", batch_norm=True)(x))

    assert differing(calibrated(build, rounding=rounding, f0=3), by=by) == 0


def test_lut_convolutions() -> None:
    def one(x: Any) -> Any:
        return keras.layers.Flatten()(hgq.QConvT1D(2, 3, padding="same")(x))

    def two(x: Any) -> Any:
        return keras.layers.Flatten()(hgq.QConvT2D(2, 2)(x))

    assert differing(calibrated(one, (5, 2))) == 0
    assert differing(calibrated(two, (4, 4, 1))) == 0


def test_lut_einsum() -> None:
    from hgq.layers.table.dense import QEinsumDenseT

    layer = QEinsumDenseT("bnc,cC->bnC", (3, 4), n_hl=1, d_hl=1, bias_axes="C")
    assert (
        differing_by_engine(calibrated(lambda x: keras.layers.Flatten()(layer(x)), (3, 2))) == EXACT
    )


@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("overflow", ["WRAP", "SAT", "SAT_SYM"])
def test_modes_inside(overflow: str, rounding: str) -> None:
    def build(x: Any) -> Any:
        return hgq.QDense(3, enable_oq=True)(hgq.QDense(5, activation="relu")(x))

    assert differing(calibrated(build, overflow=overflow, rounding=rounding, f0=2)) == 0


@pytest.mark.parametrize(
    ("overflow", "rounding"), [("SAT", "RND"), ("SAT_SYM", "TRN"), ("WRAP", "RND_CONV")]
)
def test_modes_that_no_port_has(overflow: str, rounding: str) -> None:
    from hgq.config import QuantizerConfigScope

    inputs = keras.Input((5,))
    with QuantizerConfigScope(place="datalane", overflow_mode=overflow, round_mode=rounding):
        model = keras.Model(inputs, hgq.QDense(3, name="first")(inputs))
    with pytest.raises(LoweringError, match=rf"layer first: {overflow} with {rounding}") as raised:
        differing(model)
    assert "RND_CONV are lowered" in raised.value.mend


def relu_layer(**options: Any) -> Callable[[Any], Any]:
    return lambda x: hgq.QDense(3)(keras.layers.ReLU(**options)(hgq.QDense(4)(x)))


@pytest.mark.parametrize(
    "build",
    [
        relu_layer(),
        relu_layer(negative_slope=0.25),
        relu_layer(max_value=2.5),
        relu_layer(threshold=0.5),
        relu_layer(negative_slope=0.125, max_value=3.0, threshold=0.25),
        lambda x: hgq.QDense(3)(keras.layers.LeakyReLU(0.25)(hgq.QDense(4)(x))),
        lambda x: hgq.QDense(3)(
            keras.layers.PReLU(keras.initializers.Constant(0.5))(hgq.QDense(4)(x))
        ),
        lambda x: hgq.QDense(3)(keras.layers.Activation("relu")(hgq.QDense(4)(x))),
        lambda x: keras.layers.Subtract()([hgq.QDense(3)(x), hgq.QDense(3)(x)]),
        lambda x: keras.layers.Maximum()([hgq.QDense(3)(x), hgq.QDense(3)(x)]),
        lambda x: keras.layers.Minimum()([hgq.QDense(3)(x), hgq.QDense(3)(x), hgq.QDense(3)(x)]),
        lambda x: keras.layers.Add()([hgq.QDense(3)(x), hgq.QDense(3)(x), hgq.QDense(3)(x)]),
        lambda x: keras.layers.Average()([hgq.QDense(3)(x), hgq.QDense(3)(x)]),
        lambda x: keras.layers.Multiply()([x, x]),
        lambda x: keras.layers.Dot(axes=1)([x, x]),
        lambda x: hgq.QDense(3)(keras.layers.RepeatVector(2)(x)),
        lambda x: keras.layers.Concatenate()([hgq.QDense(3)(x), x]),
        lambda x: hgq.QDense(3)(hgq.QAffinedUnaryFunctionLUT("tanh")(x)),
        lambda x: hgq.QSoftmax()(hgq.QDense(3)(x)),
        lambda x: hgq.QSoftmax(stable=False, enable_iq=True)(hgq.QDense(3)(x)),
    ],
)
def test_layers_of_vectors(build: Callable[[Any], Any]) -> None:
    assert differing_by_engine(calibrated(build)) == EXACT


@pytest.mark.parametrize(
    "build",
    [
        lambda: keras.layers.Permute((2, 1)),
        lambda: keras.layers.Reshape((2, -1)),
        lambda: keras.layers.ZeroPadding1D((1, 2)),
        lambda: keras.layers.Cropping1D(1),
        lambda: keras.layers.UpSampling1D(2),
        lambda: keras.layers.MaxPooling1D(2),
        keras.layers.GlobalMaxPooling1D,
        lambda: keras.layers.AveragePooling1D(2),
        lambda: hgq.QEinsumDense("bij,jk->bk", 5, bias_axes="k", activation="relu"),
    ],
)
def test_layers_of_sequences(build: Callable[[], Any]) -> None:
    def whole(x: Any) -> Any:
        return hgq.QDense(2)(keras.layers.Flatten()(build()(hgq.QDense(3)(x))))

    assert differing_by_engine(calibrated(whole, (4, 3))) == EXACT


def narrow(units: int, **options: Any) -> Any:
    from hgq.quantizer.config import QuantizerConfig

    return hgq.QDense(
        units,
        iq_conf=QuantizerConfig("kif", "datalane", f0=1, i0=2),
        kq_conf=QuantizerConfig("kbi", "weight", b0=3, i0=1),
        bq_conf=QuantizerConfig("kbi", "weight", b0=3, i0=1),
        **options,
    )


@pytest.mark.parametrize("function", ["tanh", "sigmoid", "leaky_relu"])
def test_activations_that_the_next_quantiser_takes(function: str) -> None:
    def build(x: Any) -> Any:
        return hgq.QDense(3)(keras.layers.Flatten()(narrow(4, activation=function)(x)))

    assert differing_by_engine(calibrated(build)) == EXACT


@pytest.mark.parametrize("by", EXACT)
def test_activations_that_are_too_wide_or_not_quantised(by: EngineName) -> None:
    def wide(x: Any) -> Any:
        return hgq.QDense(3)(hgq.QDense(4, activation="tanh", name="h")(x))

    def last(x: Any) -> Any:
        return narrow(4, activation="sigmoid", name="h")(x)

    for build, words in ((wide, "tanh of values of"), (last, "sigmoid goes out")):
        with pytest.raises(LoweringError, match=rf"layer h: .*{words}") as raised:
            differing(calibrated(build, f0=8), by=by)
        assert "QUnaryFunctionLUT" in raised.value.mend


@pytest.mark.parametrize("by", EXACT)
def test_slopes_that_keras_rounds_are_refused(by: EngineName) -> None:
    def build(x: Any) -> Any:
        return hgq.QDense(3)(keras.layers.LeakyReLU(0.3, name="slope")(hgq.QDense(4)(x)))

    with pytest.raises(LoweringError, match=r"layer slope: the slope 0\.3"):
        differing(calibrated(build), by=by)


@pytest.mark.parametrize("by", EXACT)
def test_inputs_that_nothing_quantises_are_refused(by: EngineName) -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, hgq.QDense(3, enable_iq=False, name="first")(inputs))
    with pytest.raises(LoweringError, match=r"layer first: .*nothing has quantised"):
        differing(model, by=by)


@pytest.mark.parametrize(("by", "other"), [("da4ml", "alkaid"), ("alkaid", "da4ml")])
def test_a_layer_that_an_engine_fails_at_is_named_in_one_plain_line(
    by: EngineName, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise KeyError("inner words")

    model = calibrated(hgq.QDense(3, name="first"))
    monkeypatch.setattr(f"jetmix.firmware.engines.{by}_replay.replayed", fails)
    with pytest.raises(LoweringError) as raised:
        differing(model, by=by)
    assert str(raised.value).startswith(
        f"layer l_port: the engine {by} cannot lower this Quantizer;"
    )
    assert f"--engine {other}" in str(raised.value)
    assert "inner words" not in str(raised.value)
