"""C synthesis, place and route with the vendor's tools: found, run, resumed, read.

Everything happens in one folder: ``work/`` is a copy of the project in which the tools run,
``csynth/`` and ``implement/`` keep the log and the reports of the two steps. A step that finished
is not run again; one that was ended half way starts anew.
"""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from jetmix.eda.reports.readers import read_report
from jetmix.eda.vendor_log import LogWatch, diagnose
from jetmix.eda.vendor_tools import VendorTool, VendorTools
from jetmix.errors import ReportReadError, RunConflictError, ToolFailedError
from jetmix.firmware.project import FirmwareProject, substitute
from jetmix.resources.origins import PIPELINE_MODEL
from jetmix.resources.report import ResourceReport
from jetmix.support import tools as toolchain
from jetmix.support.console import say
from jetmix.support.files import content_digest, empty_folder, tree_digest
from jetmix.support.stages import StageRecord, read_stage
from jetmix.support.tools import ToolExitError, ToolTimeoutError

VENDOR = "vendor"
# bits were compared already, and implement.tcl places and routes with reports of its own
LEFT_OUT = ("csim       1", "export     1")
# in the folder of Vitis HLS, which is called like the top function with _prj after it
SOLUTION = Path("solution1", "syn")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One tool run in ``work/``: ``reports`` are what it must leave there."""

    name: str
    title: str
    tool: VendorTool
    script: str
    reports: tuple[Path, ...]


def run(
    area: Path, project: FirmwareProject, tools: VendorTools, *, limit_s: float
) -> list[ResourceReport]:
    """Run C synthesis, place and route of a project in the folder ``area``, or what is left of it.

    Args:
        area: folder of the vendor's work; made if it is not there.
        project: an HLS project, or one of Verilog, which has no C synthesis.
        tools: what :func:`jetmix.eda.vendor_tools.find_tools` found.
        limit_s: time limit of each of the two steps in s.

    Returns:
        A report of each origin csynth, post-synthesis and post-route, in this order.

    Raises:
        BitsDifferError: if the project was edited.
        RunConflictError: if a vendor tool still runs in this folder.
        ToolFailedError: if a tool fails, has no licence or memory, is killed or takes too long.
        ReportReadError: if a report is not as expected, or is not about this project.
    """
    project.require_untouched()
    with _alone_in(area) as lock:
        _run_steps(area, project, tools, limit_s, lock)
    return read_outcome(area, project)


@contextlib.contextmanager
def _alone_in(area: Path) -> Iterator[int]:
    """Hold a lock that the tools inherit, so that it lasts as long as one of them runs."""
    area.mkdir(exist_ok=True)
    with (area / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunConflictError(
                "a vendor tool of another run, or of one that was killed, still runs here",
                where=area,
                mend="wait for it, or end it ('ps -ef' shows vitis_hls or vivado)",
            ) from None
        yield handle.fileno()


def _run_steps(
    area: Path, project: FirmwareProject, tools: VendorTools, limit_s: float, lock: int
) -> None:
    work = area / "work"
    base = {"project": project.digest, "left_out": LEFT_OUT}
    if project.flow == "hls4ml":
        csynth = _csynth(tools.require_hls(), project.top)
        digest = content_digest({**base, "tool": csynth.tool.version})
        if not _done(area, csynth, digest, _verilog_digest(work)):
            _copy_project(project, work)
            _run(area, csynth, digest, limit_s, lock)
        verilog = _verilog_digest(work)
    else:
        verilog = _verilog_digest(project.path)
    implement = _implement(tools.vivado)
    digest = content_digest({**base, "tool": tools.vivado.version, "verilog": verilog})
    if not _done(area, implement, digest, verilog):
        if project.flow == "rtl":
            _copy_project(project, work)
        _run(area, implement, digest, limit_s, lock)


def _csynth(tool: VendorTool, top: str) -> Step:
    return Step(
        name="csynth",
        title="C synthesis",
        tool=tool,
        script="build_prj.tcl",
        reports=(Path(f"{top}_prj") / SOLUTION / "report" / f"{top}_csynth.xml",),
    )


def _implement(tool: VendorTool) -> Step:
    names = ("post_synth_utilization.rpt", "post_route_utilization.rpt", "post_route_timing.rpt")
    return Step(
        name="implement",
        title="Place and route",
        tool=tool,
        script="implement.tcl",
        reports=tuple(map(Path, names)),
    )


def _copy_project(project: FirmwareProject, work: Path) -> None:
    """Make the copy that the tools run in, without the steps that are not needed here."""
    empty_folder(work)
    shutil.copytree(project.path, work, dirs_exist_ok=True)
    if project.flow == "hls4ml":
        for step in LEFT_OUT:
            substitute(work / "build_opt.tcl", step, f"{step[:-1]}0")


def _verilog_digest(root: Path) -> str | None:
    """Return the digest of the Verilog in a project, None where there is none.

    It is what C synthesis wrote, or the sources of a project that is Verilog from the start.
    """
    places = [*root.glob(f"*_prj/{SOLUTION}/verilog"), root / "src"]
    folder = next((place for place in places if place.is_dir()), root)
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    has_any = folder != root and any(name.endswith(".v") for name in names)
    return tree_digest(folder, names) if has_any else None


def _done(area: Path, step: Step, digest: str, verilog: str | None) -> bool:
    """Tell whether a step finished with the same input, and what it left is still there."""
    record = read_stage(area / step.name)
    if record is None or record.digest != digest or record.details.get("verilog") != verilog:
        return False
    say(f"{step.title}: already done (took {record.seconds:.0f} s), not run again")
    return True


def _run(area: Path, step: Step, digest: str, limit_s: float, lock: int) -> None:
    """Run a step, keep its reports and write its record last."""
    kept, work = area / step.name, area / "work"
    empty_folder(kept)
    for report in step.reports:  # a report of an earlier run must not pass for one of this run
        (work / report).unlink(missing_ok=True)
    log = kept / "log.txt"
    seconds = _call(step, work, log, limit_s, lock)
    verilog = _verilog_digest(work)
    missing = [report.name for report in step.reports if not (work / report).is_file()]
    if missing or verilog is None:
        raise ToolFailedError(
            f"{step.tool.program.name} finished without an error, but {(*missing, 'Verilog')[0]} "
            "is missing",
            where=log,
            mend="read the log",
        )
    for report in step.reports:
        shutil.copyfile(work / report, kept / report.name)
    details = {"verilog": verilog, "tool": step.tool.describe()}
    StageRecord(stage=step.name, digest=digest, seconds=seconds, details=details).write(kept)


def _call(step: Step, work: Path, log: Path, limit_s: float, lock: int) -> float:
    program = step.tool.program.name
    try:
        return toolchain.run(
            [step.tool.program, *step.tool.arguments, step.script],
            title=step.title,
            cwd=work,
            log=log,
            timeout_s=limit_s,
            note=LogWatch(log).note,
            keep_open=(lock,),
        )
    except ToolTimeoutError:
        raise ToolTimeoutError(
            f"{program} ran longer than {limit_s / 3600:g} h",
            where=log,
            mend="raise --vendor-hours; finished steps are kept",
        ) from None
    except ToolExitError as error:
        raise diagnose(error, program, log) from None


def read_outcome(area: Path, project: FirmwareProject) -> list[ResourceReport]:
    """Return what the reports of a finished vendor run say, by origin.

    The cycles of the later origins are those that C synthesis scheduled, or those of the pipeline
    that was written as Verilog: the netlist keeps them.

    Raises:
        ReportReadError: if a report is not as expected, or is not about this project.
    """
    csynth = None
    if project.flow == "hls4ml":
        csynth = _one(area / "csynth" / f"{project.top}_csynth.xml", project, "csynth")
    implement = area / "implement"
    synthesised = _one(implement / "post_synth_utilization.rpt", project, "post-synthesis")
    routed = _one(implement / "post_route_utilization.rpt", project, "post-route")
    timing = _one(implement / "post_route_timing.rpt", project, "post-route")
    timed = replace(routed, clock_achieved_ns=timing.clock_achieved_ns, note=timing.note)
    later = [_with_cycles(report, csynth, project) for report in (synthesised, timed)]
    return [csynth, *later] if csynth else later


def _with_cycles(
    report: ResourceReport, csynth: ResourceReport | None, project: FirmwareProject
) -> ResourceReport:
    source = "C synthesis" if csynth else "the pipeline model"
    notes = [f"cycles from {source}", *([report.note] if report.note else [])]
    return replace(
        report,
        latency_min_cycles=csynth.latency_min_cycles if csynth else None,
        latency_cycles=csynth.latency_cycles if csynth else project.latency_cycles,
        ii_min_cycles=csynth.ii_min_cycles if csynth else None,
        ii_cycles=csynth.ii_cycles if csynth else project.ii_cycles,
        latency_from=csynth.origin if csynth else PIPELINE_MODEL,
        clock_target_ns=project.clock_period_ns,
        note="; ".join(notes),
    )


def _one(path: Path, project: FirmwareProject, origin: str) -> ResourceReport:
    """Return the only design of a report, insisting that it is this project's."""
    reports = read_report(path)
    figures = reports[0].resources
    device = (figures.part or "").removeprefix("xc").lower()
    clock = figures.clock_target_ns or project.clock_period_ns
    is_timing = figures.lut is None
    for right, what in (
        (len(reports) == 1 and reports[0].design == project.top, f"design is not {project.top}"),
        (figures.origin == origin, f"state is {figures.origin}, not {origin}"),
        (is_timing or device == project.part.removeprefix("xc").lower(), f"part is {device}"),
        (abs(clock - project.clock_period_ns) < 1e-3, f"clock is {clock:g} ns"),
        # constants that were lost leave an empty netlist, which would look wonderfully small
        (figures.lut != 0, "netlist holds no LUT"),
        (not is_timing or figures.clock_achieved_ns is not None, "clock is not the only one"),
    ):
        if not right:
            raise ReportReadError(
                f"not the report of this project: its {what}",
                where=path,
                mend="remove the folder 'vendor' and run the same command again",
            )
    return figures
