"""The vendor flow against scripted stand-ins for vitis-run and vivado on PATH."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from jetmix.eda.vendor_log import LicenceError, OutOfMemoryError, ToolKilledError
from jetmix.eda.vendor_tools import find_tools
from jetmix.errors import (
    BitsDifferError,
    ReportReadError,
    RunConflictError,
    ToolFailedError,
    ToolMissingError,
)
from jetmix.firmware.project import TOP, seal
from jetmix.resources.report import ResourceReport
from jetmix.support.packaged import shipped
from jetmix.support.tools import ToolTimeoutError
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.synthesis.tools import run_vendor
from tests.unit.eda.reports import vivado_text as make
from tests.unit.synthesis.folders import finish_synthesis

PART = "xcvu13p-flga2577-2-e"
CSYNTH = f"""<profile>
<ReportVersion><Version>2024.1</Version></ReportVersion>
<UserAssignments><unit>ns</unit><Part>{PART}</Part><TopModelName>{TOP}</TopModelName>
<TargetClockPeriod>5.00</TargetClockPeriod></UserAssignments>
<PerformanceEstimates>
<SummaryOfTimingAnalysis><unit>ns</unit><EstimatedClockPeriod>4.100</EstimatedClockPeriod>
</SummaryOfTimingAnalysis>
<SummaryOfOverallLatency><unit>clock cycles</unit>
<Best-caseLatency>8</Best-caseLatency><Worst-caseLatency>9</Worst-caseLatency>
<Interval-min>1</Interval-min><Interval-max>1</Interval-max></SummaryOfOverallLatency>
</PerformanceEstimates>
<AreaEstimates>
<Resources><BRAM_18K>0</BRAM_18K><DSP>0</DSP><FF>900</FF><LUT>20000</LUT><URAM>0</URAM></Resources>
<AvailableResources><BRAM_18K>5376</BRAM_18K><DSP>12288</DSP><FF>3456000</FF><LUT>1728000</LUT>
<URAM>1280</URAM></AvailableResources></AreaEstimates>
</profile>
"""
SYN = f"{TOP}_prj/solution1/syn"
HLS_WELL = f"""echo 'INFO: [SCHED 204-11] Starting scheduling ...'
mkdir -p {SYN}/report {SYN}/verilog
cp "$BENCH/csynth.xml" {SYN}/report/{TOP}_csynth.xml
cp build_opt.tcl "$BENCH/build_opt.used"
echo 'module {TOP}; endmodule' > {SYN}/verilog/{TOP}.v
"""
VIVADO_WELL = 'echo "Phase 1 Build"; cp "$BENCH"/post_*.rpt .'


def design(lut, ff):
    tables = {
        "CLB Logic": make.site_table(
            ("CLB LUTs", lut, 1728000), ("CLB Registers", ff, 3456000), ("CARRY8", 40, 216000)
        ),
        "ARITHMETIC": make.site_table(("DSPs", 0, 12288)),
    }
    return lambda state: make.utilization(tables, state=state)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Stand-ins on PATH: each runs the commands of ``<name>.sh`` and counts its runs."""
    folder = tmp_path / "bench"
    folder.mkdir()
    for name, banner in (("vitis-run", "****** vitis-run v2024.1"), ("vivado", "Vivado v2024.1")):
        script = folder / name
        script.write_text(
            "#!/bin/bash\n"
            f'case "$1" in -version|--version) echo "{banner} (64-bit)"; exit 0;; esac\n'
            f'echo "$@" >> "$BENCH/{name}.calls"\n'
            f'source "$BENCH/{name}.sh"\n'
        )
        script.chmod(0o755)
    (folder / "csynth.xml").write_text(CSYNTH)
    (folder / "post_synth_utilization.rpt").write_text(design(13000, 1000)("Synthesized"))
    (folder / "post_route_utilization.rpt").write_text(design(12500, 990)("Routed"))
    (folder / "post_route_timing.rpt").write_text(
        make.timing().replace("Design       : jetmix_tagger", f"Design       : {TOP}")
    )
    (folder / "vitis-run.sh").write_text(HLS_WELL)
    (folder / "vivado.sh").write_text(VIVADO_WELL)
    monkeypatch.setenv("BENCH", str(folder))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def runs(bench, name):
    calls = bench / f"{name}.calls"
    return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def synthesis(tmp_path):
    """A finished synthesis as far as the vendor flow looks at it."""
    out = tmp_path / "synth"
    project = out / "project"
    project.mkdir(parents=True)
    for name in ("build_prj.tcl", "implement.tcl"):
        (project / name).write_text("# a script\n")
    shutil.copy(shipped("firmware_templates/vitis") / "build_opt.tcl", project)
    sealed = seal(project, part=PART, clock_period_ns=5.0)
    estimate = ResourceReport(origin="estimate", part=PART, lut=12600)
    return finish_synthesis(out, sealed, resources=[estimate])


