"""Compiles the SystemVerilog of a package with a driver in C++, and runs it."""

import os
import shutil
import subprocess

import numpy as np

from jetmix.verification.simulators.verilator import find_verilator

LOOP = """
#include "V@TOP@.h"
#include "verilated.h"
#include <cstdint>
#include <cstdio>

template <typename T> static void put(T &port, int32_t value, int bits) {
    port = (uint32_t)value & (uint32_t)((1ull << bits) - 1);
}
template <typename T> static int32_t get(const T &port, int bits) {
    return (int32_t)((uint32_t)port << (32 - bits)) >> (32 - bits);
}
// a wide port, 32 bits a word
template <size_t N> static uint32_t *data(VlWide<N> &port) { return port.data(); }
template <typename T> static uint32_t *data(T &port) { return reinterpret_cast<uint32_t *>(&port); }

int main() {
    VerilatedContext context;
    V@TOP@ top(&context);
@BODY@
    top.final();
}
"""


def run(sources, top, body, folder, *, given, columns, headers=""):
    """Return what a driver writes to standard output, int32 (row, column).

    Args:
        sources: the folder of the SystemVerilog.
        top: its top module, which the driver calls ``top``.
        body: the driver.
        folder: where to compile.
        given: integers that the driver reads from standard input.
        columns: columns of what it writes.
        headers: what it includes beside the usual.
    """
    program, root = find_verilator()
    files = sorted([*sources.glob("*.v"), *sources.glob("*.sv")])
    command = [program, "--cc", "-Wall", "-Wno-DECLFILENAME", "-Wno-UNUSED", "--top-module", top]
    # the warnings are of the wrappers: the engine's own modules have others
    (folder / "rules.vlt").write_text('`verilator_config\nlint_off -file "*.v"\n')
    made = subprocess.run(
        [*command, "--Mdir", ".", "rules.vlt", *files],
        cwd=folder, env={**os.environ, "VERILATOR_ROOT": str(root)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    driver = headers + LOOP.replace("@TOP@", top).replace("@BODY@", body)
    (folder / "driver.cpp").write_text(driver)
    include = root / "include"
    for name in ("verilated.cpp", "verilated_threads.cpp"):
        shutil.copy(include / name, folder)
    subprocess.run(
        ["g++", "-O1", "-std=c++17", "-w", "-pthread", "-I.", f"-I{include}",
         f"-I{include}/vltstd", *(path.name for path in folder.glob("*.cpp")), "-o", "driver"],
        cwd=folder, check=True,
    )  # fmt: skip
    given = np.ascontiguousarray(given, dtype=np.int32).tobytes()
    # tables are read from the folder of the sources
    done = subprocess.run(
        [folder / "driver"], input=given, capture_output=True, cwd=sources, check=False
    )
    assert done.returncode == 0, done.stderr
    return np.frombuffer(done.stdout, dtype=np.int32).reshape(-1, columns)
