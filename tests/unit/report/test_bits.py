import json
import shutil
from pathlib import Path

import pytest

from jetmix.models import keras_env
from jetmix.models.calls import calls_of
from jetmix.report.bits import bits_of, read_bits, with_bits
from jetmix.report.build import write_report
from jetmix.report.collect import collect
from jetmix.report.tagger import LayerBits
from tests.unit.report.folders import make_run, make_synth


@pytest.fixture(scope="module")
def model(repository: Path) -> Path:
    return repository / "tests" / "golden" / "tiny_mixer.keras"


@pytest.fixture(scope="module")
def layers(model: Path) -> tuple[LayerBits, ...]:
    return read_bits(model)


def test_the_widths_of_a_trained_mixer(layers: tuple[LayerBits, ...]):
    assert [layer.name for layer in layers] == [
        "channel_mixing_1", "channel_mixing_2", "token_mixing", "residual", "channel_mixing_3",
        "channel_mixing_4", "sum", "head_1", "logits",
    ]  # fmt: skip
    shapes = [[bits.shape for bits in layer.inputs] for layer in layers]
    assert shapes[0] == [(4, 3)]
    assert shapes[3] == [(4, 3), (4, 3)]
    assert shapes[-1] == [(8,)]
    assert [layer.n_weights for layer in layers] == [24, 24, 16, 0, 24, 64, 4, 64, 40]
    assert all(0 <= layer.n_nonzero <= layer.n_weights for layer in layers)
    assert layers[3].weight_bits is None
    for layer in layers:
        assert all((bits == bits.round()).all() and bits.min() >= 0 for bits in layer.inputs)


def test_the_layers_hold_the_ebops_of_the_model(layers: tuple[LayerBits, ...]):
    assert sum(layer.ebops for layer in layers) == 4269


def test_layers_of_tables_and_layers_within_attention(tmp_path: Path):
    keras = keras_env.activate()
    from hgq.config import QuantizerConfigScope
    from hgq.layers import QDense, QDenseT, QMultiHeadAttention

    with QuantizerConfigScope(place="all", default_q_type="kbi", overflow_mode="WRAP", b0=4, i0=2):
        x = keras.Input((4, 3), name="jets")
        y = QDenseT(5, n_hl=1, d_hl=2, name="lut")(x)
        y = QMultiHeadAttention(2, 3, name="mha")(y, y)
        model = keras.Model(x, QDense(2, name="head")(keras.layers.Flatten(name="flat")(y)))
    found = {bits.name: bits for call in calls_of(model) for bits in bits_of(call)}
    names = ["query_dense", "key_dense", "value_dense", "output_dense"]
    assert list(found) == ["lut", *(f"mha/{name}" for name in names), "head"]
    lut = found["lut"]
    assert lut.inputs[0].shape == (4, 3)
    assert (lut.n_weights, lut.n_nonzero) == (60, 60)
    assert lut.weight_bits == 4.0
    assert found["mha/query_dense"].inputs[0].shape == (4, 5)
    assert found["mha/query_dense"].n_weights == 30


def test_a_model_that_cannot_be_read_leaves_a_gap(run: Path):
    (tagger,) = with_bits(collect([run]))
    gap = tagger.gaps[-1]
    assert (tagger.layers, gap.what) == ((), "bit widths of the model")
    assert gap.why == "neither a Keras zip nor an HDF5 file"


def test_a_model_of_an_unfinished_stage_is_not_looked_at(run: Path):
    (run / "2-train" / "stage.json").unlink()
    (tagger,) = with_bits(collect([run]))
    assert "bit widths of the model" not in [gap.what for gap in tagger.gaps]


@pytest.mark.usefixtures("no_drawing")
def test_the_report_shows_where_the_bits_go(tmp_path: Path, model: Path):
    run = make_run(tmp_path / "run", features=["pt", "etarel", "phirel"])
    shutil.copy(model, run / "2-train" / "tagger.keras")
    synth = make_synth(tmp_path / "synth", run=run)
    content = write_report([run, synth], tmp_path / "out").content
    (tagger,) = content["taggers"]
    assert [gap["what"] for gap in tagger["missing"]] == []
    assert len(tagger["layers"][0]["input_bits"][0]) == 4
    html = (tmp_path / "out" / "report.html").read_text()
    assert "4 constituents by 3 features" in html
    assert "Where the bits go" in (tmp_path / "out" / "report.md").read_text()
    figures = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert {"bits-input-1.svg", "bits-inside-1.png", "lut-by-layer-1.svg"} <= figures
    assert json.loads((tmp_path / "out" / "report.json").read_text())["taggers"] == json.loads(
        json.dumps([tagger])
    )
