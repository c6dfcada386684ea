"""The C simulation: the project's C++ compiled with g++ against ap_types, run over batches."""

import ctypes
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from pathlib import Path

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware.hls_names import functions_of, using_types
from jetmix.firmware.project import INSTALL, FirmwareProject, fill
from jetmix.support import libraries, tools
from jetmix.support.arrays import Float64, Ints, Reals
from jetmix.support.console import progress
from jetmix.support.files import content_digest, empty_folder
from jetmix.support.packaged import shipped
from jetmix.verification.simulators.compiled import is_kept, keep

# -O1 compiles in the time of -O0 (templates dominate) and runs many times faster
FLAGS = ("-O1", "-std=c++17", "-fPIC", "-shared", "-w")
LIBRARY = "libjetmix_csim.so"
COMPILE_LIMIT_S = 3600.0
CHUNK = 64
THREADS = os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class CSim:
    """A compiled C simulation; ``lsb`` is the weight of the finest output's least significant bit.

    Several input or output ports are one flat vector each, in the order of the top function.
    """

    library: ctypes.CDLL
    n_inputs: int
    n_outputs: int
    lsb: float

    def run(self, x: Reals) -> Ints:
        """Run vectors through the firmware's C++.

        Args:
            x: (vector, ...), as many values per vector as the firmware has inputs.

        Returns:
            Raw integers of the outputs, int64 (vector, output); times ``lsb`` they are values.
        """
        flat, out = self._buffers(x)
        chunks = range(0, len(flat), CHUNK)
        with progress("C simulation", len(flat)) as ticker, ThreadPoolExecutor(THREADS) as pool:
            jobs = pool.map(lambda i: self._chunk(flat[i : i + CHUNK], out[i : i + CHUNK]), chunks)
            for start, _ in zip(chunks, jobs, strict=True):
                ticker.update(min(start + CHUNK, len(flat)))
        return out

    def run_quietly(self, x: Reals) -> Ints:
        """Do the same in one thread and without progress, for calls by the hundred."""
        flat, out = self._buffers(x)
        self._chunk(flat, out)
        return out

    def predict(self, x: Reals) -> Float64:
        """Return the outputs' values, float64 (vector, output), for (vector, ...)."""
        return np.asarray(self.run(x) * self.lsb, dtype=np.float64)

    def _buffers(self, x: Reals) -> tuple[Float64, Ints]:
        flat = np.ascontiguousarray(x, dtype=np.float64).reshape(len(x), -1)
        if flat.shape[1] != self.n_inputs:
            raise ValueError(
                f"{flat.shape[1]} values per vector, but the firmware takes {self.n_inputs}"
            )
        return flat, np.empty((len(flat), self.n_outputs), dtype=np.int64)

    def _chunk(self, x: Float64, out: Ints) -> None:
        self.library.jetmix_csim_run(
            x.ctypes.data_as(ctypes.c_void_p),
            out.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_size_t(len(x)),
        )


def build(project: FirmwareProject, folder: Path) -> CSim:
    """Compile the C simulation of ``project`` into ``folder``, or reuse it if nothing changed.

    Raises:
        BitsDifferError: if the project was edited since it was written.
        ToolMissingError: if there is no g++.
        ToolFailedError: if the compiler fails.
    """
    project.require_untouched()
    driver = fill(shipped("firmware_templates/csim/jetmix_csim.cpp"), _ports(project))
    digest = content_digest([project.digest, driver, FLAGS])
    if not is_kept(folder, LIBRARY, digest):
        _compile(project, folder, driver, digest)
    return _load(folder / LIBRARY)


def _compile(project: FirmwareProject, folder: Path, driver: str, digest: str) -> None:
    compiler = tools.require("g++")
    empty_folder(folder)
    source = folder / "jetmix_csim.cpp"
    source.write_text(driver, encoding="utf-8")
    root = project.path.resolve()
    sources = [root / "firmware" / f"{project.top}.cpp", source.resolve()]
    includes = [f"-I{root}", f"-I{root / 'firmware' / 'ap_types'}"]
    seconds = tools.run(
        [compiler, *FLAGS, *includes, *sources, "-o", LIBRARY],
        title="Compiling the C simulation",
        cwd=folder,
        log=folder / "compile.log",
        timeout_s=COMPILE_LIMIT_S,
    )
    keep(
        folder,
        LIBRARY,
        digest,
        stage="csim",
        seconds=seconds,
        compiler=tools.version_of("g++"),
        flags=list(FLAGS),
    )


@dataclass(frozen=True, kw_only=True)
class _Port:
    """An array of the top function: its type, name, number of elements, and place in the vector."""

    kind: str
    name: str
    size: int
    start: int


def _ports(project: FirmwareProject) -> dict[str, object]:
    """Return the values for the driver: the ports of the top function, from its declaration.

    Raises:
        LoweringError: if the sources do not tell which ports are inputs.
    """
    firmware = project.path / "firmware"
    header = (firmware / f"{project.top}.h").read_text(encoding="utf-8")
    source = (firmware / f"{project.top}.cpp").read_text(encoding="utf-8")
    found = re.findall(r"(\w+)\s+(\w+)\[([\d* ]+)\]", header)
    n_inputs = len(
        re.findall(r"^    #pragma HLS ARRAY_RESHAPE variable=(\w+)", source, re.MULTILINE)
    )
    inputs, outputs = _placed(found[:n_inputs]), _placed(found[n_inputs:])
    if not inputs or not outputs:
        raise LoweringError(
            f"the top function has {len(inputs)} inputs and {len(outputs)} outputs",
            where=project.path,
            mend=INSTALL,
        )
    indent = " " * 8
    return {
        "TOP": project.top,
        "FUNCTIONS": functions_of(project.top),
        "USING": using_types(project.top),
        "N_INPUTS": inputs[-1].start + inputs[-1].size,
        "N_OUTPUTS": outputs[-1].start + outputs[-1].size,
        "FRACTION_BITS": ", ".join(f"{p.kind}::width - {p.kind}::iwidth" for p in outputs),
        "DECLARE": "\n".join(f"{indent}{p.kind} {p.name}[{p.size}];" for p in inputs + outputs),
        "TAKE": "\n".join(f"{indent}take({p.name}, from + {p.start}, {p.size});" for p in inputs),
        "PORTS": ", ".join(p.name for p in inputs + outputs),
        "GIVE": "\n".join(f"{indent}give({p.name}, to + {p.start}, {p.size});" for p in outputs),
    }


def _placed(found: Sequence[tuple[str, str, str]]) -> list[_Port]:
    sizes = [prod(int(size) for size in sizes.split("*")) for _, _, sizes in found]
    starts = [0, *accumulate(sizes)]
    return [
        _Port(kind=kind, name=name, size=size, start=start)
        for (kind, name, _), size, start in zip(found, sizes, starts, strict=False)
    ]


def _load(library: Path) -> CSim:
    loaded = libraries.load(library)
    loaded.jetmix_csim_run.restype = None
    return CSim(
        library=loaded,
        n_inputs=loaded.jetmix_csim_n_inputs(),
        n_outputs=loaded.jetmix_csim_n_outputs(),
        lsb=2.0 ** -loaded.jetmix_csim_fraction_bits(),
    )
