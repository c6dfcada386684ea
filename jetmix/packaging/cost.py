"""What a wrapper costs beside its network, by Yosys, and what the network costs by itself.

The network is a black box to Yosys here, so that a wrapper takes seconds however large the network
is; what the network takes stands in the reports of its synthesis.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jetmix.eda.reports.yosys import FLIP_FLOPS, FREE, LUTS
from jetmix.eda.yosys import STATISTICS, family_of, find_yosys
from jetmix.errors import ToolFailedError
from jetmix.firmware.project import FirmwareProject
from jetmix.resources.report import ResourceReport
from jetmix.support import tools
from jetmix.support.files import read_json
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.synthesis.timing import best_resources
from jetmix.verification.simulators import ghdl

LIMIT_S = 600.0
READ = """read_verilog -lib {network}.v
read_verilog -sv {top}.sv
"""
READ_VHDL = """read_verilog {top}.v
blackbox {network}
"""
SCRIPT = """synth_xilinx -top {top} -family {family} -nobram -noiopad -flatten
delete t:{network}
tee -q -o {statistics} stat -tech xilinx -json
"""
# GHDL keeps an instance of it
STUB = """architecture rtl of {network} is
    attribute syn_black_box : boolean;
    attribute syn_black_box of rtl : architecture is true;
begin
end architecture rtl;
"""
# LUT that a distributed memory takes, by its cell: UG574, UG474
MEMORIES = {
    "RAM32X1S": 1, "RAM32X1D": 2, "RAM64X1S": 1, "RAM64X1D": 2, "RAM128X1D": 4, "RAM256X1D": 8,
    "RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8,
}  # fmt: skip


def of_wrapper(
    sources: Path, area: Path, *, top: str, network: str, project: FirmwareProject
) -> ResourceReport:
    """Return what the wrapper ``top`` takes without the module ``network``, cycles not known.

    Args:
        sources: the folder of the package's sources.
        area: an empty folder to work in; packages that VHDL of the wrapper needs may lie there.
        top: name of the wrapper, as a module or entity and as a file.
        network: that of the network.
        project: the project of the network, for part and clock.

    Raises:
        ToolMissingError: if there is no Yosys, or no GHDL for VHDL.
        ToolFailedError: if it fails, or makes cells that are not known.
    """
    program, _ = find_yosys()
    if (sources / f"{top}.vhd").is_file():
        read = READ_VHDL
        _translate(sources, area, top, network)
    else:
        read = READ
        # beside the script, so that paths hold no blanks
        for name in (f"{network}.v", f"{top}.sv"):
            (area / name).write_bytes((sources / name).read_bytes())
    values = {"top": top, "network": network, "statistics": STATISTICS}
    script = (read + SCRIPT).format(**values, family=family_of(project.part))
    (area / "script.ys").write_text(script, encoding="utf-8")
    log = area / "log.txt"
    command: list[str | Path] = [program, "-q", "-s", "script.ys"]
    tools.run(command, title="Yosys on the wrapper", cwd=area, log=log, timeout_s=LIMIT_S)
    return replace(
        _counted(read_json(area / STATISTICS)),
        part=project.part,
        clock_target_ns=project.clock_period_ns,
    )


def _translate(sources: Path, area: Path, top: str, network: str) -> None:
    """Write the wrapper as Verilog, with the ports of the network alone."""
    text = (sources / f"{network}.vhd").read_text(encoding="utf-8")
    entity = text[: text.index("architecture ")]
    stub = entity + STUB.format(network=network)
    (area / f"{network}.vhd").write_text(stub, encoding="utf-8")
    (area / f"{top}.vhd").write_bytes((sources / f"{top}.vhd").read_bytes())
    (area / f"{top}.v").write_text(ghdl.to_verilog(area, top), encoding="utf-8")


def _counted(statistics: Any) -> ResourceReport:
    modules: Mapping[str, Any] = statistics["modules"]
    (module,) = modules.values()
    cells: dict[str, int] = module["num_cells_by_type"]
    unknown = sorted(set(cells) - LUTS - FLIP_FLOPS - FREE - set(MEMORIES) - {"CARRY4", "CARRY8"})
    if unknown:
        raise ToolFailedError(
            f"Yosys mapped the wrapper to an unknown cell {unknown[0]!r}", mend="use another Yosys"
        )
    memory = sum(n * MEMORIES.get(kind, 0) for kind, n in cells.items())
    return ResourceReport(
        origin="yosys",
        part=None,
        lut=memory + sum(n for kind, n in cells.items() if kind in LUTS),
        lut_memory=memory,
        ff=sum(n for kind, n in cells.items() if kind in FLIP_FLOPS),
        part_of="wrapper",
    )


def of_network(synth: SynthDir, cycles: int) -> list[ResourceReport]:
    """Return the best report that there is of the network of a synthesis, with these cycles."""
    best = best_resources(synth.resources)
    return [replace(best, latency_cycles=cycles, part_of="network")] if best else []
