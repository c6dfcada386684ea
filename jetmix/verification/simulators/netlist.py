"""The gate-level netlist of the Verilog, with models of its cells, clock by clock in Verilator."""

from pathlib import Path

from jetmix.firmware.project import FirmwareProject
from jetmix.support.files import content_digest, file_digest
from jetmix.support.packaged import shipped
from jetmix.verification.simulators import rtl, verilator
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
    sources = [netlist.resolve(), *models(cells)]
    library = verilator.build(
        folder,
        sources,
        top=project.top,
        level="netlist",
        title="netlist simulation",
        digest=content_digest([file_digest(source) for source in sources]),
        optimise=OPTIMISE,
    )
    return rtl.simulation(project, library)


def models(cells: Path) -> list[Path]:
    """Return what Verilator reads beside a netlist: the cells' models, and how to take them."""
    return [shipped("firmware_templates/verilator/cells.vlt").resolve(), cells.resolve()]
