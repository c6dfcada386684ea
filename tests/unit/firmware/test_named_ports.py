import subprocess

import numpy as np

from jetmix.firmware.named_ports import WRAPPER, placed, wrapper, write_wrapper
from jetmix.models.signature import Port, elements
from jetmix.verification.simulators import verilator

INPUTS = (
    Port(name="mu", identifier="in_mu", shape=(2,)),
    Port(name="dead", identifier="in_dead", shape=(1,)),
    Port(name="adc", identifier="in_adc", shape=(1,)),
)
OUTPUTS = (Port(name="cls", identifier="out_cls", shape=(1, 2)),)
# widths 5 and 3, 0, 4; 6 and 2
KIF_IN = np.array([[1, 1, 0, 0], [2, 1, 0, 4], [2, 1, 0, 0]])
KIF_OUT = np.array([[1, 0], [5, 2], [0, 0]])
TOP = """module jetmix_tagger (input clk, input [11:0] model_inp, output reg [7:0] model_out);
    always @(posedge clk) model_out <= {model_inp[11:8], model_inp[3:0]};
endmodule
"""


def places():
    return placed(INPUTS, KIF_IN), placed(OUTPUTS, KIF_OUT)


def test_ports_lie_one_behind_the_other():
    inputs, outputs = places()
    assert [(p.first_element, p.first_bit, p.bits) for p in inputs] == [
        (0, 0, 8), (2, 8, 0), (3, 8, 4)
    ]  # fmt: skip
    assert [(p.name, p.shape, p.first_bit, p.bits) for p in outputs] == [("cls", (1, 2), 0, 8)]


def test_wrapper_names_each_port():
    text = wrapper(*places())
    assert "input [7:0] in_mu,\n    input [3:0] in_adc,\n    output [7:0] out_cls" in text
    assert ".model_inp({in_adc, in_mu})" in text
    assert "in_dead" not in text


def test_features_and_classes_have_ports_of_their_own():
    inputs = placed(elements(["pt[0]", "W", "w", "b c"], "in"), KIF_IN)
    assert [(p.name, p.identifier, p.first_bit, p.bits) for p in inputs] == [
        ("pt[0]", "in_pt_0", 0, 5), ("W", "in_W", 5, 3), ("w", "in_w_2", 8, 0),
        ("b c", "in_b_c", 8, 4),
    ]  # fmt: skip
    text = wrapper(inputs, places()[1])
    assert ".model_inp({in_b_c, in_W, in_pt_0})" in text


def test_one_input_and_one_output_need_no_wrapper(tmp_path):
    inputs, outputs = places()
    write_wrapper(tmp_path, inputs[:1], outputs)
    assert not list(tmp_path.iterdir())
    write_wrapper(tmp_path, inputs, outputs)
    assert [path.name for path in tmp_path.iterdir()] == ["jetmix_tagger_ports.v"]


def test_verilator_takes_the_wrapper_without_a_warning(tmp_path):
    program, root = verilator.find_verilator()
    top = f"jetmix_tagger{WRAPPER}"
    (tmp_path / "top.v").write_text(TOP)
    (tmp_path / f"{top}.v").write_text(wrapper(*places()))
    done = subprocess.run(
        [program, "--lint-only", "-Wall", "-Wno-DECLFILENAME", "-Wno-UNUSEDSIGNAL",
         "--top-module", top, "top.v", f"{top}.v"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"VERILATOR_ROOT": str(root)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
