"""People's models become flat functional ones with legal names, and predict the same."""

from typing import Any

import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.models import keras_env
from jetmix.models.identifiers import is_legal, legal
from jetmix.models.prepare import prepare, shown

keras = keras_env.activate()


def dense(units: int = 3, **options: Any) -> Any:
    from hgq.layers import QDense

    return QDense(units, **options)


def predictions(model: Any, n_features: int = 5) -> Any:
    x = np.random.default_rng(1).normal(0, 3, (40, n_features)).astype("f4")
    return model.predict(x, verbose=0, batch_size=40)


@pytest.mark.parametrize("name", ["h", "Head_1", "logits", "sum", "channel_mixing_2", "dense_1"])
def test_legal_names_stay(name: str) -> None:
    assert legal(name) == name


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("dense-1", "dense_1"),
        ("hidden layer", "hidden_layer"),
        ("1st layer (φ)", "l_1st_layer_phi"),
        ("φ", "phi"),
        ("é", "e"),
        ("double", "l_double"),
        ("Signal", "l_Signal"),
        ("size", "l_size"),
        ("input", "l_input"),
        ("jetmix_tagger", "l_jetmix_tagger"),
        ("layer2_out", "l_layer2_out"),
        ("w2", "l_w2"),
        ("a__b", "a_b"),
        ("名", "ideograph_540d"),
    ],
)
def test_other_names_become_legal(name: str, becomes: str) -> None:
    assert legal(name) == becomes
    assert is_legal(becomes)


def test_names_that_become_the_same_are_told_apart() -> None:
    a = keras.Input((5,), name="in-put")
    x = dense(name="a.b")(dense(name="a-b")(dense(name="a_b")(a)))
    found = prepare(keras.Model(a, dense(name="A_B")(x)))
    assert [layer.name for layer in found.model.layers] == [
        "in_put",
        "a_b",
        "a_b_n3",
        "a_b_n4",
        "A_B_n2",
    ]
    assert found.names["a_b_n3"] == "a-b"
    assert found.model.layers[2].iq.name == "a_b_n3_iq"
    assert shown("a_b_n3 -> a_b_n4, other", found.names) == "a-b -> a.b, other"


def test_prepared_again_is_the_same() -> None:
    a = keras.Input((5,), name="class")
    once = prepare(keras.Model(a, dense(name="my layer")(a), name="v1.0"))
    again = prepare(once.model)
    assert again.model is once.model
    assert not again.names
    assert once.names == {"l_class": "class", "my_layer": "my layer", "v1_0": "v1.0"}


def test_nested_models_are_inlined_and_shared_layers_stay_shared() -> None:
    i = keras.Input((5,))
    inner = keras.Model(i, dense(5, activation="relu", name="e")(i), name="encoder")
    deeper = keras.Sequential([keras.Input((5,)), inner, keras.layers.Dropout(0.5)])
    a = keras.Input((5,))
    model = keras.Model(a, dense(name="e")(deeper(inner(a))))
    right = predictions(model)
    found = prepare(model)
    assert [layer.name for layer in found.model.layers[1:]] == ["encoder_e", "e"]
    assert found.names == {"encoder_e": "encoder/e"}
    assert len(found.model.get_layer("encoder_e")._inbound_nodes) == 2
    np.testing.assert_array_equal(predictions(found.model), right)


def test_identities_are_dropped() -> None:
    a = keras.Input((5,))
    x = keras.layers.Dropout(0.3)(keras.layers.GaussianNoise(1.0)(a))
    x = keras.layers.Identity()(dense(name="h")(x))
    model = keras.Model(a, keras.layers.Activation("linear")(x))
    right = predictions(model)
    found = prepare(model)
    assert [type(layer).__name__ for layer in found.model.layers] == ["InputLayer", "QDense"]
    np.testing.assert_array_equal(predictions(found.model), right)


@pytest.mark.parametrize("form", ["list", "dict", "sequential", "fixed batch"])
def test_inputs_and_outputs_become_plain(form: str) -> None:
    a = keras.Input(batch_shape=(40 if form == "fixed batch" else None, 5), name="x")
    if form == "sequential":
        model = keras.Sequential([a, dense(name="o")])
    else:
        out = dense(name="o")(a)
        given, got = {"list": ([a], [out]), "dict": ({"x": a}, {"y": out})}.get(form, (a, out))
        model = keras.Model(given, got)
    found = prepare(model).model
    assert found.input_shape == (None, 5)
    assert found.output_shape == (None, 3)
    assert found.layers[-1].input is found.input
    assert predictions(found).shape == (40, 3)


def test_several_inputs_and_outputs_stay_in_order() -> None:
    a, b = keras.Input((2,), name="b"), keras.Input((3,), name="a")
    x = keras.layers.Concatenate(name="cat")([a, b])
    model = keras.Model({"b": a, "a": b}, [dense(2, name="o2")(x), dense(1, name="o1")(x)])
    found = prepare(model).model
    assert [tensor.shape[1] for tensor in found.inputs] == [
        tensor.shape[1] for tensor in model.inputs
    ]
    assert [tensor.shape[1] for tensor in found.outputs] == [2, 1]


def test_subclassed_models_are_refused() -> None:
    class Own(keras.Model):  # type: ignore[misc, name-defined]
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(LoweringError, match="Python code"):
        prepare(Own())
