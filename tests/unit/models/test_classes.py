import importlib
import sys

import numpy as np
import pytest

from jetmix.errors import LoweringError, UsageError
from jetmix.models.classes import known_objects
from jetmix.models.keras_env import activate, load_tagger
from tests.unit.models.archives import replaced, rewrite, small

keras = activate()
# raised inside Keras when it saves on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
MODULE = """
import keras
from hgq.layers import QDense

@keras.saving.register_keras_serializable("lab")
class Registered(QDense):
    pass

class Plain(QDense):
    pass
"""


def lookup_model():
    from hgq.layers import QDenseT

    features = keras.Input((4,))
    return keras.Model(features, QDenseT(3, n_hl=1, d_hl=4, name="lut")(features))


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A module of layers that jetmix does not know, not imported."""
    name = f"lab_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.fixture(params=["Registered", "Plain"])
def foreign(request, tmp_path, lab):
    """A model whose last layer is of that module, saved by another process as it were."""
    from hgq.layers import QDense

    layer = getattr(importlib.import_module(lab), request.param)
    features = keras.Input((3,))
    x = layer(2, name="own")(QDense(4, name="hidden")(features))
    keras.Model(features, x).save(tmp_path / "foreign.keras")
    del sys.modules[lab]
    keras.saving.get_custom_objects().pop("lab>Registered")
    return tmp_path / "foreign.keras"


def test_lookup_layers_name_functions_of_keras(tmp_path):
    path = tmp_path / "lut.keras"
    model = lookup_model()
    model.save(path)
    x = np.linspace(-2, 2, 40, dtype=np.float32).reshape(10, 4)
    assert np.asarray(load_tagger(path)(x)) == pytest.approx(np.asarray(model(x)))


def test_functions_that_keras_does_not_have_are_refused(tmp_path):
    path = tmp_path / "lut.keras"
    lookup_model().save(path)
    rewrite(path, config=replaced('"config": "tanh"', '"config": "launch"'))
    with pytest.raises(LoweringError, match=r"uses the function 'launch'.*--trust MODULE"):
        load_tagger(path)


@pytest.mark.parametrize("config", ["{}", '"a.b"', '"__import__(1)"'])
def test_functions_that_are_no_plain_name_are_refused(tmp_path, config):
    path = tmp_path / "lut.keras"
    lookup_model().save(path)
    rewrite(path, config=replaced('"config": "tanh"', f'"config": {config}'))
    with pytest.raises(LoweringError, match=r"foreign class 'builtins\.function"):
        load_tagger(path)


def test_other_builtins_are_refused(tmp_path):
    path = tmp_path / "lut.keras"
    lookup_model().save(path)
    rewrite(path, config=replaced('"class_name": "function"', '"class_name": "eval"'))
    with pytest.raises(LoweringError, match=r"foreign class 'builtins\.eval'"):
        load_tagger(path)


def test_classes_under_the_package_of_older_versions(tmp_path):
    path = tmp_path / "old.keras"
    lookup_model().save(path)
    rewrite(path, config=replaced("hgq>", "hgq2>"))
    assert load_tagger(path).output_shape == (None, 3)


def test_every_class_of_hgq_has_its_older_name():
    known = known_objects()
    for name in ("QDenseT", "QConvT1D", "MinMax", "MonoL1", "QuantizerConfig", "QSum"):
        assert known[f"hgq2>{name}"] is known[f"hgq>{name}"]
    assert known["hgq2/qkeras>quantized_bits"] is known["hgq/qkeras>quantized_bits"]


def test_metrics_of_others_do_not_matter(tmp_path):
    path = tmp_path / "compiled.keras"
    model = small()
    model.compile("adam", "mse")
    model.save(path)
    rewrite(path, config=lambda c: {**c, "compile_config": {"class_name": "X", "module": "evil"}})
    assert load_tagger(path).output_shape == (None, 2)


def test_foreign_layers_are_refused_and_nothing_is_imported(foreign, lab):
    with pytest.raises(LoweringError, match=rf"foreign class '{lab}\..*--trust {lab} "):
        load_tagger(foreign)
    assert lab not in sys.modules


def test_layers_of_a_trusted_module_are_let_in(foreign, lab):
    model = load_tagger(foreign, trust=[lab])
    assert type(model.layers[-1]).__module__ == lab
    assert np.asarray(model(np.zeros((1, 3), np.float32))).shape == (1, 2)


def test_trust_does_not_reach_modules_of_like_names(foreign, lab):
    rewrite(foreign, config=replaced(f'"{lab}"', f'"{lab}x"'))
    with pytest.raises(LoweringError, match="foreign class"):
        load_tagger(foreign, trust=[lab])


def test_code_in_the_file_is_refused_whatever_is_trusted(tmp_path):
    features = keras.Input((3,))
    path = tmp_path / "lambda.keras"
    keras.Model(features, keras.layers.Lambda(lambda x: x * 2)(features)).save(path)
    with pytest.raises(LoweringError, match="executable code"):
        load_tagger(path, trust=["keras"])


def test_trusted_module_that_cannot_be_imported(tmp_path):
    small().save(tmp_path / "m.keras")
    with pytest.raises(UsageError, match=r"'no_such_lab' cannot be imported.*PYTHONPATH"):
        load_tagger(tmp_path / "m.keras", trust=["no_such_lab"])


@pytest.mark.long
def test_reference_lookup_taggers_load(reference):
    for path in sorted((reference / "models" / "lut").glob("*.keras")):
        model = load_tagger(path)
        n = model.input_shape[1:]
        assert np.isfinite(np.asarray(model(np.zeros((2, *n), np.float32)))).all(), path
