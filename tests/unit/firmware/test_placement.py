"""Registers for crossings of dies, and placement in one of them."""

from dataclasses import replace

import numpy as np
import pytest

from jetmix.eda.reports.yosys import FLIP_FLOPS
from jetmix.errors import LoweringError
from jetmix.firmware import da_graph
from jetmix.firmware.parts import find_part
from jetmix.firmware.placement import PLACEMENT_FILE, add_registers, place
from jetmix.firmware.verilog import PORTS_FILE, read_ports, write_rtl
from jetmix.packaging.cost import MEMORIES
from jetmix.resources.estimate import estimate
from jetmix.resources.utilisation import beyond_one_slr
from jetmix.support import tools
from jetmix.support.files import read_json
from jetmix.verification.faults.planting import planted_copy
from jetmix.verification.simulators import rtl
from tests.unit.firmware.test_engines import both, vectors

PART = find_part("xcvu13p")
REGISTERS = 2


@pytest.fixture(scope="module")
def graphs():
    weights = np.array([[3.0, -5.0, 1.0], [1.0, 7.0, 0.5], [-2.0, 1.0, 11.0]])
    return {name: da_graph.graph_of(traces) for name, traces in both(weights).items()}


def written(graph, folder, **options):
    return write_rtl(graph, folder, part=PART, clock_period_ns=5.0, adders_per_stage=2, **options)


@pytest.mark.parametrize("name", ["da4ml", pytest.param("alkaid", marks=pytest.mark.long)])
def test_verilog_with_crossings_is_exact_and_later_by_their_registers(name, graphs, tmp_path):
    graph = graphs[name]
    plain = read_ports(written(graph, tmp_path / "plain").path)
    project = written(graph, tmp_path / "rtl", slr_registers=REGISTERS, top="tagger")
    ports = read_ports(project.path)
    assert (ports.top, ports.slr_registers) == ("tagger", REGISTERS)
    assert not {"top", "slr_registers"} & set(read_json(tmp_path / "plain" / PORTS_FILE))
    x = vectors(graph)
    clocks = rtl.build(project, tmp_path / "sim").run(x)
    right = graph.predict(x)
    measured = rtl.align(clocks, right, expected=0)
    assert measured == ports.latency_cycles == plain.latency_cycles + 2 * REGISTERS
    assert np.array_equal(rtl.results(clocks, measured, len(x)), right)


@pytest.mark.long
def test_faults_are_planted_between_the_crossings(graphs, tmp_path):
    graph = graphs["da4ml"]
    project = written(graph, tmp_path / "rtl", slr_registers=1)
    run, faults = planted_copy(project, tmp_path, 20, 1)
    x = vectors(graph)
    assert np.array_equal(run(0, x), graph.predict(x))
    caught = [not np.array_equal(run(k, x), graph.predict(x)) for k in range(1, len(faults) + 1)]
    assert np.mean(caught) > 0.5


@pytest.mark.parametrize("stages", [1, 3])
def test_yosys_keeps_every_register_and_makes_no_shift_register(
    stages, graphs, yosys_program, tmp_path
):
    project = written(graphs["da4ml"], tmp_path / "rtl", slr_registers=stages)
    names = " ".join(name for name in project.files if name.endswith("_crossing.v"))
    chain = f"chparam -set WIDTH 8 -set STAGES {stages} jetmix_tagger_crossing"
    script = f"read_verilog {names}; {chain}; synth_xilinx -family xcup -noiopad; tee -o stat stat"
    command = [yosys_program[0], "-q", "-p", script]
    tools.run(command, title="Yosys", cwd=project.path, log=tmp_path / "log", timeout_s=60)
    found = [line.split() for line in (project.path / "stat").read_text().splitlines()]
    cells = {words[0]: int(words[1]) for words in found if len(words) == 2 and words[1].isdigit()}
    assert sum(n for kind, n in cells.items() if kind in FLIP_FLOPS) == 8 * stages
    assert not {kind for kind in cells if kind.startswith("SRL") or kind in MEMORIES}


def test_the_estimate_counts_cycles_and_flip_flops(graphs):
    graph = graphs["da4ml"]
    plain, more = (
        estimate(graph, part=PART, clock_period_ns=5.0, flows=("rtl",), slr_registers=n)
        for n in (0, REGISTERS)
    )
    bits = sum(int(kif.sum()) for kif in (graph.inp_kifs, graph.out_kifs))
    assert more.latency_cycles - plain.latency_cycles == 2 * REGISTERS
    for name in ("ff", "ff_low", "ff_high"):
        assert getattr(more, name) - getattr(plain, name) == REGISTERS * bits
    assert (more.lut, more.clock_achieved_ns) == (plain.lut, plain.clock_achieved_ns)


def test_a_placement_is_sealed_and_read_by_the_script(graphs, tmp_path):
    project = written(graphs["da4ml"], tmp_path / "rtl", top="tagger")
    before = (project.path / "implement.tcl").read_text()
    assert PLACEMENT_FILE not in before
    placed = place(project, PART, 2)
    placed.require_untouched()
    assert set(placed.files) - set(project.files) == {PLACEMENT_FILE}
    assert (placed.flow, placed.top, placed.engine) == (project.flow, "tagger", project.engine)
    script = (project.path / "implement.tcl").read_text()
    assert script.index("clock.xdc") < script.index(PLACEMENT_FILE) < script.index("synth_design")
    text = (project.path / PLACEMENT_FILE).read_text()
    assert "resize_pblock [get_pblocks pblock_tagger] -add {SLR2}\n" in text


def test_what_fits_into_one_die_is_told_by_the_upper_end(graphs):
    report = estimate(graphs["da4ml"], part=PART, clock_period_ns=5.0, flows=("rtl",))
    assert beyond_one_slr(report, PART) == ""
    wide = replace(report, lut_high=432_001)
    assert beyond_one_slr(wide, PART) == "432,001 LUT are more than the 432,000 of one SLR"
    assert beyond_one_slr(replace(report, dsp=4000), PART).startswith("4,000 DSP are more")


def test_a_top_of_another_form_is_refused(tmp_path):
    (tmp_path / "jetmix_tagger.v").write_text("module jetmix_tagger (input clk); endmodule\n")
    with pytest.raises(LoweringError, match="the registers at the ends"):
        add_registers(tmp_path, 1, (3, 3), "verilog")