@pytest.fixture
def verilog(tmp_path):
    """A finished synthesis with Verilog only."""
    out = tmp_path / "verilog"
    sources = out / "rtl" / "src"
    sources.mkdir(parents=True)
    (sources / "a.v").write_text("module a; endmodule\n")
    (out / "rtl" / "implement.tcl").write_text("# a script\n")
    sealed = seal(out / "rtl", part=PART, clock_period_ns=5.0, flow="rtl")
    return finish_synthesis(out, replace(sealed, latency_cycles=11))


def run(folder, limit_s=30.0):
    return run_vendor(folder, find_tools(), limit_s=limit_s)


def test_success_gives_a_report_of_each_origin(bench, synthesis, capsys):
    reports = run(synthesis)
    csynth, synthesised, routed = reports
    assert [report.origin for report in reports] == ["csynth", "post-synthesis", "post-route"]
    assert [report.lut for report in reports] == [20000, 13000, 12500]
    assert [report.ff for report in reports] == [900, 1000, 990]
    assert [report.tool_version for report in reports] == [
        "HLS 2024.1", "Vivado 2022.2", "Vivado 2022.2"
    ]  # fmt: skip
    for report in reports:
        assert (report.latency_min_cycles, report.latency_cycles, report.ii_cycles) == (8, 9, 1)
        assert (report.part, report.clock_target_ns) == (PART, 5.0)
    assert (csynth.latency_ns, synthesised.latency_ns) == (45.0, 45.0)
    assert (routed.clock_achieved_ns, routed.latency_ns) == (4.731, 42.579)
    assert (synthesised.note, routed.note) == (
        "cycles from C synthesis", "cycles from C synthesis; worst slack 0.269 ns"
    )  # fmt: skip
    kept = json.loads((synthesis / "resources.json").read_text())
    assert [entry["origin"] for entry in kept] == [
        "estimate", "csynth", "post-synthesis", "post-route"
    ]  # fmt: skip
    assert runs(bench, "vitis-run") == ["--mode hls --tcl build_prj.tcl"]
    assert runs(bench, "vivado") == ["-mode batch -nojournal -nolog -notrace -source implement.tcl"]
    used = (bench / "build_opt.used").read_text()
    assert "synth      1" in used
    assert "csim       0" in used
    assert "export     0" in used
    told = " ".join(capsys.readouterr().err.split())
    assert "vitis-run 2024.1 (supported: 2022.1 to 2025.2); vivado 2024.1 (supported:" in told


def test_the_project_itself_stays_untouched(bench, synthesis):
    run(synthesis)
    SynthDir.open(synthesis).project("hls4ml").require_untouched()
    assert not (synthesis / "project" / f"{TOP}_prj").exists()


def test_a_second_run_uses_what_is_there(bench, synthesis, capsys):
    first = run(synthesis)
    assert run(synthesis) == first
    assert (len(runs(bench, "vitis-run")), len(runs(bench, "vivado"))) == (1, 1)
    assert "C synthesis: already done" in capsys.readouterr().err
    kept = json.loads((synthesis / "resources.json").read_text())
    assert len(kept) == 4


