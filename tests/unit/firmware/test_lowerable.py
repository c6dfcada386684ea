import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.firmware.lowerable import check_lowerable
from jetmix.firmware.softmax import without_softmax
from jetmix.models import keras_env

keras = keras_env.activate()
# raised inside Keras on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def tagger(*middle, last=()):
    from hgq.config import QuantizerConfigScope
    from hgq.layers import QDense
    from hgq.utils import trace_minmax

    with QuantizerConfigScope(place="datalane", f0=2, i0=1, overflow_mode="WRAP"):
        features = keras.Input((4,))
        x = QDense(3, name="hidden")(features)
        for layer in middle:
            x = layer(x)
        x = QDense(2, name="logits")(x)
    for layer in last:
        x = layer(x)
    model = keras.Model(features, x, name="small")
    trace_minmax(model, np.linspace(-3, 3, 400, dtype=np.float32).reshape(100, 4))
    return model


def test_calibrated_model_of_hgq_layers_is_lowerable():
    check_lowerable(tagger(keras.layers.Reshape((3,))))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: tagger(keras.layers.Dense(3, name="plain")),
         "layer plain: Dense is not quantised, so it cannot be lowered exactly; use hgq's QDense"),
        (lambda: tagger(last=[keras.layers.Softmax(name="classes")]),
         "layer classes: the final softmax cannot be lowered"),
        (lambda: tagger(last=[keras.layers.Activation("softmax", name="last")]),
         "layer last: the final softmax cannot be lowered"),
    ],
)  # fmt: skip
def test_what_cannot_be_lowered_is_named(model, said):
    with pytest.raises(LoweringError) as caught:
        check_lowerable(model())
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("last", ["softmax", "activation", "qsoftmax"])
def test_logits_are_what_the_softmax_saw(last):
    from hgq.layers import QSoftmax

    x = np.linspace(-3, 3, 40, dtype=np.float32).reshape(10, 4)
    layer = {
        "softmax": keras.layers.Softmax,
        "activation": lambda: keras.layers.Activation("softmax"),
        "qsoftmax": QSoftmax,
    }[last]()
    cut = without_softmax(tagger(last=[layer]))
    check_lowerable(cut)
    assert cut.layers[-1].name == "logits"
    assert cut.output_shape == (None, 2)
    assert np.asarray(cut(x)).sum(axis=1) != pytest.approx(1)


def test_quantised_softmax_is_lowered_as_it_is():
    from hgq.layers import QSoftmax

    check_lowerable(tagger(last=[QSoftmax(name="classes")]))


def test_what_has_no_softmax_to_cut_is_told():
    with pytest.raises(LoweringError, match=r"does not end in a softmax.*leave out --logits"):
        without_softmax(tagger())
    dense = keras.layers.Dense(2, activation="softmax", name="both")
    with pytest.raises(LoweringError, match=r"layer both: .*activation of a layer with weights"):
        without_softmax(tagger(last=[dense]))
