"""What a wrapper costs beside its network, by Yosys, and what the network costs by itself.

The network is a black box to Yosys here, so that a wrapper takes seconds however large the network
is; what the network takes stands in the reports of its synthesis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from jetmix.eda.reports.yosys import FLIP_FLOPS, FREE, LUTS
from jetmix.eda.yosys import STATISTICS, family_of, find_yosys
from jetmix.errors import ToolFailedError
from jetmix.resources.report import ResourceReport
from jetmix.support import tools
from jetmix.support.files import read_json
from jetmix.support.records import NOT_EMPTY, NOT_NEGATIVE, Check, checked
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


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a part of a package takes of an FPGA; a figure that is not known is None.

    Attributes:
        origin: where LUT and FF come from, such as ``yosys`` or ``estimate``.
        lut: look-up tables, without those that are memory.
        lut_memory: look-up tables that are memory, where that is known.
        ff: flip-flops.
        cycles: latency in clock cycles; of a wrapper, those that it adds while nothing waits.
    """

    origin: str
    lut: float | None
    ff: float | None
    cycles: int
    lut_memory: float | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        "origin": NOT_EMPTY,
        **checked(NOT_NEGATIVE, "lut", "ff", "cycles", "lut_memory"),
    }


def of_wrapper(sources: Path, area: Path, *, top: str, network: str, part: str) -> Cost:
    """Return what the wrapper ``top`` takes without the module ``network``; its cycles are 0.

    Args:
        sources: the folder of the package's sources.
        area: an empty folder to work in; packages that VHDL of the wrapper needs may lie there.
        top: name of the wrapper, as a module or entity and as a file.
        network: that of the network.
        part: the FPGA.

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
    script = (read + SCRIPT).format(**values, family=family_of(part))
    (area / "script.ys").write_text(script, encoding="utf-8")
    log = area / "log.txt"
    command: list[str | Path] = [program, "-q", "-s", "script.ys"]
    tools.run(command, title="Yosys on the wrapper", cwd=area, log=log, timeout_s=LIMIT_S)
    return _counted(read_json(area / STATISTICS))


def _translate(sources: Path, area: Path, top: str, network: str) -> None:
    """Write the wrapper as Verilog, with the ports of the network alone."""
    text = (sources / f"{network}.vhd").read_text(encoding="utf-8")
    entity = text[: text.index("architecture ")]
    stub = entity + STUB.format(network=network)
    (area / f"{network}.vhd").write_text(stub, encoding="utf-8")
    (area / f"{top}.vhd").write_bytes((sources / f"{top}.vhd").read_bytes())
    (area / f"{top}.v").write_text(ghdl.to_verilog(area, top), encoding="utf-8")


def _counted(statistics: Any) -> Cost:
    modules: Mapping[str, Any] = statistics["modules"]
    (module,) = modules.values()
    cells: dict[str, int] = module["num_cells_by_type"]
    unknown = sorted(set(cells) - LUTS - FLIP_FLOPS - FREE - set(MEMORIES) - {"CARRY4", "CARRY8"})
    if unknown:
        raise ToolFailedError(
            f"Yosys mapped the wrapper to an unknown cell {unknown[0]!r}", mend="use another Yosys"
        )
    return Cost(
        origin="yosys",
        lut=sum(n for kind, n in cells.items() if kind in LUTS),
        lut_memory=sum(n * MEMORIES.get(kind, 0) for kind, n in cells.items()),
        ff=sum(n for kind, n in cells.items() if kind in FLIP_FLOPS),
        cycles=0,
    )


def wrapper_report(cost: Cost, part: str, clock_ns: float) -> ResourceReport:
    """Return what a wrapper takes as a report like those of a synthesis."""
    return ResourceReport(
        origin=cost.origin,
        part=part,
        lut=None if cost.lut is None else cost.lut + (cost.lut_memory or 0),
        lut_memory=cost.lut_memory,
        ff=cost.ff,
        latency_cycles=cost.cycles,
        clock_target_ns=clock_ns,
        part_of="wrapper",
    )


def network_reports(synth: SynthDir, cycles: int) -> list[ResourceReport]:
    """Return the best report that there is of the network of a synthesis, with these cycles."""
    best = best_resources(synth.resources)
    return [replace(best, latency_cycles=cycles, part_of="network")] if best else []
