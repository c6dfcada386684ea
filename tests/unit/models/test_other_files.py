import json
import pickle
import zipfile

import h5py
import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.models.keras_env import activate, load_tagger
from jetmix.training.run_dir import open_source
from tests.unit.models.archives import replaced, rewrite, small

keras = activate()
# raised inside Keras when it saves on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
KERAS_2_QKERAS = {
    "class_name": "Sequential",
    "config": {"layers": [{"class_name": "QDense", "config": {"name": "fc1"}}]},
}
KERAS_2 = {
    "module": "keras.src.engine.functional",
    "class_name": "Functional",
    "config": {"name": "model", "layers": []},
    "registered_name": "Functional",
}


def refused(path):
    with pytest.raises(LoweringError) as caught:
        load_tagger(path)
    assert "damaged" not in caught.value.what
    return caught.value


def hdf5(path, config=None, groups=(), **attributes):
    with h5py.File(path, "w") as handle:
        if config is not None:
            handle.attrs["model_config"] = json.dumps(config)
        handle.attrs.update(attributes)
        for group in groups:
            handle.create_group(group)
    return path


def archive(path, config, version):
    with zipfile.ZipFile(path, "w") as handle:
        handle.writestr("config.json", json.dumps(config))
        handle.writestr("metadata.json", json.dumps({"keras_version": version}))
        handle.writestr("model.weights.h5", b"")
    return path


@pytest.mark.parametrize("name", ["only.weights.h5", "renamed.h5"])
def test_weights_alone(tmp_path, name):
    small().save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "m.weights.h5").rename(tmp_path / name)
    error = refused(tmp_path / name)
    assert "holds weights only" in error.what
    assert "load_weights" in error.mend


def test_weights_of_keras_2(tmp_path):
    path = hdf5(tmp_path / "w.h5", layer_names=np.array([b"a"]), keras_version="2.9.0")
    assert "weights only" in refused(path).what


def test_hdf5_file_of_something_else(tmp_path):
    assert "it holds only jets" in refused(hdf5(tmp_path / "a.h5", groups=["jets"])).what


def test_layers_without_weights(tmp_path):
    path = tmp_path / "only.json"
    path.write_text(small().to_json())
    error = refused(path)
    assert "without their weights" in error.what
    assert "model_from_json" in error.mend


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"metadata": {}, "weight_map": {}}', "parts of a model's weights"),
        ('{"a": 1}', "without a Keras model"),
        ('{"a": ', "cannot be read"),
    ],
)
def test_other_json_files(tmp_path, text, said):
    (tmp_path / "x.json").write_text(text)
    assert said in refused(tmp_path / "x.json").what


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.onnx", b"\x08\x08\x12\x07pytorch", "an ONNX file"),
        ("m.pt", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "a PyTorch file"),
        ("m.keras", pickle.dumps([1]), "a Python pickle"),
        ("m.joblib", b"x\x9c", "a Python pickle"),
        ("m.tflite", b"\x1c\0\0\0TFL3", "a TensorFlow Lite file"),
        ("saved_model.pb", b"\x08\x01\x12", "a TensorFlow graph"),
    ],
)
def test_files_of_other_programs(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    error = refused(tmp_path / name)
    assert said in error.what
    assert "model.save" in error.mend


@pytest.mark.parametrize(
    ("member", "said"),
    [("model/data.pkl", "a PyTorch file"), ("x.npy", "an .npz file"), ("a.txt", "a zip archive")],
)
def test_zip_archives_of_other_programs(tmp_path, member, said):
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as handle:
        handle.writestr(member, b"")
    assert said in refused(tmp_path / "m.pt").what


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["saved_model.pb"], "a TensorFlow SavedModel"),
        (["config.json", "model.weights.h5"], "an unpacked .keras file"),
    ],
)
def test_folders_of_other_programs(tmp_path, files, said):
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(LoweringError, match=said):
        open_source(tmp_path)


def test_qkeras_of_keras_2(tmp_path):
    error = refused(hdf5(tmp_path / "q.h5", KERAS_2_QKERAS, keras_version="2.11.0"))
    assert "QKeras" in error.what
    assert "2.11.0" in error.what


def test_qkeras_of_keras_3(tmp_path):
    path = tmp_path / "q.keras"
    small().save(path)
    rewrite(
        path,
        config=lambda c: replaced("hgq>QDense", "qkeras>QDense")(
            replaced("hgq.layers.core.dense", "qkeras.qlayers")(c)
        ),
        metadata=lambda m: {**m, "keras_version": "3.14.1"},
    )
    error = refused(path)
    assert "class 'QDense', written by Keras 3.14.1" in error.what
    assert "hgq2" in error.mend


@pytest.mark.parametrize(
    ("name", "said"),
    [("HGQ>HDense", "a model of HGQ for Keras 2"), ("FixedPointQuantizer", "a proxy model of HGQ")],
)
def test_hgq_of_keras_2(tmp_path, name, said):
    layers = [{"class_name": name, "config": {}}]
    config = {"class_name": "Functional", "config": {"layers": layers}}
    error = refused(hdf5(tmp_path / "h.h5", config, keras_version="2.13.1"))
    assert said in error.what
    assert "2.13.1" in error.what


def test_model_of_keras_2(tmp_path):
    error = refused(archive(tmp_path / "k.keras", KERAS_2, "2.15.0"))
    assert "written by Keras 2.15.0" in error.what
    assert "hgq2" in error.mend


def test_newer_keras_is_named_where_loading_fails(tmp_path):
    config = {**KERAS_2, "module": "keras.src.models.functional", "class_name": "Futuristic"}
    error = refused(archive(tmp_path / "k.keras", config, "3.99.0"))
    assert "3.99.0" in error.what
    assert keras.__version__ in error.what


def test_subclassed_model(tmp_path):
    class Subclassed(keras.Model):
        def __init__(self, **given):
            super().__init__(**given)
            self.only = keras.layers.Dense(2)

        def call(self, x):
            return self.only(x)

    model = Subclassed()
    model(np.zeros((1, 3), np.float32))
    model.save(tmp_path / "s.keras")
    error = refused(tmp_path / "s.keras")
    assert "subclassed model" in error.what
    assert "'Subclassed'" in error.what
    assert "keras.Model(inputs, outputs)" in error.mend


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
def test_sequential_model_without_an_input_shape(tmp_path):
    from hgq.layers import QDense

    keras.Sequential([QDense(2)]).save(tmp_path / "s.keras")
    assert "without an input shape" in refused(tmp_path / "s.keras").what
