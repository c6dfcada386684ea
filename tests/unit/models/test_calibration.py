import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.models import calibration
from jetmix.models.keras_env import activate, load_tagger
from tests.unit.models.archives import small

keras = activate()
# raised inside Keras when it saves on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
PER_TENSOR = {"homogeneous_axis": None, "heterogeneous_axis": ()}


def ranges(model):
    return [float(np.asarray(layer.iq.quantizer._i).ravel()[0]) for layer in model.layers[1:]]


def test_model_that_no_jet_has_passed_is_refused():
    with pytest.raises(LoweringError) as caught:
        calibration.require_calibrated(small())
    assert caught.value.where == "model small"
    assert "7 values" in caught.value.what
    assert "--calibrated" in caught.value.mend


def test_calibrated_model_passes():
    from hgq.utils import trace_minmax

    model = small()
    trace_minmax(model, np.linspace(-3, 3, 300, dtype=np.float32).reshape(100, 3))
    calibration.require_calibrated(model)
    assert ranges(model)[0] == 2


def test_ranges_may_come_out_as_they_started(tmp_path):
    from hgq.utils import trace_minmax

    x = np.linspace(-1.6, 1.6, 300, dtype=np.float32).reshape(100, 3)
    model = small(**PER_TENSOR)
    start = ranges(model)
    hidden = model.get_layer("hidden")
    hidden.kernel.assign(np.eye(3, 4, dtype=np.float32) * 0.75)
    trace_minmax(model, x)
    assert ranges(model) == start
    calibration.require_calibrated(model)
    model.save(tmp_path / "m.keras")
    calibration.require_calibrated(load_tagger(tmp_path / "m.keras"))


def test_note_in_the_file(tmp_path):
    path = tmp_path / "m.keras"
    small().save(path)
    before = path.read_bytes()
    assert not calibration.is_recorded(path)
    calibration.record(path)
    assert calibration.is_recorded(path)
    assert path.read_bytes() != before
    # Keras reads the file as before, and drops the note when it saves
    load_tagger(path).save(path)
    assert not calibration.is_recorded(path)


def test_hdf5_files_have_no_note(tmp_path):
    small().save(tmp_path / "m.h5")
    assert not calibration.is_recorded(tmp_path / "m.h5")


def test_a_recurrent_layer_has_its_quantisers_in_its_cell():
    from hgq.layers import QSimpleRNN
    from hgq.utils import trace_minmax

    steps = keras.Input((2, 3))
    model = keras.Model(steps, QSimpleRNN(2, name="steps")(steps))
    trace_minmax(model, np.linspace(-3, 3, 600, dtype=np.float32).reshape(100, 2, 3))
    calibration.require_calibrated(model)
    assert model.get_layer("steps").enable_iq
    assert not hasattr(model.get_layer("steps"), "iq")
