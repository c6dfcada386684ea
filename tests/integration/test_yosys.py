"""Yosys itself on the Verilog of a small graph."""

import numpy as np
import pytest

from jetmix.errors import ReportReadError
from jetmix.firmware import da_graph
from jetmix.firmware.parts import find_part
from jetmix.firmware.verilog import write_rtl
from jetmix.synthesis.synth_dir import PROJECTS
from jetmix.synthesis.tools import run_yosys
from tests.unit.synthesis.folders import finish_synthesis


def graph_of(weights):
    from da4ml.trace import FixedVariableArrayInput, HWConfig

    n = len(weights)
    free = FixedVariableArrayInput((n,), HWConfig(1, -1, -1), {"hard_dc": 2})
    x = free.quantize(np.ones(n, dtype=np.int64), np.full(n, 4), np.full(n, 3))
    return da_graph.graph_of({"inputs": (free,), "final": (x @ weights,)})


def synthesis_of(graph, out):
    """Write Verilog and the records of a finished synthesis around it."""
    out.mkdir()
    project = write_rtl(
        graph,
        out / PROJECTS["rtl"],
        part=find_part("xcvu13p"),
        clock_period_ns=5.0,
        adders_per_stage=2,
    )
    return finish_synthesis(out, project)


def test_lut_come_near_the_cost_of_the_graph(yosys_program, tmp_path):
    weights = np.random.default_rng(1).integers(-15, 16, (8, 6)).astype(np.float64)
    graph = graph_of(weights)
    folder = synthesis_of(graph, tmp_path / "out")
    report = run_yosys(folder, yosys_program, limit_s=300.0, memory_gb=4.0)
    assert report.lut == pytest.approx(graph.cost, rel=0.25)
    assert report.ff > 0
    assert (report.dsp, report.bram18) == (0, 0)
    assert report.tool_version.startswith("Yosys 0.")
    assert "Executing SYNTH_XILINX pass" in (folder / "yosys" / "netlist.log").read_text()


# at most two LUT for each output bit of a table of 7 bits; one of 11 bits would fill a block RAM
@pytest.mark.parametrize(("fraction", "most"), [(4, 24), (8, 900)])
def test_lookup_tables_become_lut(fraction, most, yosys_program, tmp_path):
    from da4ml.trace import FixedVariableArrayInput, HWConfig

    two = np.ones(2, dtype=np.int64)
    free = FixedVariableArrayInput((2,), HWConfig(1, -1, -1), {"hard_dc": 2})
    y = free.quantize(two, 2 * two, fraction * two).apply(np.tanh).quantize(two, 0 * two, 5 * two)
    graph = da_graph.graph_of({"inputs": (free,), "final": (y,)})
    assert graph.lookup_tables
    folder = synthesis_of(graph, tmp_path / "out")
    report = run_yosys(folder, yosys_program, limit_s=300.0, memory_gb=4.0)
    assert 0 < report.lut <= most
    assert report.bram18 == 0


def test_a_netlist_without_logic_is_refused(yosys_program, tmp_path):
    folder = synthesis_of(graph_of(np.eye(3)), tmp_path / "out")
    with pytest.raises(ReportReadError, match="the netlist holds no LUT"):
        run_yosys(folder, yosys_program, limit_s=300.0, memory_gb=4.0)
    assert not (folder / "yosys" / "stage.json").exists()
