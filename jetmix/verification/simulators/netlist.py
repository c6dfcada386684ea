"""The gate-level netlist of the Verilog, with models of its cells, clock by clock in Verilator."""

from pathlib import Path

from jetmix.firmware.project import FirmwareProject
from jetmix.support.files import content_digest, file_digest
from jetmix.support.packaged import shipped
from jetmix.verification.simulators import folded, rtl, verilator
from jetmix.verification.simulators.folded import FoldedSim
from jetmix.verification.simulators.rtl import RtlSim

# a netlist takes long to compile and runs few vectors
OPTIMISE = "-O0"


def build(project: FirmwareProject, netlist: Path, cells: Path, folder: Path) -> RtlSim:
    """Compile a netlist into ``folder``, or reuse what is there.

    Args:
        project: the Verilog that the netlist was made of; it states ports and latency.
        netlist: the netlist.
        cells: simulation models of its cells, read where they are.
        folder: where to compile.

    Raises:
        LoweringError: if an older jetmix wrote the project.
        ToolMissingError: if there is no Verilator, make or g++.
        ToolFailedError: if one of them fails.
    """
    sources = _sources(netlist, cells)
    library = verilator.build(
        folder,
        sources,
        top=project.top,
        level="netlist",
        title="netlist simulation",
        digest=_digest(sources),
        optimise=OPTIMISE,
    )
    return rtl.simulation(project, library)


def build_folded(project: FirmwareProject, netlist: Path, cells: Path, folder: Path) -> FoldedSim:
    """Do what :func:`build` does with a netlist of folded Verilog."""
    sources = _sources(netlist, cells)
    return folded.simulation(
        project, sources, folder, level="netlist", digest=_digest(sources), optimise=OPTIMISE
    )


def _sources(netlist: Path, cells: Path) -> list[Path]:
    return [netlist.resolve(), *models(cells)]


def _digest(sources: list[Path]) -> str:
    return content_digest([file_digest(source) for source in sources])


def models(cells: Path) -> list[Path]:
    """Return what Verilator reads beside a netlist: the cells' models, and how to take them."""
    return [shipped("firmware_templates/verilator/cells.vlt").resolve(), cells.resolve()]
