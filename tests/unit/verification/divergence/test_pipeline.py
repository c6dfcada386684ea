from types import SimpleNamespace

import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.firmware import da_graph
from jetmix.firmware.dais import operands
from jetmix.firmware.verilog import Ports
from jetmix.models.keras_env import load_tagger
from jetmix.verification.divergence.pipeline import Pipeline, Register, probed
from tests.unit.verification.divergence.test_layers import GOLDEN

TOP = """\
module jetmix_tagger (
    input clk,
    input [3:0] model_inp,
    output reg [1:0] model_out
);
    reg [3:0] stage0_inp;
endmodule
"""
NETLIST = r"""
module jetmix_tagger(clk, model_inp, model_out);
  wire \stage0_inp[0] ;
  wire \stage0_inp[2] ;
  output [1:0] model_out;
endmodule
"""


@pytest.fixture(scope="module")
def tiny():
    model = load_tagger(GOLDEN / "tiny_mixer.keras")
    traces = da_graph.trace_layers(model)
    graph = da_graph.graph_of(traces)
    return graph, da_graph.layer_of_operations(traces, graph)


@pytest.fixture
def pipeline(tiny, tmp_path):
    some = ((0, 1, 1),)
    Ports(inputs=some, outputs=some, adders_per_stage=5, latency_cycles=6).write(tmp_path)
    return Pipeline(tiny[0], SimpleNamespace(path=tmp_path))


def register(name, stage, *kif):
    return Register(name=name, stage=stage, kif=np.array(kif))


def test_registers_hold_the_values_of_the_graph(tiny, pipeline):
    names = [register.name for register in pipeline.registers]
    assert names == [*(f"stage{i}_inp" for i in range(5)), "model_out"]
    # those of the Verilog: its input register, four between stages and model_out
    assert [r.bits for r in pipeline.registers] == [124, 182, 263, 103, 46, 65]
    x = np.random.default_rng(0).normal(0, 2, (7, 4, 3)).astype(np.float32)
    values = pipeline.values(x)
    assert [v.shape[1] for v in values] == [len(r.kif) for r in pipeline.registers]
    assert np.array_equal(values[-1], tiny[0].predict(x.reshape(7, -1).astype(float)))


def test_layers_of_each_stage(tiny, pipeline):
    told = [
        pipeline.layers(register, range(len(register.kif)), tiny[1])
        for register in pipeline.registers[1:]
    ]
    assert [layers.split(", ") for layers in told] == [
        ["residual", "channel_mixing_1", "channel_mixing_2", "token_mixing", "channel_mixing_3"],
        ["token_mixing", "residual", "channel_mixing_3", "channel_mixing_4", "sum"],
        ["channel_mixing_3", "channel_mixing_4", "sum", "head_1"],
        ["sum", "head_1", "logits"],
        ["logits"],
    ]


def test_layers_of_one_output_are_those_it_is_made_of(tiny, pipeline):
    graph, layers = tiny
    end = graph.out_idxs[2]
    (only,) = {layers[i] for i in (end, *operands(graph.ops[end]))}
    assert pipeline.layers(pipeline.registers[-1], [2], layers) == only == "logits"


def test_element_of_a_bit():
    mixed = register("r", 1, (1, 2, 1), (0, 0, 0), (0, 3, 0))
    assert [mixed.element(bit) for bit in range(mixed.bits)] == [0, 0, 0, 0, 2, 2, 2]


REGISTERS = [register("stage0_inp", 0, (0, 3, 1)), register("model_out", 1, (0, 1, 1))]


def test_verilog_gets_a_port_for_all_bits():
    text, probes = probed(TOP, REGISTERS)
    assert probes == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)]
    assert "output reg [1:0] model_out,\n    output [5:0] jetmix_probe\n);" in text
    assert "assign jetmix_probe = {model_out[1], model_out[0], stage0_inp[3], " in text


def test_netlist_gets_a_port_for_the_bits_that_are_there():
    text, probes = probed(NETLIST, REGISTERS)
    assert probes == [(0, 0), (0, 2), (1, 0), (1, 1)]
    assert "model_out, jetmix_probe);\n  output [3:0] jetmix_probe;" in text
    assert r"{model_out[1], model_out[0], \stage0_inp[2] , \stage0_inp[0] };" in text


def test_only_the_top_module_of_a_netlist_gets_a_port():
    pipeline = NETLIST.replace("jetmix_tagger(", "jetmix_tagger_head(").replace("[2]", "[1]")
    text, probes = probed(pipeline + NETLIST + pipeline, REGISTERS)
    assert probes == probed(NETLIST, REGISTERS)[1]
    assert text == pipeline + probed(NETLIST, REGISTERS)[0] + pipeline


def test_other_verilog_is_refused():
    with pytest.raises(LoweringError, match="the ports of the top module were not found"):
        probed("module other (input a);\nendmodule\n", REGISTERS)
