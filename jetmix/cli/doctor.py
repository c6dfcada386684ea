"""``jetmix doctor``: what is installed, and what can run here."""

import importlib.util
from typing import Any

import click

from jetmix.cli.common import finish, json_option


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Show tools and versions, and what can run here."""
    from jetmix import provenance, toolchain

    versions = provenance.package_versions()
    lines = ["Packages"]
    lines += [f"  {name:15} {version or 'not installed'}" for name, version in versions.items()]
    lines.append("Optional parts")
    simulate = _has("pythia8mc") and _has("fastjet")
    lines.append(f"  {'simulate':15} {_yes(simulate, 'install the extra: jetmix[simulate]')}")
    lines.append("Tools")
    tools: dict[str, Any] = {}
    for name, tool in toolchain.TOOLS.items():
        found = toolchain.locate(name)
        tools[name] = toolchain.version_of(name) if found else None
        state = tools[name] or (str(found) if found else f"not found: {tool.install}")
        lines.append(f"  {name:15} {state}")
        lines.append(f"  {'':15} gives {tool.gives}")
    finish(lines, {"versions": versions, "simulate": simulate, "tools": tools}, as_json=as_json)


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _yes(there: bool, mend: str) -> str:
    return "ready" if there else f"not installed: {mend}"
