"""A run with scales alone: what it stores, where the shift goes, and that it lowers exactly."""

import numpy as np
import pytest

from jetmix.data.dataset import JetDataset
from jetmix.data.selection import Selection
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.training.run import TrainingRun, train
from jetmix.training.run_dir import RunDir

keras = keras_env.activate()
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*copy keyword.*:DeprecationWarning"),
]
FEATURES = ("pt", "etarel", "phirel")


@pytest.fixture
def run(data, recipe, tmp_path):
    """Train for three epochs and return the run."""

    def trained(*, quantised):
        text = recipe.read_text().replace("[data]", '[data]\nnormalisation = "power-of-two"')
        text = text.replace("[tagger]", f"[tagger]\nquantised = {str(quantised).lower()}")
        (tmp_path / "po2.toml").write_text(text)
        made = TrainingRun(
            recipe=load_recipe(str(tmp_path / "po2.toml")),
            data=data,
            folder=tmp_path / "run",
            backend="jax",
        )
        train(made)
        return RunDir(made.folder)

    return trained


@pytest.mark.slow
def test_stored_constants_only_scale_and_the_firmware_is_exact(run, data):
    from da4ml.converter import trace_model
    from da4ml.trace import HWConfig, comb_trace

    made = run(quantised=True)
    constants = made.data.normalisation
    assert constants.kind == "power-of-two"
    assert not any(constants.mean)
    assert set(np.log2(constants.std) % 1) == {0}
    x = JetDataset.load(
        data, Selection(n_particles=4, features=FEATURES), split="all", normalisation=constants
    ).x
    assert x[..., 0].min() > 0  # a momentum, as the file has it but for the binary point
    model = keras_env.load_tagger(made.model)
    logic = comb_trace(*trace_model(model, HWConfig(1, -1, -1), {"hard_dc": 2}))
    lowered = logic.predict(x.reshape(len(x), -1).astype(np.float64))
    np.testing.assert_array_equal(lowered, model.predict(x, verbose=0))


def test_biases_start_from_the_mean(run, monkeypatch):
    seen = []
    from jetmix.training import train_stage as stages

    absorb = stages.absorb_shift
    monkeypatch.setattr(stages, "absorb_shift", lambda *a: seen.extend(absorb(*a)))
    run(quantised=False)
    assert seen == ["head_1"]
