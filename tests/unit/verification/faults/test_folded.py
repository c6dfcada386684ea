"""Faults in the control of a folded tagger, and in what lies between its pipelines."""

from collections import Counter

import numpy as np
import pytest

from jetmix.firmware.project import fill
from jetmix.support.packaged import shipped
from jetmix.verification.faults import folded
from jetmix.verification.faults.planting import planted_copy
from tests.unit.firmware.folding.taggers import jets, tagger
from tests.unit.verification.simulators.test_folded import project_of

TOP = """\
module t (
    input logic clk,
);
    t_fold_control #(.FOLD(4), .CLOCKS(24)) control (
        .clk(clk), .rst(rst), .start(model_start), .ready(model_ready), .at(at)
    );
    t_a a_pipeline (
        .clk(clk),
        .model_inp(a_inp),
        .model_out(a_out)
    );
    t_fold_sum #(.IN(6), .OUT(9), .SIGNED(1)) b_sum_0 (
        .clk(clk),
        .first(at[2]),
        .part(a_out[5:0]),
        .total(b_total[8:0])
    );
    assign model_valid = at[24];
endmodule
"""


def wrongs(sites):
    return [(site.fault.kind, site.fault.right, site.fault.wrong) for site in sites]


def test_an_accumulator_starts_a_clock_early_or_late_and_forgets_its_sign():
    assert wrongs(folded.top_sites("t.sv", TOP, "t")) == [
        ("accumulator", "b_sum_0 .first(at[2])", ".first(at[3])"),
        ("accumulator", "b_sum_0 .first(at[2])", ".first(at[1])"),
        ("accumulator", "b_sum_0 .SIGNED(1)", ".SIGNED(0)"),
        ("accumulator", "b_sum_0 its highest bit", "0"),
        ("control", "at[24]", "at[23]"),
    ]


def test_a_wrong_copy_stands_beside_the_right_one():
    sites = folded.top_sites("t.sv", TOP, "t")
    planted = folded.plant_top(TOP, [sites[0], sites[4]], 7, "t")
    assert "    input [15:0] jetmix_fault,\n    input logic clk," in planted
    assert ".first(at[2]), .part(a_out[5:0]), .total(b_sum_0_right)" in planted
    assert ".first(at[3]), .part(a_out[5:0]), .total(b_sum_0_7)" in planted
    choice = "jetmix_fault == 16'd7 ? b_sum_0_7 : (b_sum_0_right)"
    assert f"assign b_total[8:0] = {choice};" in planted
    assert "assign model_valid = jetmix_fault == 16'd8 ? at[23] : (at[24]);" in planted
    # pipelines and control choose their own
    assert planted.count(".jetmix_fault(jetmix_fault)") == 2


def test_the_control_is_wrong_in_each_of_its_steps():
    text = fill(shipped("firmware_templates/folded_modules/control.sv"), {"TOP": "t"})
    sites = folded.control_sites("c.sv", text, "t")
    assert len({site.fault.line for site in sites}) == len(folded.CONTROL)
    planted = folded.plant_control(text, sites, 1, "t")
    assert "at = {past, (jetmix_fault == 16'd2 ? start : (start && ready))};" in planted
    assert "left <= (jetmix_fault == 16'd5 ? FOLD - 2 : (FOLD - 1));" in planted


@pytest.mark.parametrize(
    ("architecture", "factor", "given", "between"),
    [
        ("mixer", 2, "beats", {"turn", "delay", "collect"}),
        ("gnn", 4, "beats", {"hold", "accumulator"}),
        ("deepsets", 8, "parallel", {"beats", "accumulator"}),
    ],
)
@pytest.mark.long
def test_whatever_lies_between_pipelines_is_tried(architecture, factor, given, between, tmp_path):
    project = project_of(architecture, factor, tmp_path / "rtl", given)
    text = (project.path / "src" / "jetmix_tagger.sv").read_text()
    there = {one.kind for one in folded.instances(text, project.top)}
    assert there == between
    # the control is apart, and swapped lanes are but wires
    others = 1 + text.count("fold_swap")
    assert text.count("fold_") == others + len(list(folded.instances(text, project.top)))
    run, planted = planted_copy(project, tmp_path, 150, seed=1)
    x = jets()
    right = np.asarray(tagger(architecture, factor)(x))
    assert np.array_equal(run(0, x), right)
    caught = Counter(
        fault.kind
        for number, fault in enumerate(planted, start=1)
        if not np.array_equal(run(number, x), right)
    )
    total = Counter(fault.kind for fault in planted)
    for kind in between | {"control"}:
        # the highest bits of some values are never set
        high = sum("highest bit" in fault.right for fault in planted if fault.kind == kind)
        assert caught[kind] >= total[kind] - high > 0