def test_resume_after_a_failed_place_and_route(bench, synthesis):
    (bench / "vivado.sh").write_text("exit 1")
    with pytest.raises(ToolFailedError, match="vivado failed with status 1"):
        run(synthesis)
    assert len(json.loads((synthesis / "resources.json").read_text())) == 1
    (bench / "vivado.sh").write_text(VIVADO_WELL)
    assert len(run(synthesis)) == 3
    assert (len(runs(bench, "vitis-run")), len(runs(bench, "vivado"))) == (1, 2)


def test_lost_verilog_is_made_again(bench, synthesis):
    run(synthesis)
    shutil.rmtree(synthesis / "vendor" / "work")
    run(synthesis)
    assert (len(runs(bench, "vitis-run")), len(runs(bench, "vivado"))) == (2, 1)


@pytest.mark.parametrize(
    ("commands", "kind", "said"),
    [
        ("echo \"ERROR: [Common 17-345] A valid license was not found for feature 'HLS'\"; exit 1",
         LicenceError, "vitis-run found no licence (ERROR: [Common 17-345]"),
        ("echo 'terminate called: std::bad_alloc'; exit 134", OutOfMemoryError, "out of memory"),
        ("kill -KILL $$", OutOfMemoryError, "64 GB"),
        ("kill -TERM $$", ToolKilledError, "was terminated by SIGTERM"),
        ("echo 'ERROR: [HLS 207-1] no such type'; exit 1", ToolFailedError,
         "failed with status 1 (ERROR: [HLS 207-1] no such type)"),
        ("exit 0", ToolFailedError, f"but {TOP}_csynth.xml is missing"),
        (HLS_WELL + f"rm {SYN}/verilog/*", ToolFailedError, "but Verilog is missing"),
    ],
)  # fmt: skip
def test_failures_are_named_and_nothing_is_trusted(bench, synthesis, commands, kind, said):
    (bench / "vitis-run.sh").write_text(commands)
    with pytest.raises(ToolFailedError) as caught:
        run(synthesis)
    assert type(caught.value) is kind
    assert said in str(caught.value)
    assert str(synthesis / "vendor" / "csynth" / "log.txt") in str(caught.value)
    assert not (synthesis / "vendor" / "csynth" / "stage.json").exists()
    assert runs(bench, "vivado") == []
    (bench / "vitis-run.sh").write_text(HLS_WELL)
    assert len(run(synthesis)) == 3


def test_time_limit(bench, synthesis):
    (bench / "vitis-run.sh").write_text("sleep 60")
    with pytest.raises(ToolTimeoutError, match=r"ran longer than .* h; raise --vendor-hours"):
        run(synthesis, limit_s=0.5)


