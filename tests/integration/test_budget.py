"""Budgets on the Verilog of the committed tiny model."""

import json

import pytest

from tests.integration.test_synth import MODEL, synth


def outcome(out, *options, flow="rtl", level="ir"):
    done = synth(MODEL, out, "--flow", flow, "--level", level, *options, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_met_budgets_take_the_usual_graph(tmp_path):
    result = outcome(tmp_path / "out", "--max-lut", "1000000", "--max-latency-ns", "500")
    assert result["budget"]["met"]
    assert len(result["budget"]["tried"]) == 1
    (judged,) = result["budget"]["judged"]
    assert judged == {"origin": "estimate", "missed_by": {"latency_ns": 0.0, "lut": 0.0}}


def test_a_missed_budget_tells_by_how_much_and_stays_exact(tmp_path):
    out = tmp_path / "out"
    result = outcome(out, "--max-lut", "1")
    (estimate,) = result["resources"]
    budget = result["budget"]
    assert not budget["met"]
    assert budget["judged"][0]["missed_by"] == {"lut": estimate["lut"] - 1}
    assert estimate["lut"] == min(graph["lut"] for graph in budget["tried"])
    assert len(budget["tried"]) == 3
    assert result["verification"][0]["status"] == "passed"
    again = outcome(out, "--max-lut", "1")
    assert again["budget"] == budget


@pytest.mark.long
def test_the_kernels_of_hls4ml_follow_the_budget_and_stay_exact(tmp_path):
    usual = outcome(tmp_path / "usual", "--max-lut", "1000000", flow="hls4ml")
    small = outcome(tmp_path / "small", "--max-lut", "1", flow="hls4ml", level="csim")
    kernels = [
        tmp_path / name / "project/firmware/nnet_utils/nnet_code_gen.h"
        for name in ("usual", "small")
    ]
    assert (usual["budget"]["taken"], small["budget"]["taken"]) == (2, -1)
    assert kernels[0].read_text() != kernels[1].read_text()
    assert small["verification"][0]["status"] == "passed"
    assert small["budget"]["judged"][0]["missed_by"]["lut"] > 0


def test_without_a_budget_nothing_is_judged(tmp_path):
    result = outcome(tmp_path / "out")
    assert result["budget"] is None
    assert not (tmp_path / "out" / "budget.json").exists()
