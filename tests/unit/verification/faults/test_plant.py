from jetmix.verification.faults import cpp as faults
from jetmix.verification.faults import verilog as faults_verilog

HEADER = """\
template <typename inp_t, typename out_t>
void einsum(inp_t model_inp[2], out_t model_out[2]) {
    ap_fixed<5,5> v0 = model_inp[0]; // 0.0
    ap_ufixed<1,0> v1 = model_inp[1]; // 0.0
    ap_fixed<9,9> v2 = v0 - bit_shift<4>(v1); // 1.0

    model_out[0] = ap_fixed<5,2>(bit_shift<-3>(v2));
    model_out[1] = ap_fixed<9,5>(-v0);
}
"""
STAGE = """\
module t_stage0 (
    input [9:0] model_inp,
    output [11:0] model_out
);
    wire [3:0] v9; assign v9[3:0] = v0[4:1];
    wire [5:0] v1; shift_adder #(5, 5, 1, 0, 6, -1, 1) op_1 (v0[4:0], 5'b10100, v1[5:0]);
    assign model_out[5:0] = v1[5:0];
    assign model_out[11:6] = v0_neg[5:0];
endmodule
"""
TOP = """\
module t (
    input clk,
    input [9:0] model_inp,
    output reg [5:0] model_out
);
    reg [9:0] stage0_inp;
    t_stage0 stage0 (.model_inp(stage0_inp), .model_out(stage0_out));
        stage0_inp <= model_inp;
"""


def wrongs(sites):
    return [(site.fault.kind, site.fault.line, site.fault.wrong) for site in sites]


def test_sites_of_cpp():
    found = wrongs(faults.cpp_sites("k.h", HEADER))
    assert ("weight-bit", 5, "v0") in found
    assert ("sign", 5, "v0 + bit_shift<4>(v1)") in found
    assert ("shift", 5, "v0 - bit_shift<5>(v1)") in found
    assert ("bit-width", 3, "ap_fixed<4,4>(model_inp[0])") in found
    assert ("bit-width", 3, "ap_fixed<4,5>(model_inp[0])") in found
    assert ("outputs", 7, "ap_fixed<9,5>(-v0)") in found
    # a single bit cannot be narrower
    assert not [entry for entry in found if entry[1] == 4]


def test_cpp_is_right_with_fault_0_and_wrong_with_its_number():
    sites = [s for s in faults.cpp_sites("k.h", HEADER) if s.fault.kind in ("sign", "outputs")]
    lines = faults.plant_cpp(HEADER, sites, first=7).splitlines()
    assert lines[0] == "extern int jetmix_fault;"
    assert lines[5] == (
        "    ap_fixed<9,9> v2 = jetmix_fault == 7 ? ap_fixed<9,9>(v0 + bit_shift<4>(v1)) : "
        "ap_fixed<9,9>(v0 - bit_shift<4>(v1));"
    )
    assert lines[7].startswith("    model_out[0] = jetmix_fault == 8 ? out_t(ap_fixed<9,5>(-v0)) :")
    assert lines[8].startswith("    model_out[1] = jetmix_fault == 8 ? out_t(ap_fixed<5,2>(bit_sh")


def test_biases_are_off_by_one_step_of_their_type():
    text = "#define B\n\nbias_t b3[2] = {-0.75, 0.5};\n"
    sites = faults.bias_sites("b3.h", text, "typedef ap_fixed<5,1> bias_t;")
    assert [(s.fault.line, s.fault.wrong) for s in sites] == [
        (3, "b3[0] = -0.6875"),
        (3, "b3[1] = 0.5625"),
    ]
    setter = faults.bias_setter(sites, first=4)
    assert "    b3[1] = 0.5 + (jetmix_fault == 5 ? 0.0625 : 0.0);\n" in setter
    assert faults.bias_sites("b3.h", text.replace("-0.75, 0.5", "0, 0"), "") == []
    assert faults.bias_sites("w3.h", "nothing", "") == []


def test_sites_of_verilog():
    found = wrongs(faults_verilog.stage_sites("s.v", STAGE))
    assert [entry[:2] for entry in found] == [
        ("shift", 5), ("shift", 6), ("sign", 6), ("bit-width", 6), ("constant", 6),
        ("bit-width", 6), ("outputs", 7),
    ]  # fmt: skip
    assert found[0][2] == "v0[3:0]"
    assert "5'b10101" in found[4][2]


def test_verilog_is_planted_with_a_selector():
    sites = faults_verilog.stage_sites("s.v", STAGE)
    planted = faults_verilog.plant_stage(STAGE, sites, first=1)
    assert "    input [15:0] jetmix_fault,\n    input [9:0] model_inp," in planted
    assert "v9[3:0] = jetmix_fault == 16'd1 ? v0[3:0] : (v0[4:1]);" in planted
    assert "shift_adder #(5, 5, 1, 0, 6, 0, 1) op_1_2 (v0[4:0], 5'b10100, v1_2[5:0]);" in planted
    assert "assign model_out[5:0] = jetmix_fault == 16'd7 ? v0_neg[5:0] : (v1[5:0]);" in planted


