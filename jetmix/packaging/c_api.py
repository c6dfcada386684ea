"""Target ``c-api``: the compiled emulator with its program inside, behind a plain C interface."""

import ctypes
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware.dais import UnsupportedError, Width, width_of
from jetmix.firmware.graph import Grid
from jetmix.firmware.project import fill
from jetmix.packaging.order import Order, write_filled
from jetmix.support import libraries, tools
from jetmix.support.arrays import AnyArray
from jetmix.support.packaged import shipped
from jetmix.verification.emulator.emulator import CHECK_VECTORS, Emulator
from jetmix.verification.emulator.native import COMPILE_LIMIT_S, LANES, SOURCE
from jetmix.verification.emulator.program import Program, assemble
from jetmix.verification.vectors import InputRange, build_vectors

# the library runs on other machines than this one, so that no -march=native is among them
FLAGS = ("-O3", "-std=c++17", "-fPIC", "-shared", "-fno-math-errno", "-fvisibility=hidden")
INTEGER_BITS = 32
PER_LINE = 12


def write(order: Order, folder: Path) -> None:
    """Write header, source, Makefile and library of an order.

    Raises:
        LoweringError: if a value does not fit the interface.
        ToolMissingError: if there is no g++.
    """
    label = order.label
    try:
        program = assemble(order.graph)
    except UnsupportedError as error:
        raise LoweringError(
            f"the compiled emulator cannot run the graph ({error})", mend="use another target"
        ) from error
    source = f"src/{label}.cpp"
    places = {
        "c_api.h": f"include/{label}.h", "c_api.cpp": source, "c_api.mk": "Makefile",
    }  # fmt: skip
    write_filled(order, folder, places, _values(order, program))
    (folder / "lib").mkdir()
    library = folder / "lib" / f"lib{label}.so"
    tools.run(
        [tools.require("g++"), *FLAGS, f"-Wl,-soname,{library.name}", "-Iinclude", source,
         "-o", str(library.relative_to(folder))],
        title="Compiling the library",
        cwd=folder,
        log=folder.parent / "compile.log",
        timeout_s=COMPILE_LIMIT_S,
    )  # fmt: skip
    _check(order, library)


def _values(order: Order, program: Program) -> dict[str, object]:
    """Return what stands in the templates."""
    graph = order.graph
    engine = {"LANES": LANES, "WORD": f"int{program.word_bits}_t"}
    # the engine takes and gives doubles here: they hold every value of a port exactly
    text = fill(shipped(SOURCE), {**engine, "INPUT": "double", "OUTPUT": "double"})
    inputs, outputs = _fitting(graph.inp_qint, "input"), _fitting(graph.out_qint, "output")
    return {
        "ENGINE": text,
        "FLAGS": " ".join(FLAGS),
        "INPUTS": _rows(program.inputs),
        "OPS": _rows(program.ops),
        "OUTPUTS": _rows(program.outputs),
        "TABLES": _wrapped(program.tables.tolist()),
        "N_INPUT_SLOTS": len(program.inputs),
        "N_OPS": len(program.ops),
        "N_SLOTS": program.n_slots,
        "N_INPUTS": len(inputs),
        "N_OUTPUTS": len(outputs),
        **_formats("INPUT", inputs),
        **_formats("OUTPUT", outputs),
    }


def _fitting(grids: Iterable[Grid], kind: str) -> list[Width]:
    """Return the widths of a port's elements, all of which fit the integers of the interface."""
    widths = [width_of(grid) for grid in grids]
    wide = [index for index, width in enumerate(widths) if width.word > INTEGER_BITS]
    if wide:
        raise LoweringError(
            f"{kind} {wide[0]} has {widths[wide[0]].bits} bits, and the C interface takes "
            f"integers of {INTEGER_BITS}",
            mend=f"quantise it to {INTEGER_BITS} bits or fewer, or use another target",
        )
    return widths


def _formats(kind: str, widths: Sequence[Width]) -> dict[str, str]:
    return {
        f"{kind}_BITS": _wrapped([width.bits for width in widths]),
        f"{kind}_FRACTION": _wrapped([width.fraction for width in widths]),
        f"{kind}_SIGNED": _wrapped([width.sign for width in widths]),
    }


def _rows(table: AnyArray) -> str:
    """Return rows of a program as C++; one of zeros ends them, since C++ has no empty arrays."""
    rows = ["    {" + ", ".join(map(repr, row)) + "}," for row in table.tolist()]
    return "\n".join([*rows, "    {}"])


def _wrapped(numbers: Sequence[int]) -> str:
    lines = [numbers[i : i + PER_LINE] for i in range(0, len(numbers), PER_LINE)]
    return ",\n".join("    " + ", ".join(map(str, line)) for line in lines)


def _check(order: Order, library: Path) -> None:
    """Hold the library against the emulator before anybody relies on it."""
    graph = order.graph
    emulator = Emulator.load(order.synth.path).flat
    x = build_vectors(
        InputRange.of(graph), emulator.input_shape, jets=None, n_random=CHECK_VECTORS, seed=0
    ).x
    x = np.ascontiguousarray(x, dtype=np.float64)
    y = np.empty((len(x), graph.shape[1]))
    run = libraries.load(library)[f"{order.label}_predict_double"]
    status = run(
        x.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_size_t(len(x)),
    )  # fmt: skip
    if status or not np.array_equal(y, emulator.run(x)):
        raise LoweringError(
            "the compiled library differs from the emulator",
            mend="report the model: this is a fault of jetmix",
        )
