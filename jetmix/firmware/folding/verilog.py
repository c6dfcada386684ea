"""Writes a folded machine as a project of Verilog: a pipeline per section, and modules between."""

import shutil
import tempfile
from pathlib import Path

from jetmix.errors import LoweringError
from jetmix.firmware.engines.registry import engine_of, name_of
from jetmix.firmware.folding.machine import Machine, SectionRecord
from jetmix.firmware.folding.top import MODULES, TOP_FILE, TopModule
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.naming import name_sources
from jetmix.firmware.parts import Part
from jetmix.firmware.project import (
    INSTALL,
    TOP,
    FirmwareProject,
    Given,
    fill,
    seal,
    write_templates,
)
from jetmix.firmware.verilog import Ports, packed_ports
from jetmix.support.files import place_folder, write_text
from jetmix.support.packaged import shipped

INPUTS: dict[Given, str] = {
    "beats": "a beat: {n} particles of a jet, in order",
    "parallel": "all particles of a jet at once, in the clock of `model_start` alone",
}


def write_folded(
    machine: Machine,
    destination: Path,
    *,
    part: Part,
    clock_period_ns: float,
    adders_per_stage: int,
    given: Given = "beats",
    top: str = TOP,
) -> FirmwareProject:
    """Write the project of a folded tagger; it appears only when it is complete.

    Args:
        machine: the machine.
        destination: folder that does not exist yet.
        part: the FPGA.
        clock_period_ns: target clock period in ns.
        adders_per_stage: adders between two registers, as the machine was scheduled for.
        given: how a jet comes in, ``beats`` or ``parallel``.
        top: name of the top module.

    Raises:
        LoweringError: if the engine cannot write a section as Verilog.
    """
    folding = machine.folding
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        folder = Path(scratch) / "rtl"
        src = folder / "src"
        src.mkdir(parents=True)
        for section, graph in zip(folding.sections, machine.graphs, strict=True):
            _write_section(section, graph, src, adders_per_stage)
        if top != TOP:
            name_sources(src, top, "verilog")
        module = TopModule(machine, top, parallel=given == "parallel")
        write_text(src / f"{top}.sv", module.text())
        _write_modules(src, top)
        Ports(
            inputs=packed_ports(module.input_kifs),
            outputs=packed_ports(module.output_kifs),
            adders_per_stage=adders_per_stage,
            latency_cycles=folding.latency_cycles,
            top=top,
            fold=folding.fold,
            input=given,
        ).write(folder)
        write_templates("folded", folder, _values(machine, part, clock_period_ns, given, top))
        place_folder(folder, destination)
    return seal(
        destination,
        part=part.full_name,
        flow="rtl",
        clock_period_ns=clock_period_ns,
        engine=name_of(machine.graphs[0]),
        top=top,
        ii_cycles=folding.fold,
        sections=tuple(section.name for section in folding.sections),
    )


def _write_section(section: SectionRecord, graph: DaGraph, src: Path, adders: int) -> None:
    """Write the pipeline of a section beside those that are there."""
    name = f"{TOP}_{section.name}"
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        folder = Path(scratch)
        try:
            stages = engine_of(graph).write_hdl(
                graph, folder, top=name, adders_per_stage=adders, language="verilog"
            )
        except OSError:
            raise
        except Exception as error:
            what = f"the engine {name_of(graph)} cannot write it as Verilog"
            raise LoweringError(what, where=f"layer {section.name}",
                                mend="leave out --ii") from error  # fmt: skip
        if stages != section.stages:
            raise LoweringError(f"the engine cut it into {stages} stages, not {section.stages}",
                                where=f"layer {section.name}", mend=INSTALL)  # fmt: skip
        (folder / "src" / f"{name}_wrapper.v").unlink()
        for path in sorted((folder / "src").rglob("*")):
            if path.suffix in (".v", ".mem"):
                _place(path, src / path.relative_to(folder / "src"))


def _place(path: Path, destination: Path) -> None:
    """Copy a source to its place, where the same one may be already.

    Raises:
        LoweringError: if another one of its name is there.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    if destination.exists() and destination.read_bytes() != path.read_bytes():
        raise LoweringError("two sections have different files of one name",
                            where=path.name, mend="leave out --ii")  # fmt: skip
    shutil.copyfile(path, destination)


def _write_modules(src: Path, top: str) -> None:
    for template in sorted(shipped(MODULES).iterdir()):
        if template.name != TOP_FILE:
            text = fill(template, {"TOP": top})
            write_text(src / f"{top}_fold_{template.name}", text)


def _values(
    machine: Machine, part: Part, clock_period_ns: float, given: Given, top: str
) -> dict[str, object]:
    folding = machine.folding
    rows = [
        f"| {', '.join(s.layers)} | {'once per jet' if s.domain == 'jet' else s.domain} "
        f"| {s.stages} | {s.begins} |"
        for s in folding.sections
    ]
    head = "| layers | fold over | stages | first beat at clock |\n| --- | --- | --- | --- |\n"
    return {
        "PART": part.full_name,
        "CLOCK_PERIOD_NS": clock_period_ns,
        "TOP": top,
        "FOLD": folding.fold,
        "INPUT": INPUTS[given].format(n=folding.input_shape[0] // folding.fold),
        "SECTIONS": head + "\n".join(rows),
    }
