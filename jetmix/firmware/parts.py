"""FPGA parts by short or full name, with their resources."""

import difflib
import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache

from jetmix.errors import UsageError
from jetmix.support.packaged import packaged
from jetmix.support.records import section_from

# package, pins, speed grade and temperature grade, with the hyphens that 7-series names lack;
# nothing else is let through, so a part name can never carry Tcl or shell into a project
_ORDERING_CODE = re.compile(r"-?[a-z]{3,4}\d{3,4}-\d[LHV]{0,2}(-[a-z])?")


@dataclass(frozen=True, kw_only=True)
class Part:
    """An FPGA: ``full_name`` as the vendor's tools want it, and what the device holds."""

    name: str
    full_name: str
    lut: int
    ff: int
    dsp: int
    bram18: int
    uram: int
    slr_count: int


@cache
def known_parts() -> dict[str, Part]:
    """Return the parts of ``parts.toml`` by short name."""
    file = packaged("firmware/parts.toml")
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        name: section_from(Part, {"name": name, **entry}, where=f"{file.name} [{name}]")
        for name, entry in table.items()
    }


def find_part(name: str) -> Part:
    """Return the part of a short name (``xcvu13p``) or a full one (any package and speed grade).

    Raises:
        UsageError: if the part is not known; the nearest known ones are named.
    """
    parts = known_parts()
    if name.lower() in parts:
        return parts[name.lower()]
    for part in parts.values():
        if name.startswith(part.name) and _ORDERING_CODE.fullmatch(name[len(part.name) :]):
            return replace(part, full_name=name)
    near = difflib.get_close_matches(name.lower(), parts, n=3, cutoff=0.4) or list(parts)
    raise UsageError(f"unknown part {name!r}", mend=f"the nearest known ones are {', '.join(near)}")
