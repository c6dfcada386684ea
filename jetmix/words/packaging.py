"""Packages as people read them."""

from jetmix.packaging.cost import Cost
from jetmix.packaging.package import Package
from jetmix.words.numbers import UNKNOWN, count, origin


def package_lines(package: Package, where: object) -> list[str]:
    """Return what was written, and what its wrapper costs beside the network."""
    lines = [f"Package: {where} ({package.target}, {package.name} version {package.version})"]
    if package.network is not None:
        lines.append(f"Network: {_figures(package.network)}")
    if package.wrapper is not None:
        lines.append(f"Wrapper: {_figures(package.wrapper)} beside the network's")
    if package.wrapper_unknown is not None:
        lines.append(f"Wrapper: its cost is not known: {package.wrapper_unknown}")
    return lines


def _figures(cost: Cost) -> str:
    lut, ff = (UNKNOWN if n is None else count(n) for n in (cost.lut, cost.ff))
    memory = f", {count(cost.lut_memory)} LUT as memory" if cost.lut_memory else ""
    cycles = "1 cycle" if cost.cycles == 1 else f"{cost.cycles} cycles"
    return f"{lut} LUT, {ff} FF{memory} [{origin(cost.origin)}], {cycles}"
