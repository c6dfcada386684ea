"""Verilog of a graph with lookup tables."""

import numpy as np
import pytest

from jetmix.firmware import da_graph
from jetmix.firmware.parts import find_part
from jetmix.firmware.verilog import TABLES, write_rtl
from jetmix.verification.simulators import rtl


def graph_with_tables():
    """tanh of four inputs of 5 bits, then a matrix of small integers."""
    from da4ml.trace import FixedVariableArrayInput, HWConfig, comb_trace

    four = np.ones(4, dtype=np.int64)
    free = FixedVariableArrayInput((4,), HWConfig(1, -1, -1), {"hard_dc": 2})
    x = free.quantize(four, 2 * four, 2 * four)
    y = x.apply(np.tanh).quantize(four, four, 4 * four)
    weights = np.random.default_rng(0).integers(-7, 8, (4, 3)).astype(np.float64)
    return comb_trace(da_graph.variables(free), da_graph.variables(y @ weights))


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
    shift = rtl.align(clocks, expected, expected=simulation.latency_cycles) - 1
    assert shift + 1 == simulation.latency_cycles
    assert (clocks[shift : shift + 50] == expected).all()
