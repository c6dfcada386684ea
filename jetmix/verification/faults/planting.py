"""Copies of projects with faults planted in them, compiled, and how to run them."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from jetmix.firmware.project import FirmwareProject, seal
from jetmix.firmware.verilog import read_ports
from jetmix.support.arrays import Reals
from jetmix.verification.faults import cpp, folded, verilog
from jetmix.verification.faults.cpp import SELECT, Fault, Site, sample
from jetmix.verification.simulators import csim, rtl
from jetmix.verification.simulators import folded as clocked
from jetmix.verification.simulators.folded import FoldedSim

# how places for faults are found in a file of a tagger of a name, and planted there
_Way = tuple[Callable[[str, str, str], list[Site]], Callable[[str, Sequence[Site], int, str], str]]
# what runs vectors through the firmware with the fault of a number, 0 for none
Run = Callable[[int, Reals], Reals]

# of the faults in C++, those in biases; of those in Verilog, those in registers
BIAS_SHARE, REGISTER_SHARE = 0.2, 0.1
# the number of the fault as an input port: no sign, 16 bits
SELECTOR_BITS = (0, 16, 0)


def _plant_cpp(root: Path, top: str, count: int, seed: int) -> list[Fault]:
    """Plant faults into a copy of an HLS project; return them in the order of their numbers."""
    header = root / "firmware" / "nnet_utils" / "nnet_code_gen.h"
    text = header.read_text(encoding="utf-8")
    defines = (root / "firmware" / "defines.h").read_text(encoding="utf-8")
    weights = sorted((root / "firmware" / "weights").glob("b*.h"))
    biases = [
        site
        for file in weights
        for site in cpp.bias_sites(file.name, file.read_text(encoding="utf-8"), defines)
    ]
    biases = sample(biases, round(BIAS_SHARE * count), seed)
    sites = sample(cpp.cpp_sites(header.name, text), count - len(biases), seed)
    header.write_text(cpp.plant_cpp(text, sites, first=1), encoding="utf-8")
    with (root / "firmware" / f"{top}.cpp").open("a", encoding="utf-8") as source:
        source.write(cpp.bias_setter(biases, first=1 + len(sites)))
    return [site.fault for site in [*sites, *biases]]


def _plant_verilog(root: Path, top: str, count: int, seed: int) -> list[Fault]:
    """Plant faults into a copy of a Verilog project; return them in the order of their numbers."""
    source = root / "src" / f"{top}.v"
    text = source.read_text(encoding="utf-8")
    registers = verilog.register_sites(source.name, text)
    registers = sample(registers, round(REGISTER_SHARE * count), seed)
    source.write_text(verilog.plant_top(text, registers, first=1), encoding="utf-8")
    stages = {p: p.read_text(encoding="utf-8") for p in (root / "src").glob(f"{top}_stage*.v")}
    sites = [s for p in sorted(stages) for s in verilog.stage_sites(p.name, stages[p], top)]
    chosen = sample(sites, count - len(registers), seed)
    planted = [site.fault for site in registers]
    for stage in sorted(stages):
        mine = [site for site in chosen if site.fault.file == stage.name]
        first = 1 + len(planted)
        wrong = verilog.plant_stage(stages[stage], mine, first, top)
        stage.write_text(wrong, encoding="utf-8")
        planted += [site.fault for site in mine]
    ports = read_ports(root)
    replace(ports, inputs=(*ports.inputs, SELECTOR_BITS)).write(root)
    return planted


def _plant_folded(root: Path, project: FirmwareProject, count: int, seed: int) -> list[Fault]:
    """Plant faults into a copy of folded Verilog; return them in the order of their numbers."""
    src, top = root / "src", project.top
    ways: dict[Path, _Way] = {
        src / f"{top}.sv": (folded.top_sites, folded.plant_top),
        src / f"{top}_fold_control.sv": (folded.control_sites, folded.plant_control),
    }
    for name in project.sections:
        ways[src / f"{top}_{name}.v"] = (verilog.pipeline_sites, verilog.plant_pipeline)
        for stage in sorted(src.glob(f"{top}_{name}_stage*.v")):
            ways[stage] = (verilog.stage_sites, verilog.plant_stage)
    texts = {path: path.read_text(encoding="utf-8") for path in ways}
    sites = [s for path, (look, _) in ways.items() for s in look(path.name, texts[path], top)]
    chosen = sample(sites, count, seed)
    planted: list[Fault] = []
    for path, (_, plant) in ways.items():
        mine = [site for site in chosen if site.fault.file == path.name]
        path.write_text(plant(texts[path], mine, 1 + len(planted), top), encoding="utf-8")
        planted += [site.fault for site in mine]
    return planted


def planted_copy(
    project: FirmwareProject, scratch: Path, count: int, seed: int
) -> tuple[Run, list[Fault]]:
    """Compile a copy of a project with faults into ``scratch``; return how to run it, and them.

    Raises:
        ToolMissingError: if a compiler is missing.
        ToolFailedError: if one fails.
    """
    root = shutil.copytree(project.path, scratch / "wrong")
    if project.sections:
        planted = _plant_folded(root, project, count, seed)
    else:
        plant = _plant_cpp if project.flow == "hls4ml" else _plant_verilog
        planted = plant(root, project.top, count, seed)
    sealed = seal(
        root,
        part=project.part,
        clock_period_ns=project.clock_period_ns,
        flow=project.flow,
        top=project.top,
    )
    wrong = replace(sealed, latency_cycles=project.latency_cycles)
    if project.flow == "hls4ml":
        return _cpp_run(csim.build(wrong, scratch / "csim")), planted
    if project.sections:
        sources = clocked.sources_of(wrong)
        setup = f"tagger.{SELECT} = fault;"
        return _folded_run(
            clocked.simulation(wrong, sources, scratch / "rtl-sim", setup=setup)
        ), planted
    return _verilog_run(rtl.build(wrong, scratch / "rtl-sim")), planted


def _cpp_run(simulation: csim.CSim) -> Run:
    def run(number: int, x: Reals) -> Reals:
        simulation.library.jetmix_set_fault(number)
        return simulation.run_quietly(x) * simulation.lsb

    return run


def _verilog_run(simulation: rtl.RtlSim) -> Run:
    def run(number: int, x: Reals) -> Reals:
        selector = np.full((len(x), 1), number, dtype=np.float32)
        clocks = simulation.run(np.concatenate([x.reshape(len(x), -1), selector], axis=1))
        return rtl.results(clocks, simulation.latency_cycles, len(x))

    return run


def _folded_run(simulation: FoldedSim) -> Run:
    def run(number: int, x: Reals) -> Reals:
        simulation.library.jetmix_set_fault(number)
        found = simulation.run(x)
        late = found.latency_cycles != simulation.ports.latency_cycles
        return np.full_like(found.values, np.nan) if late else found.values

    return run
