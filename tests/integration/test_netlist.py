"""The gate-level netlist of a small tagger, with the cells that come with Yosys, in Verilator."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from jetmix.eda.yosys import find_cells
from jetmix.models import keras_env
from jetmix.support.files import file_digest
from tests.integration.test_synth import jetmix, synth, verification

pytestmark = [
    # raised inside Keras on JAX
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.slow,
]
LEVELS = ("--level", "rtl", "--level", "netlist")


def smallest_tagger():
    """Two dense layers on four features, so that the netlist compiles in seconds."""
    keras = keras_env.activate()
    from hgq.config import QuantizerConfigScope
    from hgq.layers import QDense
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(3)
    with (
        QuantizerConfigScope(place="weight", f0=2, i0=1),
        QuantizerConfigScope(place="datalane", f0=1, i0=1, k0=1, overflow_mode="WRAP"),
    ):
        features = keras.Input((4,))
        hidden = QDense(5, activation="relu", name="hidden")(features)
        model = keras.Model(features, QDense(3, name="logits")(hidden))
    trace_minmax(model, np.random.default_rng(4).uniform(-2, 2, (400, 4)).astype(np.float32))
    return model


@pytest.fixture(scope="module")
def netlist(tmp_path_factory, yosys_program):
    assert find_cells(yosys_program[0]).is_file()
    folder = tmp_path_factory.mktemp("netlist")
    smallest_tagger().save(folder / "smallest.keras")
    done = synth(folder / "smallest.keras", folder / "out", "--flow", "rtl", *LEVELS)
    assert done.returncode == 0, done.stderr
    return folder / "out", done.stdout


@pytest.fixture
def copy(netlist, tmp_path):
    return Path(shutil.copytree(netlist[0], tmp_path / "copy"))


def test_netlist_is_bit_exact_and_as_late_as_the_verilog(netlist):
    results = verification(netlist[0])
    assert set(results) == {"rtl", "netlist"}
    stated = json.loads((netlist[0] / "rtl" / "ports.json").read_text())["latency_cycles"]
    for result in results.values():
        assert (result["status"], result["n_mismatch"]) == ("passed", 0)
        assert result["n_vectors"] > 400
        assert result["latency_cycles"] == result["latency_expected_cycles"] == stated
        assert result["ii_cycles"] == 1
    assert f"measured latency {stated} cycles, II 1" in netlist[1]


def test_missing_tool_is_not_a_pass(copy, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("g++", "make", "sh", "ld", "as"):
        (tools / name).symlink_to(shutil.which(name))
    done = jetmix("verify", copy, "--level", "netlist", env={**os.environ, "PATH": str(tools)})
    assert done.returncode == 6, done.stderr
    result = verification(copy)["netlist"]
    assert (result["status"], result["n_vectors"]) == ("not-run", 0)
    assert "yosys is not installed" in result["reason"]


def test_wrong_cell_is_caught_and_its_stage_named(copy):
    """Some cells of the last stage compute XOR instead of XNOR, as if Yosys were wrong."""
    path = copy / "yosys" / "netlist.v"
    cells = re.compile(r"(LUT2 #\(\s*\.INIT\(4'h)9(\)\s*\) \w+ \(\s*\.I0\(\\stage1_inp)")
    wrong, count = cells.subn(r"\g<1>6\2", path.read_text())
    assert count
    path.write_text(wrong)
    record = json.loads((copy / "yosys" / "stage.json").read_text())
    record["details"]["netlist.v"] = file_digest(path)
    (copy / "yosys" / "stage.json").write_text(json.dumps(record))
    done = jetmix("verify", copy, "--level", "netlist")
    assert done.returncode == 7, done.stderr
    assert "netlist differs from keras on" in done.stderr
    result = verification(copy)["netlist"]
    assert result["status"] == "failed"
    assert result["first_mismatch"]["layer"] == "stage 2 of 2 (logits)"