def test_killed_half_way_is_done_again(bench, synthesis):
    """Kill jetmix itself, with a report of the half-written step already in place."""
    (bench / "vitis-run.sh").write_text(HLS_WELL + 'echo $$ > "$BENCH/half"; exec sleep 60')
    script = (
        "import sys; from pathlib import Path\n"
        "from jetmix.synthesis.tools import run_vendor\n"
        "from jetmix.eda.vendor_tools import find_tools\n"
        "run_vendor(Path(sys.argv[1]), find_tools(), limit_s=60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(synthesis)], env=os.environ)
    deadline = time.monotonic() + 30
    while not (bench / "half").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (synthesis / "vendor" / "csynth" / "stage.json").exists()
    (bench / "vitis-run.sh").write_text(HLS_WELL)
    with pytest.raises(RunConflictError, match="still runs here"):
        run(synthesis)  # the tool that the killed run left behind works in the same folder
    os.kill(int((bench / "half").read_text()), signal.SIGKILL)
    assert len(_once_free(synthesis)) == 3
    assert len(runs(bench, "vitis-run")) == 2


def _once_free(synthesis):
    deadline = time.monotonic() + 10
    while True:
        try:
            return run(synthesis)
        except RunConflictError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_report_of_an_earlier_run_does_not_pass(bench, synthesis):
    run(synthesis)
    (synthesis / "vendor" / "implement" / "stage.json").unlink()
    (bench / "vivado.sh").write_text("exit 0")
    with pytest.raises(ToolFailedError, match=r"but post_synth_utilization\.rpt is missing"):
        run(synthesis)


@pytest.mark.parametrize(
    ("report", "change", "said"),
    [
        ("csynth.xml", (TOP, "myproject"), f"its design is not {TOP}"),
        ("csynth.xml", ("5.00", "4.00"), "its clock is 4 ns"),
        ("csynth.xml", ("vu13p", "vu9p"), "its part is vu9p-flga2577-2-e"),
        ("csynth.xml", ("<LUT>20000<", "<LUT>0<"), "its netlist holds no LUT"),
        ("post_route_utilization.rpt", ("Routed", "Optimized"), "its state is post-synthesis, not"),
        ("post_route_timing.rpt", ("{0.000 2.500}      5.000           200.000",
         "{0.000 1.000}      2.000           500.000"), "its clock is 2 ns"),
        ("post_route_timing.rpt", ("fo=2, routed", "fo=2, estimated"), "its state is post-"),
        ("post_synth_utilization.rpt", ("| 13000 |", "| 13O00 |"), "expected a number"),
    ],
)  # fmt: skip
def test_a_report_of_something_else_is_refused(bench, synthesis, report, change, said):
    path = bench / report
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(ReportReadError) as caught:
        run(synthesis)
    assert said in str(caught.value)
    assert len(json.loads((synthesis / "resources.json").read_text())) == 1


def test_an_edited_project_is_refused(bench, synthesis):
    (synthesis / "project" / "implement.tcl").write_text("# edited\n")
    with pytest.raises(BitsDifferError, match="was edited"):
        run(synthesis)
    assert runs(bench, "vitis-run") == []


def test_older_hls_and_unsupported_versions_are_said(bench, synthesis, capsys):
    text = (bench / "vitis-run").read_text()
    (bench / "vitis_hls").write_text(text.replace("vitis-run v2024.1", "Vitis HLS v2021.2"))
    (bench / "vitis_hls").chmod(0o755)
    (bench / "vitis-run").unlink()
    tools = find_tools()
    assert tools.hls.arguments == ("-f",)
    assert tools.hls.version == "2021.2"
    told = " ".join(capsys.readouterr().err.split())
    assert "vitis_hls 2021.2 (NOT supported: 2022.1 to 2025.2)" in told


@pytest.mark.parametrize("name", ["vitis-run", "vivado"])
def test_missing_tools(bench, name):
    (bench / name).unlink()
    with pytest.raises(ToolMissingError, match=rf"{name}.* on PATH; install AMD Vitis 2022\.1"):
        find_tools()


def test_verilog_is_placed_and_routed_without_hls(bench, verilog):
    (bench / "vitis-run").unlink()
    tools = find_tools(with_hls=False)
    synthesised, routed = run_vendor(verilog, tools, limit_s=30.0)
    assert (synthesised.origin, routed.origin) == ("post-synthesis", "post-route")
    assert (routed.lut, routed.latency_cycles, routed.ii_cycles) == (12500, 11, 1)
    assert routed.latency_ns == pytest.approx(11 * 4.731)
    assert routed.note == "cycles from the pipeline model; worst slack 0.269 ns"
    assert run_vendor(verilog, tools, limit_s=30.0) == [synthesised, routed]
    assert len(runs(bench, "vivado")) == 1
    assert not (verilog / "rtl" / "post_route_timing.rpt").exists()


def test_tools_without_hls_do_not_take_an_hls_project(bench, synthesis):
    with pytest.raises(ToolMissingError, match="neither vitis-run nor vitis_hls was found"):
        run_vendor(synthesis, find_tools(with_hls=False), limit_s=30.0)