CELLS = {
    "table": '    wire [7:0] v5; lookup_table #(3, 8, "t.mem") op_5 (v2[2:0], v5[7:0]);',
    "alkaid's table": "    wire [7:0] v5; table_0 op_5 (v2, v5[7:0]);",
    "choice": "    wire [4:0] v6; "
    "mux #(4, 5, 1, 1, 5, 0, 0) op_6 (v3[5], v1[3:0], v2[4:0], v6[4:0]);",
    "alkaid's sum": "    wire [5:0] v1; "
    "shift_adder #(5,4,1,0,6,0,-1,1) op_1 (v0[4:0],v2[3:0],v1[5:0]);",
}


def test_a_bit_of_an_entry_is_flipped():
    found = wrongs(faults_verilog.stage_sites("s.v", CELLS["table"]))
    assert [entry[:2] for entry in found] == [("table", 1)] * 2
    assert found[0][2] == "(v2[2:0] == 3'd0 ? v5_right ^ 8'd8 : v5_right)"
    sites = faults_verilog.stage_sites("s.v", CELLS["table"])
    planted = faults_verilog.plant_stage(CELLS["table"], sites, first=3)
    assert 'lookup_table #(3, 8, "t.mem") op_5_right (v2[2:0], v5_right[7:0]);' in planted
    assert "assign v5 = jetmix_fault == 16'd4 ?" in planted
    (other,) = wrongs(faults_verilog.stage_sites("s.v", CELLS["alkaid's table"]))
    assert other[2] == "(v2 == 1'd0 ? v5_right ^ 8'd8 : v5_right)"


def test_choices_are_inverted_and_swapped():
    found = wrongs(faults_verilog.stage_sites("s.v", CELLS["choice"]))
    assert [kind for kind, *_ in found] == ["choice", "choice"]
    assert "(~v3[5], v1[3:0], v2[4:0], v6@[4:0])" in found[0][2]
    assert "(v3[5], v2[4:0], v1[3:0], v6@[4:0])" in found[1][2]


def test_sums_of_the_other_engine_are_known():
    found = wrongs(faults_verilog.stage_sites("s.v", CELLS["alkaid's sum"]))
    assert "shift_adder #(5, 4, 1, 0, 6, 0, 0, 1)" in found[0][2]
    assert "shift_adder #(5, 4, 1, 0, 6, 0, -1, 0)" in found[1][2]
    assert "4'b0000" in found[3][2]


GRAPH = """\
    out_scores[0] = bits<ap_fixed<5,2>>(v0);
    out_scores[1] = bits<ap_fixed<6,2>>(v1);
    ap_int<8> v4 = table_3_4_0[ap_uint<4>(v2)];
    ap_int<6> v5 = v3[5] ? ap_int<6>(v1) : ap_int<6>(-v2);
    ap_int<9> v6 = v4 - shl<2>(v5);
    ap_fixed<8,3> v7 = table_3f[v2.range()];
"""


def test_the_function_of_a_whole_graph():
    found = wrongs(faults.cpp_sites("g.h", GRAPH))
    table, choices, sums, kernel = (
        [(kind, wrong) for kind, line, wrong in found if line == place] for place in (3, 4, 5, 6)
    )
    right = "table_3_4_0[ap_uint<4>(v2)]"
    assert ("table", f"v2 == 0 ? ap_int<8>({right} + ap_int<8>(1)) : ap_int<8>({right})") in table
    assert [wrong for kind, wrong in choices if kind == "choice"] == [
        "!v3[5] ? ap_int<6>(v1) : ap_int<6>(-v2)",
        "v3[5] ? ap_int<6>(-v2) : ap_int<6>(v1)",
    ]
    assert ("shift", "v4 - shl<3>(v5)") in sums
    assert ("bit-width", "ap_int<8>(v4 - shl<2>(v5))") in sums
    (entry,) = [wrong for kind, wrong in kernel if kind == "table"]
    assert "table_3f[v2.range()] + ap_fixed<8,3>(0.03125)" in entry
    assert ("outputs", 1, "bits<ap_fixed<6,2>>(v1)") in found


def test_dropped_registers_and_the_wider_port():
    sites = faults_verilog.register_sites("t.v", TOP)
    assert [site.fault.wrong for site in sites] == [
        "model_inp[9:0]",
        "{stage0_inp[9:5], model_inp[4:0]}",
    ]
    planted = faults_verilog.plant_top(TOP, sites, first=1)
    assert "input [25:0] model_inp," in planted
    assert "wire [15:0] jetmix_fault = model_inp[25:10];" in planted
    assert "stage0_inp <= model_inp[9:0];" in planted
    assert ".jetmix_fault(jetmix_fault), .model_inp(jetmix_fault == 16'd2 ? {stage0" in planted


def test_sample_is_even_over_the_kinds_and_the_same_each_time():
    sites = faults.cpp_sites("k.h", HEADER)
    chosen = faults.sample(sites, 5, seed=1)
    assert len({site.fault.kind for site in chosen}) == 5
    assert chosen == faults.sample(sites, 5, seed=1)
    assert len(faults.sample(sites, 999, seed=1)) == len(sites)
    assert str(chosen[0].fault).startswith(f"{chosen[0].fault.kind} in k.h:")
