"""The level 'netlist': the gates that Yosys makes of the Verilog, clock by clock in Verilator."""

from jetmix.eda import yosys
from jetmix.support.arrays import Reals
from jetmix.verification.bench import TRACED, Bench, Outputs
from jetmix.verification.divergence import beats, pipeline
from jetmix.verification.levels import rtl
from jetmix.verification.simulators import netlist

FOLDER = "netlist-sim"


def require_tools() -> None:
    """Look for Yosys and its models of cells, and for the tools of the Verilog."""
    rtl.require_tools()
    yosys.find_cells(yosys.find_yosys()[0])


def run(bench: Bench) -> Outputs:
    """Synthesise the Verilog, compile the netlist and run it as the level 'rtl' runs Verilog."""
    require_tools()  # before minutes of synthesis
    tool, project = yosys.find_yosys(), bench.projects["rtl"]
    area = bench.folder / yosys.FOLDER
    yosys.synthesise(area, project, tool)
    gates, cells, compiled = area / yosys.NETLIST, yosys.find_cells(tool[0]), bench.folder / FOLDER
    if bench.machine is not None:
        return rtl.in_beats(netlist.build_folded(project, gates, cells, compiled), bench)
    simulation = netlist.build(project, gates, cells, compiled)
    return rtl.clocked(simulation, bench.vectors, bench.reference)


def trace(bench: Bench, x: Reals) -> str:
    """Return where the registers first differ, as the level 'rtl' does."""
    project, gates = bench.projects["rtl"], bench.folder / yosys.FOLDER / yosys.NETLIST
    models = netlist.models(yosys.find_cells(yosys.find_yosys()[0]))
    traced = bench.folder / TRACED
    if bench.machine is not None:
        return beats.first_difference(
            bench.machine, project, x, traced, netlist=gates, models=models
        )
    return pipeline.first_difference(
        project, bench.graph, rtl.layers_of(bench), x, traced, netlist=gates, models=models
    )
