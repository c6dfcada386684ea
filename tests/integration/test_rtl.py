"""The Verilog of the committed tiny model, in Verilator."""

import json
import shutil

import pytest

from jetmix.errors import ToolMissingError
from jetmix.runs import tree_digest
from jetmix.verification.rtl import find_verilator
from tests.integration.test_synth import MODEL, jetmix, synth, verification


@pytest.fixture(scope="module")
def rtl(tmp_path_factory):
    try:
        find_verilator()
    except ToolMissingError as error:
        pytest.skip(str(error))
    out = tmp_path_factory.mktemp("rtl") / "out"
    done = synth(MODEL, out, "--flow", "rtl", "--json")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout.splitlines()[-1])


def test_verilog_is_bit_exact_and_its_latency_is_measured(rtl):
    results = {r["candidate"]: r for r in rtl[1]["verification"]}
    assert set(results) == {"ir", "rtl"}
    assert results["rtl"]["status"] == "passed"
    assert results["rtl"]["n_mismatch"] == 0
    assert results["rtl"]["n_vectors"] > 400
    # the registers at the output come on top of the pipeline stages of the estimate
    (estimate,) = rtl[1]["resources"]
    assert results["rtl"]["latency_cycles"] == estimate["latency_cycles"] + 1
    assert results["rtl"]["ii_cycles"] == 1


def test_project_is_for_vivado(rtl):
    project = rtl[0] / "rtl"
    assert 'set part "xcvu13p-flga2577-2-e"' in (project / "implement.tcl").read_text()
    assert "-period 5.0 [get_ports clk]" in (project / "clock.xdc").read_text()
    assert not (rtl[0] / "project").exists()


def test_wrong_verilog_is_caught(rtl, tmp_path):
    """One adder of the last stage subtracts instead, and the project is sealed all the same."""
    copy = tmp_path / "copy"
    shutil.copytree(rtl[0], copy)
    stage = max((copy / "rtl" / "src").glob("jetmix_tagger_stage*.v"))
    lines = stage.read_text().splitlines()
    target = next(i for i, line in enumerate(lines) if "shift_adder #(" in line)
    assert ", 0) op_" in lines[target] or ", 1) op_" in lines[target]
    swap = (", 0) op_", ", 1) op_")
    old, new = swap if swap[0] in lines[target] else swap[::-1]
    lines[target] = lines[target].replace(old, new)
    stage.write_text("\n".join(lines))
    record = json.loads((copy / "stage.json").read_text())
    (project,) = record["details"]["projects"]
    project["digest"] = tree_digest(copy / "rtl", project["files"])
    (copy / "stage.json").write_text(json.dumps(record))
    done = jetmix("verify", copy)
    assert done.returncode == 7, done.stderr
    assert "rtl differs from keras on" in done.stderr
    results = verification(copy)
    assert (results["ir"]["status"], results["rtl"]["status"]) == ("passed", "failed")
    assert results["rtl"]["latency_cycles"] is None


def test_level_without_its_flow_is_a_usage_error(rtl):
    done = jetmix("verify", rtl[0], "--level", "csim")
    assert done.returncode == 2
    assert "level csim needs the flow hls4ml" in done.stderr
