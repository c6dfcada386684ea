"""The C++ of an HLS project, compiled anew so that it writes values on its way to a file."""

import ctypes
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from jetmix.firmware.project import FirmwareProject, seal
from jetmix.support.arrays import Float64, Reals
from jetmix.support.files import empty_folder
from jetmix.verification.simulators import csim

TRACE_FILE = "trace.txt"
# the header with generated code, below the project's folder
CODE = "firmware/nnet_utils/nnet_code_gen.h"
# defines jetmix_trace(name, array, size)
TRACER = """
#include <cstdio>
static const char *jetmix_trace_path = nullptr;
extern "C" void jetmix_trace_to(const char *path) { jetmix_trace_path = path; }
template <typename T> static void jetmix_trace(const char *name, const T *values, size_t n) {
    std::FILE *file = jetmix_trace_path ? std::fopen(jetmix_trace_path, "a") : nullptr;
    if (!file)
        return;
    std::fprintf(file, "%s", name);
    for (size_t i = 0; i < n; i++)
        std::fprintf(file, " %.17g", values[i].to_double());
    std::fprintf(file, "\\n");
    std::fclose(file);
}
"""


def traced_values(
    project: FirmwareProject,
    rewrite: Mapping[str, Callable[[str], str]],
    x: Reals,
    folder: Path,
) -> dict[str, Float64]:
    """Return what the C++ writes for one vector, by name.

    Args:
        project: the HLS project; it is not changed.
        rewrite: what makes a file call ``jetmix_trace``, by the path of the file in the project.
        x: one vector, (1, ...).
        folder: where to compile; it is emptied.
    """
    empty_folder(folder)
    root = shutil.copytree(project.path, folder / "project")
    for name, change in rewrite.items():
        file = root / name
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    traced = seal(root, part=project.part, clock_period_ns=project.clock_period_ns, top=project.top)
    simulation = csim.build(traced, folder / "csim")
    written = folder / TRACE_FILE
    # the library keeps a pointer
    path = ctypes.create_string_buffer(str(written.resolve()).encode())
    simulation.library.jetmix_trace_to(path)
    simulation.run(x)
    simulation.library.jetmix_trace_to(None)
    values = {}
    for line in written.read_text(encoding="utf-8").splitlines():
        name, *numbers = line.split()
        values[name] = np.array([float(number) for number in numbers])
    return values
