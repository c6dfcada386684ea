"""Finds Vitis HLS and Vivado, and says which versions jetmix supports."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import ToolMissingError
from jetmix.support import tools as toolchain
from jetmix.support.console import say

SUPPORTED = ((2022, 1), (2025, 2))
LOWEST, HIGHEST = (f"{year}.{minor}" for year, minor in SUPPORTED)
INSTALL = f"install AMD Vitis {LOWEST} to {HIGHEST} and source its settings64.sh"
VERSION_SECONDS = 120  # the tools start slowly from network disks
_VERSION = re.compile(r"\bv(20\d\d)\.(\d)")
# how build_prj.tcl is run, the newer way first (Vitis 2023.2 brought vitis-run)
HLS_PROGRAMS = {"vitis-run": ("--mode", "hls", "--tcl"), "vitis_hls": ("-f",)}
VIVADO_ARGUMENTS = ("-mode", "batch", "-nojournal", "-nolog", "-notrace", "-source")


@dataclass(frozen=True, kw_only=True)
class VendorTool:
    """An installed tool; ``version`` is such as ``2024.1``, None where it does not say."""

    program: Path
    arguments: tuple[str, ...]
    version: str | None

    def describe(self) -> str:
        """Return name and version, saying where the version is not one that jetmix supports."""
        remark = f"supported: {LOWEST} to {HIGHEST}"
        if self.version is None:
            return f"{self.program.name}, version not known ({remark})"
        year, minor = map(int, self.version.split("."))
        fits = SUPPORTED[0] <= (year, minor) <= SUPPORTED[1]
        return f"{self.program.name} {self.version} ({'' if fits else 'NOT '}{remark})"


@dataclass(frozen=True, kw_only=True)
class VendorTools:
    """The tools that a vendor run needs; without HLS only Verilog can be taken."""

    hls: VendorTool | None
    vivado: VendorTool

    def require_hls(self) -> VendorTool:
        """Return the HLS tool.

        Raises:
            ToolMissingError: if it was not looked for.
        """
        if self.hls is None:
            raise ToolMissingError("neither vitis-run nor vitis_hls was found", mend=INSTALL)
        return self.hls


def find_tools(*, with_hls: bool = True) -> VendorTools:
    """Find Vitis HLS, where it is needed, and Vivado, and say which versions they are.

    Raises:
        ToolMissingError: naming what to install, and the versions that jetmix supports.
    """
    hls = _find_hls() if with_hls else None
    program = toolchain.locate("vivado")
    if program is None:
        raise ToolMissingError("vivado is not on PATH", mend=INSTALL)
    version = _version(program, "-version")
    vivado = VendorTool(program=program, arguments=VIVADO_ARGUMENTS, version=version)
    found = [tool.describe() for tool in (hls, vivado) if tool is not None]
    say(f"Vendor tools: {'; '.join(found)}")
    return VendorTools(hls=hls, vivado=vivado)


def _find_hls() -> VendorTool:
    for name, arguments in HLS_PROGRAMS.items():
        program = toolchain.locate(name)
        if program is not None:
            version = _version(program, "--version" if name == "vitis-run" else "-version")
            return VendorTool(program=program, arguments=arguments, version=version)
    raise ToolMissingError("neither vitis-run nor vitis_hls is on PATH", mend=INSTALL)


def _version(program: Path, flag: str) -> str | None:
    try:
        done = subprocess.run(
            [program, flag], capture_output=True, timeout=VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search((done.stdout + done.stderr).decode("utf-8", errors="replace"))
    return f"{match.group(1)}.{match.group(2)}" if match else None
