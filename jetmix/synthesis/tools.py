"""Yosys and the vendor's tools on the projects of a finished synthesis."""

from pathlib import Path

from jetmix.eda import vendor, yosys
from jetmix.eda.vendor_tools import VendorTools
from jetmix.resources.report import ResourceReport, add_resources
from jetmix.synthesis.synth_dir import SynthDir


def run_yosys(
    folder: Path, program: tuple[Path, str], *, limit_s: float, memory_gb: float
) -> ResourceReport:
    """Synthesise the Verilog of a directory of ``jetmix synth`` and add the report to it.

    Args:
        folder: a finished directory of ``jetmix synth`` with Verilog.
        program: what :func:`jetmix.eda.yosys.find_yosys` found.
        limit_s: time limit in s.
        memory_gb: memory limit in GB; WebAssembly has its own, of 4 GB.

    Raises:
        LoweringError: if the directory holds no Verilog.
        BitsDifferError: if the Verilog was edited.
        ToolFailedError: if Yosys fails, or runs out of time or memory.
        ReportReadError: if the netlist is empty or not fully mapped.
    """
    project = SynthDir.open(folder).project("rtl")
    area = folder / yosys.FOLDER
    yosys.synthesise(area, project, program, limit_s=limit_s, memory_gb=memory_gb)
    report = yosys.read_statistics(area, project)
    add_resources(folder, [report])
    return report


def run_vendor(folder: Path, tools: VendorTools, *, limit_s: float) -> list[ResourceReport]:
    """Run C synthesis, place and route for a directory of ``jetmix synth``.

    Its ``resources.json`` gets a report of each origin csynth, post-synthesis and post-route;
    those of other origins stay. A directory with Verilog only has no C synthesis; one with both
    is taken through HLS.

    Args:
        folder: a finished directory of ``jetmix synth``.
        tools: what :func:`jetmix.eda.vendor_tools.find_tools` found.
        limit_s: time limit of each of the two steps in s.

    Returns:
        The reports, csynth first where there is one.

    Raises:
        BitsDifferError: if the project was edited.
        RunConflictError: if a vendor tool still runs in this directory.
        ToolFailedError: if a tool fails, has no licence or memory, is killed or takes too long.
        ReportReadError: if a report is not as expected, or is not about this project.
    """
    projects = SynthDir.open(folder).projects
    reports = vendor.run(
        folder / vendor.VENDOR, projects.get("hls4ml") or projects["rtl"], tools, limit_s=limit_s
    )
    add_resources(folder, reports)
    return reports
