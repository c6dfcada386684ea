import numpy as np
import pytest

from jetmix.errors import DataError
from jetmix.models import keras_env
from jetmix.models.signature import Port, Signature, join, joined, slices, split
from jetmix.verification.bench import keras_logits

keras = keras_env.activate()
# a dict whose keys are not the names of the layers is allowed
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict:UserWarning"),
]


def inputs():
    return keras.Input((2, 3), name="mu-on"), keras.Input((4,), name="φ")


def double(name):
    return keras.layers.Rescaling(2.0, name=name)


def test_ports_of_a_list():
    a, b = inputs()
    ports = Signature.of(keras.Model([a, b], [double("one")(b), double("1 two.")(a)]))
    assert ports.inputs == (
        Port(name="mu-on", identifier="in_mu_on", shape=(2, 3)),
        Port(name="φ", identifier="in_1", shape=(4,)),
    )
    assert ports.outputs == (
        Port(name="one", identifier="out_one", shape=(4,)),
        Port(name="1 two.", identifier="out_1_two", shape=(2, 3)),
    )
    assert (ports.input_shape, ports.n_inputs, ports.n_outputs) == ((10,), 10, 10)
    assert slices(ports.outputs) == [slice(0, 4), slice(4, 10)]


def test_a_single_input_keeps_its_shape():
    a, _ = inputs()
    assert Signature.of(keras.Model(a, double("x")(a))).input_shape == (2, 3)
    assert Signature.of(keras.Sequential([keras.Input((2, 3)), double("x")])).input_shape == (2, 3)


def test_a_dict_is_in_the_order_of_keras():
    a, b = inputs()
    model = keras.Model({"x": a, "b": b}, {"z": double("z")(a), "y": double("y")(b)})
    ports = Signature.of(model)
    assert [port.name for port in ports.inputs] == ["b", "x"]
    assert [port.shape for port in ports.inputs] == [(4,), (2, 3)]
    assert [port.name for port in ports.outputs] == ["y", "z"]
    x = np.arange(30, dtype=np.float32).reshape(3, 10)
    np.testing.assert_array_equal(keras_logits(model, x), 2 * x)


def test_outputs_of_a_shared_layer_are_told_apart():
    a, b = keras.Input((3,)), keras.Input((3,))
    shared = double("Head")
    ports = Signature.of(keras.Model([a, b], [shared(a), shared(b)]))
    assert [port.name for port in ports.outputs] == ["Head (1)", "Head (2)"]
    assert [port.identifier for port in ports.outputs] == ["out_Head", "out_Head_2"]


def test_identifiers_differ_in_more_than_capitals():
    a = keras.Input((3,))
    heads = [double(name)(a) for name in ("Cls", "cls", "c_ls", "c ls")]
    names = [port.identifier for port in Signature.of(keras.Model(a, heads)).outputs]
    assert names == ["out_Cls", "out_cls_2", "out_c_ls", "out_c_ls_2"]


def test_renamed_layers_show_the_users_name():
    a = keras.Input((3,), name="class_")
    ports = Signature.of(keras.Model(a, double("d")(a)), {"class_": "class"})
    assert ports.inputs[0].name == "class"


def test_split_and_join_are_inverse():
    ports = (
        Port(name="a", identifier="a", shape=(2, 3)),
        Port(name="b", identifier="b", shape=()),
        Port(name="c", identifier="c", shape=(4,)),
    )
    flat = np.arange(55.0).reshape(5, 11)
    arrays = split(flat, ports)
    assert [array.shape for array in arrays] == [(5, 2, 3), (5,), (5, 4)]
    np.testing.assert_array_equal(join(arrays), flat)


PORTS = (
    Port(name="mu", identifier="in_mu", shape=(2, 3)),
    Port(name="adc", identifier="in_adc", shape=(4,)),
)


def given():
    rng = np.random.default_rng(1)
    return {"adc": rng.normal(size=(5, 4)), "mu": rng.normal(size=(5, 2, 3))}


def test_arrays_are_joined_by_name_and_in_order():
    arrays = given()
    flat = joined(arrays, PORTS)
    np.testing.assert_array_equal(flat, joined([arrays["mu"], arrays["adc"]], PORTS))
    np.testing.assert_array_equal(flat[:, :6], arrays["mu"].reshape(5, 6))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda arrays: arrays.pop("adc"), "'adc' is an input without an array; give the inputs"),
        (lambda arrays: arrays.update(ADC=1), "'ADC' is no input; give the inputs mu, adc"),
        (lambda arrays: arrays.update(adc=np.zeros((5, 3))),
         "input 'adc' has the shape (5, 3); give it as (5, 4)"),
        (lambda arrays: arrays.update(adc=np.zeros((4, 4))),
         "input 'adc' has the shape (4, 4); give it as (5, 4)"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_named(change, said):
    arrays = given()
    change(arrays)
    with pytest.raises(DataError) as caught:
        joined(arrays, PORTS)
    assert str(caught.value).startswith(said)
    with pytest.raises(DataError, match="1 arrays for 2 inputs"):
        joined([arrays["mu"]], PORTS)
