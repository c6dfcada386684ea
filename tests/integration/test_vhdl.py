"""VHDL of both engines, turned into Verilog by GHDL and run clock by clock."""

import subprocess
from dataclasses import replace

import numpy as np
import pytest

from jetmix.firmware import da_graph
from jetmix.firmware.engines.registry import ENGINES
from jetmix.firmware.parts import find_part
from jetmix.firmware.verilog import TABLES, VHDL, write_rtl
from jetmix.verification.simulators import rtl, verilator
from tests.unit.firmware.test_alkaid import every_operation
from tests.unit.firmware.test_engines import both, vectors


def run_vhdl(graph, x, folder, ghdl, **options):
    """Return the outputs of the VHDL for vectors, and of the graph."""
    project = write_rtl(
        graph,
        folder / "rtl",
        part=find_part("xcvu13p"),
        clock_period_ns=5.0,
        adders_per_stage=2,
        vhdl=True,
        **options,
    )
    sources = sorted((project.path / VHDL / "src").rglob("*.vhd"))
    # tables are named without a folder
    area = project.path / VHDL / TABLES
    area.mkdir(parents=True, exist_ok=True)
    work = ["--std=08", f"--workdir={folder}"]
    for command in (["-i", *work, *map(str, sources)], ["-m", *work, project.top]):
        subprocess.run([ghdl, *command], cwd=area, check=True, capture_output=True)
    made = subprocess.run(
        [ghdl, "--synth", *work, "--out=verilog", project.top],
        cwd=area, check=True, capture_output=True, text=True,
    )  # fmt: skip
    (folder / "top.v").write_text(made.stdout)
    library = verilator.build(
        folder / "sim",
        [folder / "top.v"],
        level="rtl",
        title="VHDL",
        digest="vhdl",
        top=project.top,
    )
    simulation = replace(rtl.simulation(project, library), tables=area)
    clocks = simulation.run(x.astype(np.float32))
    return rtl.results(clocks, simulation.latency_cycles, len(x))


@pytest.mark.parametrize("name", ENGINES)
def test_vhdl_is_exact(name, ghdl, tmp_path):
    weights = np.array([[3.0, -5.0, 1.0], [1.0, 7.0, 0.5], [-2.0, 1.0, 11.0]])
    graph = da_graph.graph_of(both(weights)[name])
    x = vectors(graph)
    found = run_vhdl(graph, x, tmp_path, ghdl, top="tagger_v2", slr_registers=2)
    assert np.array_equal(found, graph.predict(x))


def test_nearly_every_operation_of_alkaid_is_exact_in_vhdl(ghdl, tmp_path):
    traces = every_operation()
    # the synthesis of GHDL does not know the functions for "any" and "all bits are set"
    traces["final"] = (np.delete(traces["final"][0], [11, 12]),)
    graph = da_graph.graph_of(traces)
    x = vectors(graph)
    assert np.array_equal(run_vhdl(graph, x, tmp_path, ghdl), graph.predict(x))


def test_every_operation_of_alkaid_is_exact_in_verilog(tmp_path):
    graph = da_graph.graph_of(every_operation())
    project = write_rtl(
        graph,
        tmp_path / "rtl",
        part=find_part("xcvu13p"),
        clock_period_ns=5.0,
        adders_per_stage=2,
    )
    simulation, x = rtl.build(project, tmp_path / "sim"), vectors(graph)
    clocks = simulation.run(x.astype(np.float32))
    found = rtl.results(clocks, simulation.latency_cycles, len(x))
    assert np.array_equal(found, graph.predict(x))
