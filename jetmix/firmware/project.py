"""The firmware project as data: what it is, what it holds, whether it was edited since."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jetmix.errors import BitsDifferError, LoweringError
from jetmix.support.files import tree_digest
from jetmix.support.packaged import shipped

Flow = Literal["hls4ml", "rtl"]
# how a Vitis HLS project was made: layer by layer, or from the graph as a whole
Way = Literal["hls4ml", "graph"]
EngineName = Literal["da4ml", "alkaid"]
# how a jet comes into folded Verilog: a beat in each clock, or all of it in one
Given = Literal["beats", "parallel"]
# the engine that hls4ml lowers with
DA4ML: EngineName = "da4ml"
INSTALL = "install the version pinned in requirements/core.lock"
# the tagger without a name of its own; it becomes a C++, Verilog and Tcl identifier
TOP = "jetmix_tagger"


@dataclass(frozen=True, kw_only=True)
class FirmwareProject:
    """A written project.

    ``files`` are the paths, relative to ``path``, that ``digest`` (SHA-256) covers.
    ``latency_cycles`` is None where no tool or model gave it. ``engine`` made the adder
    graphs. ``top`` is the name of the top function, module and entity. ``way`` is how a Vitis HLS
    project was made, None where that is not recorded, and ``why`` the reason for the way of the
    graph. ``ii_cycles`` are the clock cycles from one jet to the next, and ``sections`` the
    names of the pipelines, of a folded tagger.
    """

    path: Path
    part: str
    flow: Flow
    clock_period_ns: float
    files: tuple[str, ...]
    digest: str
    latency_cycles: int | None = None
    way: Way | None = None
    why: str = ""
    engine: EngineName = DA4ML
    top: str = TOP
    ii_cycles: int = 1
    sections: tuple[str, ...] = ()

    def require_untouched(self) -> None:
        """Refuse a project whose files are not those that were written.

        Raises:
            BitsDifferError: naming a missing file, or saying that the digest differs.
        """
        missing = [name for name in self.files if not (self.path / name).is_file()]
        if missing:
            raise BitsDifferError(
                f"the project lacks {missing[0]}",
                where=self.path,
                mend="run 'jetmix synth' again into a new folder",
            )
        if tree_digest(self.path, list(self.files)) != self.digest:
            raise BitsDifferError(
                "the project was edited since it was written (its digest differs)",
                where=self.path,
                mend="run 'jetmix synth' again into a new folder",
            )


def seal(
    path: Path,
    *,
    part: str,
    clock_period_ns: float,
    flow: Flow = "hls4ml",
    engine: EngineName = DA4ML,
    top: str = TOP,
    ii_cycles: int = 1,
    sections: tuple[str, ...] = (),
) -> FirmwareProject:
    """Return the project in ``path`` with the digest over all the files that it holds now."""
    files = sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file())
    return FirmwareProject(
        path=path,
        part=part,
        flow=flow,
        clock_period_ns=clock_period_ns,
        files=tuple(files),
        digest=tree_digest(path, files),
        engine=engine,
        top=top,
        ii_cycles=ii_cycles,
        sections=sections,
    )


def substitute(file: Path, old: str, new: str, *, times: int = 1) -> None:
    """Replace ``old`` in a generated file, and insist that it stood there ``times`` times.

    Raises:
        LoweringError: if the generator's output is not what this version of jetmix knows.
    """
    text = file.read_text(encoding="utf-8")
    found = text.count(old)
    if found != times:
        raise LoweringError(
            f"hls4ml generated an unexpected project ({old!r} found {found} times, expected "
            f"{'once' if times == 1 else f'{times} times'})",
            where=file.name,
            mend=INSTALL,
        )
    file.write_text(text.replace(old, new), encoding="utf-8")


def require_line(file: Path, line: str) -> None:
    """Insist that a generated file holds ``line``.

    Raises:
        LoweringError: if it does not.
    """
    if line not in file.read_text(encoding="utf-8").splitlines():
        raise LoweringError(
            f"hls4ml generated an unexpected project (line {line!r} not found, expected once)",
            where=file.name,
            mend=INSTALL,
        )


def write_templates(flow: str, folder: Path, values: Mapping[str, object]) -> None:
    """Write the filled templates of ``vitis`` or ``rtl``, and those of Vivado, into a folder."""
    for kind in ("vivado", flow):
        for template in sorted(shipped(f"firmware_templates/{kind}").iterdir()):
            (folder / template.name).write_text(fill(template, values), encoding="utf-8")


def fill(template: Path, values: Mapping[str, object]) -> str:
    """Return a template with every ``@NAME@`` replaced; a name left over is an error."""
    text = template.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    left = re.search(r"@[A-Z_]+@", text)
    if left:
        raise LoweringError(
            f"no value for the place {left[0]!r} of a template",
            where=template.name,
            mend="reinstall jetmix",
        )
    return text
