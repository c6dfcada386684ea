"""Jets with other classes and features, from other files, all the way to a report."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from jetmix.cli.main import cli
from tests.unit.data.importing.cards.conftest import write_pandas

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*copy keyword.*:DeprecationWarning"),
]
BINARY = """
[data]
features = ["pt", "etarel", "phirel"]
[tagger]
architecture = "mlp"
n_particles = 4
[tagger.options]
hidden = [4]
[training]
epochs = 2
batch_size = 500
"""


def run(*arguments):
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def write_top_tagging(path, n=2000):
    """Write a pandas table with the columns of the top-tagging reference set."""
    rng = np.random.default_rng(5)
    top = np.arange(n) % 2
    width = 20 + 20 * top[:, None]
    pt = -np.sort(-rng.exponential(width, (n, 8)), axis=1)
    eta, phi = (rng.normal(0, width / 100, (n, 8)) for _ in range(2))
    momenta = {
        "E": pt * np.cosh(eta), "PX": pt * np.cos(phi), "PY": pt * np.sin(phi),
        "PZ": pt * np.sinh(eta),
    }  # fmt: skip
    floats = {
        f"{name}_{i}": values[:, i].astype(np.float32)
        for i in range(8)
        for name, values in momenta.items()
    }
    write_pandas(path, [floats, {"ttv": 0 * top, "is_signal_new": top}])


def test_a_binary_set_has_background_rejection_and_no_published_rows(tmp_path):
    write_top_tagging(tmp_path / "train.h5")
    jets, made = tmp_path / "jets.h5", tmp_path / "run"
    run("data", "import", "--card", "top-tagging", tmp_path / "train.h5", jets)
    (tmp_path / "own.toml").write_text(BINARY)
    run("train", tmp_path / "own.toml", "--data", jets, "--run", made)
    said = run("evaluate", made, "--data", jets)
    assert "background rejection" in said.lower()
    run("synth", made, "--part", "xcvu13p", "--flow", "rtl", "--level", "ir", "--data", jets,
        "--out", tmp_path / "synth")  # fmt: skip
    ports = json.loads((tmp_path / "synth" / "rtl" / "ports.json").read_text())
    assert [port["name"] for port in ports["input_elements"]][:4] == [
        "pt[0]", "etarel[0]", "phirel[0]", "pt[1]"
    ]  # fmt: skip
    assert [port["name"] for port in ports["output_elements"]] == ["QCD", "top"]
    run("report", made, tmp_path / "synth", "--data", jets, "--out", tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    assert "separates g q W Z t, not QCD top" in page
    content = json.loads((tmp_path / "report" / "report.json").read_text())
    assert content["taggers"][0]["metrics"]["class_names"] == ["QCD", "top"]


def test_trigger_jets_with_a_regression_are_exact(reference, tmp_path):
    jets, made = tmp_path / "cms.h5", tmp_path / "run"
    source = reference / "data" / "real" / "cms_l1_puppi_VBFHtt_chunk.root"
    run("data", "import", "--card", "cms-l1-puppi", source, jets)
    text = (
        'epochs = 2\nbatch_size = 125\nbeta = [[0.0, 1e-6, "constant"]]\n[tagger]\n'
        'architecture = "mlp"\nn_particles = 2\n[tagger.options]\nhidden = [4]\n'
        '[data]\nfeatures = ["pt", "deta"]\nnormalisation = "power-of-two"\n'
        'targets = ["pt_ratio"]\nreweight = ["pt"]\nreweight_to = "light"\n'
        "hardware = {pt = {bits = 14}, deta = {bits = 9, signed = true}}\n"
    )
    (tmp_path / "own.toml").write_text(f"[training]\n{text}")
    said = run("train", tmp_path / "own.toml", "--data", jets, "--run", made)
    assert "pt_ratio" in said
    assert "jets to train on count as" in said
    used = json.loads((made / "1-data" / "dataset.json").read_text())
    assert 10 < used["n_effective"] < used["n_train"]
    run("synth", made, "--part", "xcvu13p", "--flow", "rtl", "--level", "ir", "--level", "rtl",
        "--data", jets, "--out", tmp_path / "synth")  # fmt: skip
    ports = json.loads((tmp_path / "synth" / "rtl" / "ports.json").read_text())
    assert [port["bits"] for port in ports["input_elements"]] == [14, 9] * 2
    assert ports["output_elements"][-1]["name"] == "pt_ratio"
    results = json.loads((tmp_path / "synth" / "verification.json").read_text())
    assert [result["status"] for result in results] == ["passed", "passed"]
