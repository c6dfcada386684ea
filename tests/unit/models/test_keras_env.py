import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from jetmix.errors import LoweringError, UsageError
from jetmix.models import keras_env
from jetmix.models.safety import check_model_file
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import build_tagger, spec_from

keras = keras_env.activate()
# raised inside Keras when it saves on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def quantised():
    from hgq.layers import QDense

    inputs = keras.Input((3,))
    return keras.Model(inputs, QDense(2, name="dense")(inputs))


def plain(*layers):
    inputs = keras.Input((3,))
    x = inputs
    for layer in layers or (keras.layers.Dense(2),):
        x = layer(x)
    return keras.Model(inputs, x)


@pytest.fixture(params=["keras", "h5"])
def saved(request, tmp_path):
    path = tmp_path / f"model.{request.param}"
    quantised().save(path)
    return path


def test_loads_both_formats(saved):
    model = keras_env.load_tagger(saved)
    assert model.input_shape == (None, 3)
    assert not model.compiled


def test_truncated_file(saved):
    content = saved.read_bytes()
    saved.write_bytes(content[: len(content) // 2])
    with pytest.raises(LoweringError, match="the file is damaged") as caught:
        keras_env.load_tagger(saved)
    assert caught.value.exit_code == 5


def test_flipped_bytes_in_the_archive(tmp_path):
    path = tmp_path / "m.keras"
    quantised().save(path)
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo("model.weights.h5").header_offset
    content = bytearray(path.read_bytes())
    content[offset + 200] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(LoweringError, match="damaged"):
        keras_env.load_tagger(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"])
def test_something_else(tmp_path, content):
    path = tmp_path / "x.keras"
    path.write_bytes(content)
    with pytest.raises(LoweringError, match=r"neither a Keras zip|damaged"):
        keras_env.load_tagger(path)


def test_missing_file(tmp_path):
    with pytest.raises(LoweringError, match="there is no such model file"):
        keras_env.load_tagger(tmp_path / "no.keras")


def test_hdf5_without_a_model(tmp_path):
    path = tmp_path / "jets.h5"
    with h5py.File(path, "w") as handle:
        handle["jets"] = np.zeros(3)
    with pytest.raises(LoweringError, match=r"without a Keras model"):
        keras_env.load_tagger(path)


def test_lambda_layer_is_refused_before_keras_sees_it(tmp_path):
    path = tmp_path / "lambda.keras"
    plain(keras.layers.Lambda(lambda x: x * 2), keras.layers.Dense(2)).save(path)
    with pytest.raises(LoweringError, match=r"carries executable code .class"):
        check_model_file(path)


def test_foreign_class_is_refused(tmp_path):
    path = tmp_path / "foreign.keras"
    quantised().save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = parts["config.json"].replace(b"hgq.layers.core.dense", b"subprocess")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(LoweringError, match=r"foreign class 'subprocess\.QDense'"):
        keras_env.load_tagger(path)


def test_the_qkeras_form_loads_in_a_process_that_did_not_build_it(tmp_path):
    recipe = load_recipe("hlf-mlp-qkeras")
    build_tagger(spec_from(recipe, n_classes=5)).save(tmp_path / "tagger.keras")
    script = (
        "import sys; from pathlib import Path; from jetmix.models.keras_env import load_tagger; "
        "print(len(load_tagger(Path(sys.argv[1])).layers))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "tagger.keras")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "5", done.stderr


def test_model_without_hgq_layers(tmp_path):
    path = tmp_path / "plain.keras"
    plain().save(path)
    with pytest.raises(LoweringError, match="no HGQ layer"):
        keras_env.load_tagger(path)
    assert keras_env.load_tagger(path, quantised_only=False).output_shape == (None, 2)


def test_reference_taggers_load(reference):
    shapes = {
        "gnn/gnn_32x3_acc79.18.keras": (None, 32, 3),
        "openml/mlp_openml_acc75.86.h5": (None, 16),
    }
    for name, shape in shapes.items():
        assert keras_env.load_tagger(reference / "models" / name).input_shape == shape


def test_unknown_backend():
    with pytest.raises(UsageError, match="unknown Keras backend 'torch'"):
        keras_env.chosen_backend("torch")


def test_other_backend_than_the_running_one_is_refused():
    other = "tensorflow" if keras.backend.backend() == "jax" else "jax"
    with pytest.raises(UsageError, match=f"already runs on .*, not on {other}"):
        keras_env.activate(other)


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_backend_is_chosen_before_keras_is_imported(backend):
    code = (
        "import sys; from jetmix.models import keras_env; assert 'keras' not in sys.modules; "
        f"print(keras_env.activate({backend!r}).backend.backend())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == backend
    assert done.stderr == ""


def test_only_one_module_chooses_the_backend(repository):
    users = [
        path.name
        for path in (repository / "jetmix").rglob("*.py")
        if "KERAS_BACKEND" in path.read_text()
    ]
    assert users == ["keras_env.py"]
