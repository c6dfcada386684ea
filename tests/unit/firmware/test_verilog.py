"""Verilog of a graph with lookup tables."""

import numpy as np
import pytest

from jetmix.errors import LoweringError, ReportReadError
from jetmix.firmware import da_graph
from jetmix.firmware.graph import DaGraph, variables
from jetmix.firmware.parts import find_part
from jetmix.firmware.verilog import FORMAT, PORTS_FILE, TABLES, read_ports, write_rtl
from jetmix.support.files import read_json, write_json
from jetmix.verification.simulators import rtl


def graph_with_tables():
    """tanh of four inputs of 5 bits, then a matrix of small integers."""
    from da4ml.trace import FixedVariableArrayInput, HWConfig, comb_trace

    four = np.ones(4, dtype=np.int64)
    free = FixedVariableArrayInput((4,), HWConfig(1, -1, -1), {"hard_dc": 2})
    x = free.quantize(four, 2 * four, 2 * four)
    y = x.apply(np.tanh).quantize(four, four, 4 * four)
    weights = np.random.default_rng(0).integers(-7, 8, (4, 3)).astype(np.float64)
    return comb_trace(variables(free), variables(y @ weights))


@pytest.fixture(scope="module")
def graph():
    return graph_with_tables()


@pytest.fixture(scope="module")
def project(graph, tmp_path_factory):
    return write_rtl(
        graph,
        tmp_path_factory.mktemp("tables") / "rtl",
        part=find_part("xcvu13p"),
        clock_period_ns=5.0,
        adders_per_stage=2,
    )


def test_the_adder_graph_has_all_that_jetmix_uses(graph):
    assert isinstance(graph, DaGraph)
    stages = da_graph.cut_into_stages(graph, adders_per_stage=2)
    assert all(isinstance(stage, DaGraph) for stage in stages.solutions)
    assert not isinstance(stages, DaGraph)


def test_tables_belong_to_the_project(graph, project):
    assert graph.lookup_tables
    tables = {name for name in project.files if name.startswith(TABLES)}
    assert tables
    assert all(name.endswith(".mem") for name in tables)
    verilog = "".join((project.path / n).read_text() for n in project.files if n.endswith(".v"))
    for name in tables:
        assert f'"{name.rsplit("/", 1)[1]}"' in verilog


def test_vivado_reads_the_tables_before_synthesis(project):
    sources = (project.path / "sources.tcl").read_text()
    assert "[file join $project_dir src memfiles *.mem]" in sources
    assert "read_mem $tables" in sources
    script = (project.path / "implement.tcl").read_text()
    assert script.index("sources.tcl]\n") < script.index("synth_design")


def test_verilator_finds_the_tables(graph, project, tmp_path):
    simulation = rtl.build(project, tmp_path / "simulation")
    x = np.random.default_rng(1).uniform(-4, 4, (50, 4)).astype(np.float32)
    expected = np.array([graph(row) for row in np.floor(x * 4) / 4], dtype=np.float32)
    clocks = simulation.run(x)
    latency = rtl.align(clocks, expected, expected=simulation.latency_cycles)
    assert latency == simulation.latency_cycles
    assert (rtl.results(clocks, latency, 50) == expected).all()


def test_ports_read_back_equal_and_state_the_pipeline(graph, project, tmp_path):
    ports = read_ports(project.path)
    stages, _ = da_graph.pipeline_registers(graph, adders_per_stage=2)
    assert (ports.latency_cycles, ports.adders_per_stage) == (stages, 2)
    assert (len(ports.inputs), len(ports.outputs)) == (4, 3)
    ports.write(tmp_path)
    assert read_ports(tmp_path) == ports


def test_ports_of_an_older_jetmix_are_refused(project, tmp_path):
    content = read_json(project.path / PORTS_FILE)
    del content["format"]
    write_json(tmp_path / PORTS_FILE, content)
    with pytest.raises(LoweringError, match=r"latency in another way; run 'jetmix synth' again"):
        read_ports(tmp_path)
    write_json(tmp_path / PORTS_FILE, content | {"format": FORMAT, "latency_cycles": 0})
    with pytest.raises(ReportReadError, match="latency_cycles"):
        read_ports(tmp_path)
