"""Engines: what both have in common."""

import numpy as np
import pytest

from jetmix.errors import LoweringError, ReportReadError
from jetmix.firmware import da_graph
from jetmix.firmware.engines import alkaid, alkaid_layers, alkaid_replay
from jetmix.firmware.engines.alkaid_graph import AlkaidGraph
from jetmix.firmware.engines.registry import ENGINES, engine_of
from jetmix.firmware.graph import DaGraph, Traces, variables
from jetmix.firmware.parts import find_part
from jetmix.firmware.project import TOP
from jetmix.firmware.verilog import VHDL, read_ports, write_rtl


def vectors(graph: DaGraph, n: int = 200) -> np.ndarray:
    low, high = (np.array([getattr(q, end) for q in graph.inp_qint]) for end in ("min", "max"))
    return np.random.default_rng(0).uniform(2 * low - high, 2 * high - low, (n, len(low)))


def both(weights: np.ndarray) -> dict[str, Traces]:
    """Two layers, in both engines: sums with ReLU, then sums with the input added."""
    from alkaid.trace import FVArray, HWConfig
    from da4ml.trace import FixedVariableArray
    from da4ml.trace import HWConfig as Da4mlConfig

    found = {}
    kif = [np.full(3, bits) for bits in (1, 2, 3)]
    options = {"hard_dc": 2}
    starts = {
        "da4ml": FixedVariableArray.from_kif(*kif, Da4mlConfig(1, -1, -1), 0, options),
        "alkaid": FVArray.from_kif(
            *kif, HWConfig(1, alkaid_replay.NO_CARRY_LIMIT, -1), 0.0, options
        ),
    }
    for name, x in starts.items():
        hidden = (x @ weights).relu(i=np.full(3, 4), f=np.full(3, 2))
        last = hidden @ weights.T + x
        places = {"/first/final": (hidden,), "/last/final": (last,), "final": (last,)}
        found[name] = Traces(inputs=(x,), **places)
        found[name].engine = name
    return found


@pytest.fixture(scope="module")
def two_layers() -> dict[str, Traces]:
    return both(np.array([[3.0, -5.0, 1.0], [1.0, 7.0, 0.5], [-2.0, 1.0, 11.0]]))


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_lowers_saves_and_cuts_the_same_function(name, two_layers, tmp_path):
    graph = da_graph.graph_of(two_layers[name])
    assert isinstance(graph, DaGraph)
    assert engine_of(graph).__name__ == ENGINES[name]
    da_graph.save(graph, tmp_path / "ir.json")
    read = da_graph.load(tmp_path / "ir.json")
    assert engine_of(read) is engine_of(graph)
    x = vectors(graph)
    assert np.array_equal(read.predict(x), da_graph.graph_of(two_layers["da4ml"]).predict(x))
    cut = da_graph.cut_into_stages(graph, adders_per_stage=2)
    assert len(cut.solutions) > 1
    assert cut.reg_bits > 0
    values = x
    for stage in cut.solutions:
        values = stage.predict(values)
    assert np.array_equal(values, graph.predict(x))


@pytest.mark.parametrize("name", ENGINES)
def test_the_layer_of_an_operation_is_the_first_that_is_made_from_it(name, two_layers):
    traces = two_layers[name]
    graph = da_graph.graph_of(traces)
    layers = da_graph.layer_of_operations(traces, graph)
    assert set(layers) == {"inputs", "first", "last"}
    for layer, op in zip(layers, graph.ops, strict=True):
        assert (layer == "inputs") == (op.opcode == -1)
        assert (op.opcode == 2) <= (layer == "first")
    hidden = [index for index, op in enumerate(graph.ops) if op.opcode == 2]
    for op, layer in zip(graph.ops, layers, strict=True):
        assert layer == "last" or not {op.id0, op.id1} & set(hidden) or op.opcode == -1


@pytest.mark.parametrize("name", ENGINES)
def test_places_of_a_layered_graph_hold_their_traces(name, two_layers):
    graph, places = da_graph.layered(two_layers[name])
    x = vectors(graph)
    values = graph.predict(x)
    assert list(places) == ["/first/final", "/last/final", "final"]
    assert (values[:, places["/first/final"]] >= 0).all()
    assert np.array_equal(values[:, places["final"]], values[:, places["/last/final"]])
    whole = da_graph.graph_of(two_layers[name]).predict(x)
    assert np.array_equal(values[:, places["final"]], whole)


@pytest.mark.parametrize("content", ["{}", "[]", '{"meta": "ALIRModel"}', "[[1]]", "not JSON"])
def test_a_damaged_graph_is_refused(content, tmp_path):
    (tmp_path / "ir.json").write_text(content)
    with pytest.raises(ReportReadError, match="not a readable DA graph"):
        da_graph.load(tmp_path / "ir.json")


def test_other_orders_than_the_known_one_are_refused(two_layers):
    traces = two_layers["alkaid"]
    graph = da_graph.graph_of(traces)
    traced = AlkaidGraph(alkaid._traced(traces, variables(traces["final"])))
    shorter = traced._replace(ops=traced.native.ops[:-1])
    with pytest.raises(LoweringError, match="unexpected way"):
        alkaid_layers.by_values(traces, shorter, graph)


@pytest.mark.parametrize("name", ENGINES)
def test_vhdl_lies_beside_the_verilog_and_is_sealed(name, two_layers, tmp_path):
    project = write_rtl(
        da_graph.graph_of(two_layers[name]),
        tmp_path / "rtl",
        part=find_part("xcvu13p"),
        clock_period_ns=5.0,
        adders_per_stage=2,
        vhdl=True,
    )
    assert project.engine == name
    top = (project.path / VHDL / "src" / f"{TOP}.vhd").read_text()
    assert f"entity {TOP}" in top
    written = {path.suffix for path in (project.path / VHDL).rglob("*") if path.is_file()}
    assert written == {".vhd"}
    assert sum(file.startswith(f"{VHDL}/") for file in project.files) > len(ENGINES)
    assert not any("wrapper" in file for file in project.files)
    stages = da_graph.cut_into_stages(da_graph.graph_of(two_layers[name]), adders_per_stage=2)
    assert read_ports(project.path).latency_cycles == len(stages.solutions)


def test_what_cannot_be_written_names_engine_and_language(two_layers, tmp_path, monkeypatch):
    def fails(*_, language, **__):
        raise KeyError(language)

    monkeypatch.setattr(alkaid, "write_hdl", fails)
    with pytest.raises(LoweringError, match="engine alkaid cannot write the graph as Verilog"):
        write_rtl(
            da_graph.graph_of(two_layers["alkaid"]),
            tmp_path / "rtl",
            part=find_part("xcvu13p"),
            clock_period_ns=5.0,
            adders_per_stage=2,
        )
