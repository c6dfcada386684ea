"""GHDL: runs a test bench in VHDL, and turns VHDL into Verilog."""

import subprocess
from pathlib import Path

from jetmix.errors import ToolFailedError
from jetmix.support import tools

STANDARD = "--std=08"
# a simulation in VHDL takes some 100 times as long as one of the Verilog in Verilator
LIMIT_S = 6 * 3600.0
TRANSLATION_LIMIT_S = 600.0


def simulate(area: Path, bench: str, *, title: str) -> float:
    """Compile all VHDL of a folder, run a test bench there, and return the wall time in s.

    Args:
        area: the folder, which also holds the files that bench and sources read.
        bench: entity of the test bench.
        title: what is simulated, for the user.

    Raises:
        ToolMissingError: if there is no GHDL.
        ToolFailedError: if it fails.
    """
    ghdl = tools.require("ghdl")
    sources = sorted(path.name for path in area.glob("*.vhd"))
    # values are unknown before the first clock, which every adder would warn of
    quiet = "--ieee-asserts=disable-at-0"
    steps = (
        ("-i", "Reading", sources),
        ("-m", "Elaborating", [bench]),
        ("-r", "Simulating", [bench, quiet]),
    )
    return sum(
        tools.run(
            [ghdl, action, STANDARD, *arguments],
            title=f"{does} the VHDL of the {title}",
            cwd=area,
            log=area / f"ghdl{action}.log",
            timeout_s=LIMIT_S,
        )
        for action, does, arguments in steps
    )


def to_verilog(area: Path, top: str) -> str:
    """Return the VHDL of a folder as Verilog.

    Args:
        area: the folder; GHDL puts its library there.
        top: the top entity.

    Raises:
        ToolMissingError: if there is no GHDL.
        ToolFailedError: if it fails.
    """
    sources = sorted(path.name for path in area.glob("*.vhd"))
    steps = (
        ["-i", STANDARD, *sources],
        ["-m", STANDARD, top],
        ["--synth", STANDARD, "--out=verilog", top],
    )
    text = ""
    for arguments in steps:
        done = subprocess.run(
            [tools.require("ghdl"), *arguments],
            cwd=area, capture_output=True, text=True, check=False, timeout=TRANSLATION_LIMIT_S,
        )  # fmt: skip
        if done.returncode != 0:
            raise ToolFailedError(
                f"GHDL failed with status {done.returncode} ({done.stderr.strip()[:200]})",
                mend="use another GHDL",
            )
        text = done.stdout
    return text
