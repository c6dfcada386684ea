"""A corner turn: its steps, and its Verilog clock by clock for jets on end and with gaps."""

import ctypes

import numpy as np
import pytest

from jetmix.firmware.folding.turns import steps_of
from jetmix.firmware.project import fill
from jetmix.support.packaged import shipped
from jetmix.verification.simulators import verilator

TOP = """
module turn (
    input logic clk, input logic rst, input logic model_start, output logic model_ready,
    input logic [{last}:0] model_inp, output logic model_valid, output logic [{last}:0] model_out
);
    logic [{fold}:0] at;
    assign {{model_ready, model_valid, at[0]}} = {{2'b11, model_start}};
    always_ff @(posedge clk) at[{fold}:1] <= at[{fold} - 1:0];
{steps}
endmodule
"""
STEP = """    logic [{last}:0] by_{apart};
    turn_fold_turn_step #(.WIDTH(4), .LANES({fold}), .RADIX({radix}), .APART({apart})) step_{apart}
        (.clk(clk), .next_start(at[{clock}]), .given({given}), .turned(by_{apart}));"""


@pytest.mark.parametrize("fold", [2, 3, 4, 6, 8, 12, 15, 16, 32])
def test_its_steps_take_the_fewest_clocks(fold):
    steps = steps_of(fold)
    assert np.prod([step.radix for step in steps]) == fold
    assert sum(step.clocks for step in steps) == fold - 1


@pytest.mark.parametrize(("fold", "radices"), [(4, [4]), (8, [4, 2]), (16, [4, 4]), (12, [4, 3])])
def test_multiplexers_have_four_inputs_where_they_can(fold, radices):
    assert [step.radix for step in steps_of(fold)] == radices


@pytest.mark.parametrize("fold", [12])
def test_beats_and_lanes_change_places(fold, tmp_path):
    library = turn(fold, tmp_path)
    rng = np.random.default_rng(1)
    # a jet starts in the clock before its first beat; outputs are those before the clock's edge
    starts = np.cumsum(rng.choice([fold, fold, fold, fold + 1, 2 * fold - 1], 200))
    lanes = rng.integers(0, 16, (starts[-1] + 3 * fold, fold), dtype=np.uint32)
    out = run(library, starts, lanes)
    for first in starts + 1:
        came, went = lanes[first : first + fold], out[first + fold : first + 2 * fold]
        assert (went == came.T).all()


def turn(fold, folder):
    """Compile a turn of lanes of four bits."""
    steps, given, clock = [], "model_inp", 0
    for step in steps_of(fold):
        steps.append(STEP.format(last=4 * fold - 1, fold=fold, clock=clock, given=given,
                                 radix=step.radix, apart=step.apart))  # fmt: skip
        given, clock = f"by_{step.apart}", clock + step.clocks
    steps.append(f"    always_ff @(posedge clk) model_out <= {given};")
    text = TOP.format(last=4 * fold - 1, fold=fold, steps="\n".join(steps))
    (folder / "turn.sv").write_text(text)
    for name in ("delay", "line", "turn_step"):
        text = fill(shipped(f"firmware_templates/folded_modules/{name}.sv"), {"TOP": "turn"})
        (folder / f"{name}.sv").write_text(text)
    driver = fill(
        shipped("firmware_templates/verilator/jetmix_folded.cpp"),
        {"TOP": "turn", "OUTPUT": "model_out", "SETUP": ""},
    )
    return verilator.build(
        folder / "sim", sorted(folder.glob("*.sv")), level="rtl", title="turn", digest="",
        optimise="-O0", top="turn", driver=driver,
    )  # fmt: skip


def run(library, starts, lanes):
    """Return the lanes that go out in each clock."""
    control = np.zeros(len(lanes), dtype=np.uint8)
    control[starts] = 2
    inputs, out = packed(lanes), np.zeros_like(packed(lanes))
    seen = np.zeros(len(lanes), dtype=np.uint8)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (control, inputs, seen, out)]
    size = ctypes.c_size_t(inputs.shape[1])
    library.jetmix_folded_run.restype = None
    library.jetmix_folded_run(*pointers[:2], size, *pointers[2:], size, ctypes.c_size_t(len(lanes)))
    shifts = 4 * np.arange(lanes.shape[1])
    return (out[:, shifts // 32] >> (shifts % 32).astype(np.uint32)) & 15


def packed(lanes):
    """Return lanes of four bits in words of 32, (clock, word)."""
    words = np.zeros((len(lanes), -(-4 * lanes.shape[1] // 32)), dtype=np.uint32)
    for n in range(lanes.shape[1]):
        words[:, 4 * n // 32] |= lanes[:, n] << np.uint32(4 * n % 32)
    return words
