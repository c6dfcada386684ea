"""The Verilog of the committed tiny model, in Verilator."""

import json
import shutil
from pathlib import Path

import pytest

from jetmix.support.files import tree_digest
from tests.integration.test_synth import MODEL, jetmix, synth, verification


@pytest.fixture(scope="module")
def rtl(tmp_path_factory):
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
    (estimate,) = rtl[1]["resources"]
    assert results["rtl"]["latency_cycles"] == estimate["latency_cycles"]
    assert results["rtl"]["latency_expected_cycles"] == results["rtl"]["latency_cycles"]
    assert results["rtl"]["ii_cycles"] == 1


def test_project_is_for_vivado(rtl):
    project = rtl[0] / "rtl"
    assert 'set part "xcvu13p-flga2577-2-e"' in (project / "implement.tcl").read_text()
    assert "-period 5.0 [get_ports clk]" in (project / "clock.xdc").read_text()
    assert not (rtl[0] / "project").exists()


@pytest.fixture
def copy(rtl, tmp_path):
    return Path(shutil.copytree(rtl[0], tmp_path / "copy"))


def seal_again(copy):
    """Make an edited project look like the one that was written."""
    record = json.loads((copy / "stage.json").read_text())
    (project,) = record["details"]["projects"]
    project["digest"] = tree_digest(copy / "rtl", project["files"])
    (copy / "stage.json").write_text(json.dumps(record))


def test_dropped_register_is_a_wrong_latency(copy):
    """All bits are right, one clock too early."""
    top = copy / "rtl" / "src" / "jetmix_tagger.v"
    right = top.read_text()
    wrong = right.replace("stage3 (.model_inp(stage3_inp)", "stage3 (.model_inp(stage2_out)")
    assert wrong != right
    top.write_text(wrong)
    seal_again(copy)
    junit = copy / "junit.xml"
    done = jetmix("verify", copy, "--level", "rtl", "--junit", junit)
    assert done.returncode == 7, done.stderr
    assert "rtl has a latency of 4 cycles instead of 5" in done.stderr
    assert 'message="rtl has a latency of 4 cycles instead of 5"' in junit.read_text()
    result = verification(copy)["rtl"]
    assert (result["status"], result["n_mismatch"]) == ("failed", 0)
    assert (result["latency_cycles"], result["latency_expected_cycles"]) == (4, 5)


def test_verilog_that_counts_latency_in_another_way_is_refused(copy):
    ports = copy / "rtl" / "ports.json"
    ports.write_text(ports.read_text().replace("jetmix-ports-2", "jetmix-ports-1"))
    seal_again(copy)
    done = jetmix("verify", copy, "--level", "rtl")
    assert done.returncode == 5
    assert "counted latency in another way; run 'jetmix synth' again" in done.stderr


def test_wrong_verilog_is_caught(copy):
    """One adder of the last stage subtracts instead, and the project is sealed all the same."""
    stage = max((copy / "rtl" / "src").glob("jetmix_tagger_stage*.v"))
    lines = stage.read_text().splitlines()
    target = next(i for i, line in enumerate(lines) if "shift_adder #(" in line)
    assert ", 0) op_" in lines[target] or ", 1) op_" in lines[target]
    swap = (", 0) op_", ", 1) op_")
    old, new = swap if swap[0] in lines[target] else swap[::-1]
    lines[target] = lines[target].replace(old, new)
    stage.write_text("\n".join(lines))
    seal_again(copy)
    done = jetmix("verify", copy)
    assert done.returncode == 7, done.stderr
    assert "rtl differs from keras on" in done.stderr
    results = verification(copy)
    assert (results["ir"]["status"], results["rtl"]["status"]) == ("passed", "failed")
    assert results["rtl"]["latency_cycles"] is None
    assert results["rtl"]["first_mismatch"]["layer"] == "stage 5 of 5 (logits)"
    assert "first at stage 5 of 5 (logits)" in done.stderr


def test_level_without_its_flow_is_a_usage_error(rtl):
    done = jetmix("verify", rtl[0], "--level", "csim")
    assert done.returncode == 2
    assert "level csim needs the flow hls4ml" in done.stderr
