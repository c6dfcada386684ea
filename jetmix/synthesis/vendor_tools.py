"""Finds Vitis HLS and Vivado, and says which versions jetmix supports."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from jetmix import toolchain
from jetmix.console import say
from jetmix.errors import ToolMissingError

SUPPORTED = ((2022, 1), (2025, 2))
VERSION_SECONDS = 120  # the tools start slowly from network disks
_VERSION = re.compile(r"\bv(20\d\d)\.(\d)")
# how build_prj.tcl is run, the newer way first (Vitis 2023.2 brought vitis-run)
HLS_PROGRAMS = {"vitis-run": ("--mode", "hls", "--tcl"), "vitis_hls": ("-f",)}
VIVADO_ARGUMENTS = ("-mode", "batch", "-nojournal", "-nolog", "-notrace", "-source")


@dataclass(frozen=True, kw_only=True)
class VendorTool:
    """An installed tool; ``version`` is such as ``2024.1``, None where it does not tell."""

    program: Path
    arguments: tuple[str, ...]
    version: str | None

    def describe(self) -> str:
        """Return name and version, saying where the version is not one that jetmix supports."""
        low, high = (f"{year}.{minor}" for year, minor in SUPPORTED)
        if self.version is None:
            return f"{self.program.name}, version not told (supported: {low} to {high})"
        year, minor = map(int, self.version.split("."))
        fits = SUPPORTED[0] <= (year, minor) <= SUPPORTED[1]
        remark = f"supported: {low} to {high}"
        return f"{self.program.name} {self.version} ({'' if fits else 'NOT '}{remark})"


@dataclass(frozen=True, kw_only=True)
class VendorTools:
    """The two tools that a vendor run needs."""

    hls: VendorTool
    vivado: VendorTool


def find_tools() -> VendorTools:
    """Find Vitis HLS and Vivado, and say which versions they are.

    Raises:
        ToolMissingError: naming what to install, and the versions that jetmix supports.
    """
    low, high = (f"{year}.{minor}" for year, minor in SUPPORTED)
    install = f"install AMD Vitis {low} to {high} and source its settings64.sh"
    name = next((name for name in HLS_PROGRAMS if toolchain.locate(name)), None)
    hls = toolchain.locate(name) if name else None
    vivado = toolchain.locate("vivado")
    if hls is None or name is None:
        raise ToolMissingError("neither vitis-run nor vitis_hls is on PATH", mend=install)
    if vivado is None:
        raise ToolMissingError("vivado is not on PATH", mend=install)
    flag = "--version" if name == "vitis-run" else "-version"
    tools = VendorTools(
        hls=VendorTool(program=hls, arguments=HLS_PROGRAMS[name], version=_version(hls, flag)),
        vivado=VendorTool(
            program=vivado, arguments=VIVADO_ARGUMENTS, version=_version(vivado, "-version")
        ),
    )
    say(f"Vendor tools: {tools.hls.describe()}; {tools.vivado.describe()}")
    return tools


def _version(program: Path, flag: str) -> str | None:
    try:
        done = subprocess.run(
            [program, flag], capture_output=True, timeout=VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search((done.stdout + done.stderr).decode("utf-8", errors="replace"))
    return f"{match.group(1)}.{match.group(2)}" if match else None
