"""FPGA parts by short or full name, with their resources."""

import difflib
import re
import tomllib
from dataclasses import dataclass
from functools import cache

from jetmix.errors import UsageError
from jetmix.support.packaged import packaged

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
    table = tomllib.loads(packaged("firmware/parts.toml").read_text(encoding="utf-8"))
    return {name: Part(name=name, **entry) for name, entry in table.items()}


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
            return Part(**{**part.__dict__, "full_name": name})
    near = difflib.get_close_matches(name.lower(), parts, n=3, cutoff=0.4) or list(parts)
    raise UsageError(f"unknown part {name!r}", mend=f"known ones that come near: {', '.join(near)}")
