"""Open synthesis: strict statistics, and the runner against a scripted stand-in on PATH."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jetmix.eda import yosys
from jetmix.eda.reports.readers import parse
from jetmix.eda.vendor_log import OutOfMemoryError
from jetmix.errors import LoweringError, ReportReadError, ToolFailedError, ToolMissingError
from jetmix.firmware.project import TOP, seal
from jetmix.resources.report import ResourceReport
from jetmix.support.tools import ToolTimeoutError
from jetmix.synthesis.synth_dir import PROJECTS
from jetmix.synthesis.tools import run_yosys
from tests.unit.synthesis.folders import finish_synthesis

PART = "xcvu13p-flga2577-2-e"
CELLS = {
    "BUFG": 1, "CARRY4": 717, "FDRE": 724, "INV": 205, "LUT2": 2053, "LUT3": 685, "LUT4": 116,
    "LUT5": 99, "LUT6": 229, "MUXF7": 47, "MUXF8": 11, "MUXF9": 4,
}  # fmt: skip

WELL = 'cp "$BENCH/stat.json" stat.json; echo module > netlist.v'


def statistics(cells=CELLS, name=TOP, **changes):
    """The statistics as Yosys 0.23 prints them, shortened to what is read."""
    module = {
        "num_wires": 3115,
        "num_memories": 0,
        "num_processes": 0,
        "num_cells": sum(cells.values()),
        "num_cells_by_type": cells,
        **changes,
    }
    content = {
        "creator": "Yosys 0.23 (git sha1 7ce5011c24b)",
        "invocation": "stat -tech xilinx -json ",
        "modules": {f"\\{name}": module},
        "design": module,
    }
    return json.dumps(content, indent=3)


def read(text):
    (report,) = parse(Path("stat.json"), text)
    return report


def test_statistics_of_a_mapped_netlist():
    report = read(statistics())
    assert (report.kind, report.design) == ("Yosys statistics", TOP)
    figures = report.resources
    assert (figures.origin, figures.tool_version) == ("yosys", "Yosys 0.23")
    assert (figures.lut, figures.ff, figures.dsp) == (3182, 724, 0)
    assert (figures.bram18, figures.uram, figures.carry8) == (0, 0, None)
    assert figures.note == "717 CARRY4, 62 MUXF7 to 9"
    assert (figures.part, figures.latency_cycles) == (None, None)


def with_parts(**held):
    """Statistics of a top module whose pipelines were kept apart."""
    parts = {f"{TOP}_{name}": {"LUT6": luts, "FDRE": 2} for name, luts in held.items()}
    content = json.loads(statistics({"LUT2": 5, "FDRE": 3, **dict.fromkeys(parts, 1)}))
    for name, cells in parts.items():
        content["modules"] |= json.loads(statistics(cells, name))["modules"]
    return content


def test_pipelines_that_are_kept_apart_are_counted_by_themselves_and_in_all():
    report = read(json.dumps(with_parts(first=10, last=4)))
    assert report.design == TOP
    assert (report.resources.lut, report.resources.ff) == (19, 7)
    assert report.resources.lut_by_section == {f"{TOP}_first": 10, f"{TOP}_last": 4}


def test_a_module_that_no_other_holds_or_that_is_there_twice_is_no_part():
    content = with_parts(first=10)
    top = content["modules"][f"\\{TOP}"]
    del top["num_cells_by_type"][f"{TOP}_first"]
    with pytest.raises(ReportReadError, match="with parts"):
        read(json.dumps(content))
    top["num_cells_by_type"][f"{TOP}_first"] = 2
    with pytest.raises(ReportReadError, match="with parts"):
        read(json.dumps(content))


def test_memories_and_carry8():
    cells = {"LUT6": 4, "SRL16E": 2, "CARRY8": 3, "RAMB36E2": 2, "RAMB18E2": 1, "DSP48E2": 5}
    figures = read(statistics(cells)).resources
    assert (figures.lut, figures.ff, figures.dsp) == (6, 0, 5)
    assert (figures.bram18, figures.carry8) == (5, 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (statistics({"FDRE": 3}), "the netlist holds no LUT: its logic was optimised away"),
        (statistics({}), "the netlist holds no LUT"),
        (statistics({"LUT2": 1, "$add": 1}), "unknown cell '$add': the netlist is not mapped"),
        (statistics(num_cells=1), "4891 cells by type, but 1 in all"),
        (statistics(num_memories=1), "num_memories is not 0: the netlist is not fully mapped"),
        (statistics(num_processes=None), "'num_processes' is None, expected a whole number"),
        (statistics(num_cells_by_type=[]), "'num_cells_by_type' is missing"),
        (statistics({"LUT2": True}), "'LUT2' is True, expected a whole number"),
        (statistics()[:-200], "not well-formed JSON"),
        ('{"creator": "Yosys 0.23", "modules": {"a": {}, "b": {}}}', "one flattened module"),
        ('{"creator": "Yosys 0.23", "modules": {"a": 1}}', "the module is not an object"),
    ],
)
def test_a_netlist_that_is_empty_or_not_mapped_is_no_number(text, said):
    with pytest.raises(ReportReadError) as caught:
        parse(Path("stat.json"), text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("stat.json:")


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(statistics())), st.integers(0, 400))
def test_damaged_statistics_are_refused_or_read_right(start, length):
    text = statistics()
    try:
        got = read(text[:start] + text[start + length :])
    except ReportReadError:
        return
    assert got.resources.lut > 0


@pytest.fixture
def bench(tmp_path, monkeypatch):
    folder = tmp_path / "bench"
    folder.mkdir()
    script = folder / "yosys"
    script.write_text(
        "#!/bin/bash\n"
        'if [ "$1" = --version ]; then echo "Yosys 0.23 (git sha1 7ce5011c24b)"; exit 0; fi\n'
        'echo "$@" >> "$BENCH/calls"\n'
        'source "$BENCH/yosys.sh"\n'
    )
    script.chmod(0o755)
    (folder / "stat.json").write_text(statistics())
    (folder / "yosys.sh").write_text(WELL)
    monkeypatch.setenv("BENCH", str(folder))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def synthesis(tmp_path):
    """A finished synthesis with Verilog, as far as the Yosys flow looks at it."""
    return make_synthesis(tmp_path / "synth", flow="rtl")


def make_synthesis(out, flow):
    sources = out / PROJECTS[flow] / "src"
    (sources / "memfiles").mkdir(parents=True)
    (sources / "a.v").write_text("module a; endmodule\n")
    (sources / "memfiles" / "table.mem").write_text("0\n")
    (sources.parent / "implement.tcl").write_text("# not for Yosys\n")
    (sources.parent / "a_ports.v").write_text("module a_ports; endmodule\n")
    sealed = seal(sources.parent, part=PART, clock_period_ns=5.0, flow=flow)
    estimate = ResourceReport(origin="estimate", part=PART, lut=3161)
    return finish_synthesis(out, sealed, resources=[estimate])


def run(folder, limit_s=30.0):
    return run_yosys(folder, yosys.find_yosys(), limit_s=limit_s, memory_gb=4.0)


def test_success_adds_a_report(bench, synthesis):
    report = run(synthesis)
    assert (report.origin, report.lut, report.part) == ("yosys", 3182, PART)
    assert (report.ii_cycles, report.clock_target_ns) == (1, 5.0)
    written = json.loads((synthesis / "resources.json").read_text())
    assert [entry["origin"] for entry in written] == ["estimate", "yosys"]
    assert (bench / "calls").read_text() == "-q -l netlist.log -s script.ys\n"
    area = synthesis / "yosys"
    assert (area / "script.ys").read_text() == (
        "read_verilog -defer src/a.v\n"
        f"hierarchy -check -top {TOP}\nproc\nsetattr -unset rom_style m:*\n"
        f"synth_xilinx -top {TOP} -family xcup -nobram -noiopad -flatten\n"
        "tee -q -o stat.json stat -tech xilinx -json\n"
        "splitnets\n"
        "write_verilog -noattr netlist.v\n"
    )
    assert (area / "table.mem").read_text() == "0\n"
    assert not (area / "implement.tcl").exists()


def test_the_same_verilog_is_synthesised_once(bench, synthesis):
    assert run(synthesis) == run(synthesis)
    assert len((bench / "calls").read_text().splitlines()) == 1
    (synthesis / "yosys" / "stat.json").unlink()
    run(synthesis)
    assert len((bench / "calls").read_text().splitlines()) == 2
    (synthesis / "yosys" / "netlist.v").write_text("modul")
    run(synthesis)
    assert len((bench / "calls").read_text().splitlines()) == 3
    assert (synthesis / "yosys" / "netlist.v").read_text() == "module\n"


@pytest.mark.parametrize(
    ("commands", "kind", "said"),
    [
        ("echo 'ERROR: syntax error'; exit 1", ToolFailedError, "status 1 (ERROR: syntax error)"),
        ("echo 'std::bad_alloc'; exit 134", OutOfMemoryError,
         "yosys ran out of memory; 4 GB were not enough, raise --yosys-gb"),
        ("exit 0", ToolFailedError, "yosys finished without an error, but wrote no statistics"),
        ('cp "$BENCH/stat.json" .', ToolFailedError,
         "yosys finished without an error, but wrote no netlist"),
        (f"sed s/{TOP}/other/ $BENCH/stat.json > stat.json; touch netlist.v", ToolFailedError,
         f"the statistics are of 'other', not '{TOP}'"),
        ("echo '{\"creator\": \"Yosys 0.23\"}' > stat.json; touch netlist.v", ReportReadError,
         "flattened module"),
    ],
)  # fmt: skip
def test_failures_are_named_and_not_kept(bench, synthesis, commands, kind, said):
    well = (bench / "yosys.sh").read_text()
    (bench / "yosys.sh").write_text(commands)
    with pytest.raises(kind) as caught:
        run(synthesis)
    assert said in str(caught.value)
    assert not (synthesis / "yosys" / "stage.json").exists()
    (bench / "yosys.sh").write_text(well)
    assert run(synthesis).lut == 3182


def test_memory_limit_holds(bench, synthesis):
    (bench / "yosys.sh").write_text(f'ulimit -v > "$BENCH/limit"; {WELL}')
    run(synthesis)
    assert (bench / "limit").read_text() == f"{4 * 1024**2}\n"


def test_time_limit(bench, synthesis):
    (bench / "yosys.sh").write_text("exec sleep 60")
    with pytest.raises(ToolTimeoutError, match=r"than 0\.005 minutes; raise --yosys-minutes"):
        run(synthesis, limit_s=0.3)


def test_verilog_is_needed(bench, tmp_path):
    with pytest.raises(LoweringError, match="holds no Verilog; run 'jetmix synth' with --flow rtl"):
        run(make_synthesis(tmp_path / "hls", flow="hls4ml"))


def test_models_of_the_cells_come_from_the_tool(bench, tmp_path):
    share = tmp_path / "share" / "yosys"
    with pytest.raises(ToolMissingError, match=r"has no xilinx/cells_sim\.v"):
        yosys.find_cells(bench / "yosys")
    (share / "xilinx").mkdir(parents=True)
    (share / "xilinx" / "cells_sim.v").write_text("module LUT2; endmodule\n")
    assert yosys.find_cells(bench / "yosys") == share / "xilinx" / "cells_sim.v"


def test_missing_tool(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolMissingError, match="'apt-get install yosys' or 'pip install yowasp"):
        yosys.find_yosys()
