import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.models.keras_env import activate, load_tagger
from tests.unit.models.archives import small

keras = activate()
# raised inside Keras when it saves on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def dense(features, name="only"):
    from hgq.layers import QDense

    return keras.Model(features, QDense(2, name=name)(features))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite(tmp_path, value):
    model = small()
    kernel = np.asarray(model.get_layer("logits").kernel).copy()
    kernel[0, 1] = value
    model.get_layer("logits").kernel.assign(kernel)
    model.save(tmp_path / "m.keras")
    with pytest.raises(LoweringError) as caught:
        load_tagger(tmp_path / "m.keras")
    assert caught.value.where.endswith("m.keras: layer logits")
    assert "'kernel' holds 1 NaN or infinite of 8 values" in caught.value.what


def test_weights_of_nested_models_are_looked_at(tmp_path):
    inner = dense(keras.Input((3,)), "inside")
    inner.get_layer("inside").bias.assign([0.0, np.nan])
    features = keras.Input((3,))
    keras.Model(features, inner(features)).save(tmp_path / "m.keras")
    with pytest.raises(LoweringError, match="layer inside"):
        load_tagger(tmp_path / "m.keras")


@pytest.mark.parametrize("policy", ["mixed_float16", "bfloat16"])
def test_half_precision(tmp_path, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = small()
    finally:
        keras.config.set_dtype_policy(before)
    model.save(tmp_path / "m.keras")
    with pytest.raises(LoweringError) as caught:
        load_tagger(tmp_path / "m.keras")
    assert caught.value.where.endswith("layer hidden")
    assert policy in caught.value.what


def test_inputs_of_any_length(tmp_path):
    from hgq.layers import QDense

    jets = keras.Input((None, 3), name="jets")
    pooled = keras.layers.GlobalAveragePooling1D()(jets)
    keras.Model(jets, QDense(2)(pooled)).save(tmp_path / "m.keras")
    with pytest.raises(LoweringError) as caught:
        load_tagger(tmp_path / "m.keras")
    assert caught.value.where.endswith("input jets")
    assert "(None, 3)" in caught.value.what


def test_batches_of_one_size(tmp_path):
    dense(keras.Input(batch_shape=(8, 3))).save(tmp_path / "m.keras")
    assert load_tagger(tmp_path / "m.keras").input_shape == (8, 3)


def test_infinite_decay_of_ranges_is_no_fault(tmp_path):
    path = tmp_path / "m.keras"
    small(i_decay_speed=float("inf")).save(path)
    assert load_tagger(path).output_shape == (None, 2)
