"""The compiled emulator: built with g++ for this machine, kept in the synthesis directory."""

import ctypes
import hashlib
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.errors import DataError, ToolFailedError
from jetmix.firmware.project import fill
from jetmix.support import libraries
from jetmix.support import tools as toolchain
from jetmix.support.arrays import Reals
from jetmix.support.console import say
from jetmix.support.files import atomic_path, content_digest, file_digest, write_text
from jetmix.support.packaged import shipped
from jetmix.verification.emulator.program import Program
from jetmix.verification.precision import Real

SOURCE = "firmware_templates/emulator/jetmix_emulator.cpp"
FLAGS = ("-O3", "-march=native", "-std=c++17", "-fPIC", "-shared", "-fno-math-errno")
LANES = 128
COMPILE_LIMIT_S = 300.0
C_TYPES = {np.float32: "float", np.float64: "double"}
NOT_FINITE = 2  # the library's status
# what this process compiled, by digest: the same library runs any graph
_BUILT: dict[str, tuple[Any, bytes]] = {}


def not_finite() -> DataError:
    """Return the error of jets with NaN or infinity."""
    return DataError("not all values are finite", mend="remove jets with NaN or infinity")


class _Program(ctypes.Structure):
    """``Program`` of the C++ source."""

    _fields_ = (
        ("inputs", ctypes.c_void_p),
        ("n_inputs", ctypes.c_size_t),
        ("ops", ctypes.c_void_p),
        ("n_ops", ctypes.c_size_t),
        ("outputs", ctypes.c_void_p),
        ("n_outputs", ctypes.c_size_t),
        ("tables", ctypes.c_void_p),
        ("n_slots", ctypes.c_size_t),
        ("n_columns", ctypes.c_size_t),
    )


@dataclass(frozen=True, kw_only=True)
class NativeEmulator:
    """A program and the library that runs it."""

    program: Program
    library: ctypes.CDLL

    @property
    def dtype(self) -> Real:
        """Type of the inputs."""
        return self.program.input_dtype

    def run(self, x: Reals) -> Reals:
        """Run jets on the calling thread, which is free of Python's lock meanwhile.

        Args:
            x: (jet, input).

        Returns:
            (jet, output), in float32 where that holds all of it.

        Raises:
            DataError: if a value is not finite.
        """
        program = self.program
        x = np.ascontiguousarray(x, dtype=program.input_dtype)
        y = np.empty((len(x), len(program.outputs)), dtype=program.output_dtype)
        described = _Program(
            program.inputs.ctypes.data, len(program.inputs),
            program.ops.ctypes.data, len(program.ops),
            program.outputs.ctypes.data, len(program.outputs),
            program.tables.ctypes.data,
            program.n_slots, program.n_columns,
        )  # fmt: skip
        status = self.library.jetmix_emulator_run(
            ctypes.byref(described),
            x.ctypes.data_as(ctypes.c_void_p),
            y.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_size_t(len(x)),
        )
        if status == NOT_FINITE:
            raise not_finite()
        if status:
            raise MemoryError("the emulator's block of values")
        return y


def build(program: Program, folder: Path) -> NativeEmulator:
    """Compile the emulator into ``folder``, unless it lies there, and load it.

    A folder that cannot be written is left alone: the library is then built for this process only.

    Raises:
        ToolMissingError: if there is no g++.
        ToolFailedError: if it fails.
    """
    values = {
        "LANES": LANES,
        "WORD": f"int{program.word_bits}_t",
        "INPUT": C_TYPES[program.input_dtype],
        "OUTPUT": C_TYPES[program.output_dtype],
    }
    source = fill(shipped(SOURCE), values)
    digest = content_digest([source, FLAGS, _processor()])
    library = folder / f"libjetmix-emulator-{digest[:16]}.so"
    loaded = _open(library) if _intact(library) else None
    if loaded is None:
        if digest not in _BUILT:
            _BUILT[digest] = _compiled(source)
        loaded, content = _BUILT[digest]
        _keep(content, library)
    loaded.jetmix_emulator_run.restype = ctypes.c_int
    return NativeEmulator(program=program, library=loaded)


def _seal(library: Path) -> Path:
    return library.with_suffix(".sha256")


def _intact(library: Path) -> bool:
    """Tell a kept library from one that was cut off, which would end the process when loaded."""
    try:
        return _seal(library).read_text(encoding="ascii") == file_digest(library)
    except (OSError, UnicodeDecodeError):
        return False


def _open(library: Path) -> Any:
    """Load a library, or return None if the system cannot, such as on a mount without execution."""
    try:
        return libraries.load(library)
    except OSError:
        return None


def _compiled(source: str) -> tuple[Any, bytes]:
    """Return the loaded library and its content."""
    compiler = toolchain.require("g++")
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        built = Path(scratch) / "emulator.so"
        (Path(scratch) / "emulator.cpp").write_text(source, encoding="utf-8")
        toolchain.run(
            [compiler, *FLAGS, "emulator.cpp", "-o", built.name],
            title="Compiling the emulator",
            cwd=Path(scratch),
            log=Path(scratch) / "compile.log",
            timeout_s=COMPILE_LIMIT_S,
        )
        loaded = _open(built)
        if loaded is None:
            raise ToolFailedError(
                "the compiled emulator cannot be loaded", mend="install a g++ for this machine"
            )
        return loaded, built.read_bytes()


def _keep(content: bytes, library: Path) -> None:
    """Put the library beside the project for the next time; not being able to is no failure."""
    try:
        # atomically, since other processes may be loading it
        with atomic_path(library) as temporary:
            temporary.write_bytes(content)
        write_text(_seal(library), file_digest(library))
    except OSError as error:
        say(f"The compiled emulator cannot be kept and is compiled again each time: {error}")


def _processor() -> str:
    """Tell processors apart, since the library uses all that this one can do."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    known = sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))})
    return hashlib.sha256("\n".join(known).encode()).hexdigest()
