"""Packages as people read them."""

from pathlib import Path

from jetmix.packaging.package import Package
from jetmix.resources.report import ResourceReport, read_resources
from jetmix.words.numbers import count, cycles, origin


def package_lines(package: Package, where: Path) -> list[str]:
    """Return what was written, and what its wrapper costs beside the network."""
    lines = [f"Package: {where} ({package.target}, {package.name} version {package.version})"]
    for report in read_resources(where) or ():
        beside = " beside the network's" if report.part_of == "wrapper" else ""
        lines.append(f"{str(report.part_of).capitalize()}: {taken(report)}{beside}")
    if package.wrapper_unknown is not None:
        lines.append(f"Wrapper: its cost is not known: {package.wrapper_unknown}")
    return lines


def taken(report: ResourceReport) -> str:
    """Return what network or wrapper of a package take."""
    memory = f" ({count(report.lut_memory)} of them memory)" if report.lut_memory else ""
    lut, ff = count(report.lut), count(report.ff)
    return f"{lut} LUT{memory}, {ff} FF [{origin(report.origin)}], {cycles(report.latency_cycles)}"
