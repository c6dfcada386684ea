"""Functions of ``keras.ops``, groups of channels and inputs of integers give the bits of Keras."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.firmware.hls_ways import not_for_hls4ml
from jetmix.models.prepare import prepare
from jetmix.models.signature import Signature
from tests.unit.firmware.kinds import calibrated, differing, differing_by_engine, hgq, keras

# raised inside Keras on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

EXACT = {"da4ml": 0, "alkaid": 0}
ops = keras.ops


def between(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a model's layers with a function between two of them."""

    def build(x: Any) -> Any:
        h = function(hgq.QDense(4, activation="relu")(x))
        return hgq.QDense(3)(keras.layers.Flatten()(h))

    return build


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.transpose(x, (0, 2, 1)),
        lambda x: ops.swapaxes(ops.expand_dims(x, 1), 1, -1),
        lambda x: ops.concatenate(ops.split(x, 2, axis=2), axis=1),
        lambda x: ops.stack([x, ops.flip(x, 1)], axis=1),
        lambda x: ops.repeat(x, 2, axis=1),
        lambda x: x[:, :2],
        lambda x: ops.sum(x, axis=1),
        lambda x: ops.mean(x, axis=-1, keepdims=True),
        lambda x: ops.max(x, axis=1) - ops.min(x, axis=1),
        lambda x: -ops.clip(x, 0.5, 2.0),
        lambda x: ops.relu(x - 1.0),
        lambda x: ops.relu6(x + x),
    ],
    ids=["transpose", "axes", "split", "stack", "repeat", "slice", "sum", "mean", "extremes",
         "clip", "relu", "relu6"],
)  # fmt: skip
def test_functions(function: Callable[[Any], Any]) -> None:
    assert differing_by_engine(calibrated(between(function), (3, 2))) == EXACT


def test_functions_that_the_next_quantiser_takes() -> None:
    model = calibrated(lambda x: hgq.QDense(3)(ops.tanh(hgq.QUnaryFunctionLUT("tanh")(x))))
    assert differing(model) == 0


def test_parts_of_what_waits_for_a_quantiser() -> None:
    def build(x: Any) -> Any:
        first, second = ops.split(ops.tanh(hgq.QUnaryFunctionLUT("tanh")(x)), 2, axis=1)
        return hgq.QAdd()([hgq.QDense(3)(first), hgq.QDense(3)(second)])

    assert differing(calibrated(build, (4,))) == 0


def test_a_mean_that_keras_rounds_is_refused() -> None:
    with pytest.raises(LoweringError, match="the mean of 3 values is no shift"):
        differing(calibrated(between(lambda x: ops.mean(x, axis=1)), (3, 2)))


@pytest.mark.parametrize("form", ["channels_last", "channels_first"])
def test_convolutions_of_groups(form: str) -> None:
    def build(x: Any) -> Any:
        layer = hgq.QConv2D(4, 2, groups=2, padding="same", strides=2, data_format=form)
        return keras.layers.Flatten()(layer(x))

    shape = (3, 4, 2) if form == "channels_last" else (2, 3, 4)
    if form == "channels_first":
        shape = (2, 4, 3)
    model = calibrated(build, shape)
    assert differing_by_engine(model) == EXACT


@pytest.mark.parametrize(
    "options", [{"groups": 2}, {"dilation_rate": 2}, {"data_format": "channels_first"}], ids=str
)
def test_forms_of_convolutions_that_hls4ml_is_not_trusted_with(options: dict[str, Any]) -> None:
    def why(**options: Any) -> str:
        inputs = keras.Input((4, 4))
        layer = hgq.QConv1D(2, 2, name="conv", **options)
        model = prepare(keras.Model(inputs, keras.layers.Flatten()(layer(inputs)))).model
        return not_for_hls4ml(model, Signature.of(model))

    assert next(iter(options)) in why(**options)
    assert why() == ""


def test_inputs_of_integers() -> None:
    from hgq.utils import trace_minmax

    inputs = keras.Input((4,), dtype="int32")
    model = keras.Model(inputs, hgq.QDense(3)(inputs))
    trace_minmax(model, np.arange(-32, 32).reshape(16, 4), batch_size=16, verbose=0)
    assert differing(model) == 0
