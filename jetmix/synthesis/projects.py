"""The projects of the wanted flows, with latency and placement."""

from dataclasses import replace
from pathlib import Path

from jetmix.firmware.folding.machine import Machine
from jetmix.firmware.folding.verilog import write_folded
from jetmix.firmware.hls_ways import write_hls
from jetmix.firmware.placement import place
from jetmix.firmware.project import FirmwareProject
from jetmix.firmware.verilog import ElementNames, write_rtl
from jetmix.resources.estimate import adders_per_stage
from jetmix.resources.report import ResourceReport
from jetmix.resources.utilisation import beyond_one_slr
from jetmix.support.arrays import Reals
from jetmix.support.console import progress
from jetmix.synthesis.budget import Lowered
from jetmix.synthesis.loading import Loaded
from jetmix.synthesis.options import SynthOptions
from jetmix.synthesis.synth_dir import PROJECTS


def write_projects(
    out: Path,
    loaded: Loaded,
    lowered: Lowered,
    options: SynthOptions,
    *,
    test_bench: tuple[Reals, Reals],
    names: ElementNames,
    machine: Machine | None = None,
) -> list[FirmwareProject]:
    """Write the projects of the wanted flows; ``test_bench`` are inputs and outputs for HLS.

    A folded tagger, a ``machine``, has Verilog alone.
    """
    projects = []
    if "hls4ml" in options.flows:
        with progress("Lowering to a Vitis HLS project"):
            hls = write_hls(
                loaded.prepared.model,
                lowered.graph,
                loaded.ports,
                out / PROJECTS["hls4ml"],
                part=options.device,
                clock_period_ns=options.clock_ns,
                test_bench=test_bench,
                delay_constraint=lowered.delay_constraint,
                names=loaded.prepared.names,
                top=options.label,
            )
        projects.append(hls)
    if machine is not None:
        with progress("Lowering to folded Verilog"):
            folded = write_folded(
                machine,
                out / PROJECTS["rtl"],
                part=options.device,
                clock_period_ns=options.clock_ns,
                adders_per_stage=adders_per_stage(options.clock_ns),
                given=options.input,
                top=options.label,
            )
        projects.append(folded)
    elif "rtl" in options.flows:
        with progress("Lowering to Verilog"):
            rtl = write_rtl(
                lowered.graph,
                out / PROJECTS["rtl"],
                part=options.device,
                clock_period_ns=options.clock_ns,
                adders_per_stage=adders_per_stage(options.clock_ns),
                vhdl=options.vhdl,
                ports=loaded.ports,
                names=names,
                top=options.label,
                slr_registers=options.placement.slr_registers,
            )
        projects.append(rtl)
    return [_finished(project, lowered.report, options) for project in projects]


def _finished(
    project: FirmwareProject, report: ResourceReport, options: SynthOptions
) -> FirmwareProject:
    """Return a project with its latency, and with its placement where one is wanted and fits."""
    slr, cycles = options.placement.slr, report.latency_cycles
    if cycles is not None and project.flow == "hls4ml":
        cycles -= 2 * options.placement.slr_registers
    if slr is not None and not beyond_one_slr(report, options.device):
        project = place(project, options.device, slr)
    return replace(project, latency_cycles=cycles)
