"""The emulator of a package, built with its own Makefile and loaded as CMSSW loads it."""

import shutil
import time
from pathlib import Path

import numpy as np

from jetmix.firmware.project import fill
from jetmix.packaging.trials.trial import TEMPLATES, Trial, ap_types
from jetmix.support import tools
from jetmix.support.packaged import shipped
from jetmix.verification.bench import Outputs

LIMIT_S = 3600.0


def run(trial: Trial) -> Outputs:
    """Return the answers that a program gets that loads the emulator.

    Raises:
        ToolMissingError: if there is no g++ or make.
        ToolFailedError: if the emulator cannot be built or run.
    """
    area = trial.area
    _install_interface(area)
    (area / "ap_types").symlink_to(ap_types())
    for name in trial.package.files:
        (area / "package" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(trial.folder / name, area / "package" / name)
    _run(
        [tools.require("make"), "-C", "package", "install", f"PREFIX={area}", "CXX=g++",
         "CXXFLAGS=-O1", f"EMULATOR_EXTRAS={area}", f"AP_TYPES={area / 'ap_types'}"],
        "Compiling the emulator", area,
    )  # fmt: skip
    _compile_caller(trial)
    np.ascontiguousarray(trial.x, dtype=np.float64).tofile(area / "jets")
    start = time.monotonic()
    _run([area / "caller", "jets", "answers"], "Running the emulator", area)
    values = np.fromfile(area / "answers").reshape(-1, trial.graph.shape[1])
    return trial.outputs(values, time.monotonic() - start)


def _install_interface(area: Path) -> None:
    """Put the interface where hls4mlEmulatorExtras would be installed."""
    for name in ("lib64", "include/hls4ml"):
        (area / name).mkdir(parents=True)
    shutil.copyfile(shipped(TEMPLATES) / "emulator.h", area / "include" / "hls4ml" / "emulator.h")
    shutil.copyfile(shipped(TEMPLATES) / "interface.cpp", area / "interface.cpp")
    _run(
        [tools.require("g++"), "-std=c++17", "-fPIC", "-shared", "-Iinclude/hls4ml",
         "interface.cpp", "-o", "lib64/libemulator_interface.so"],
        "Compiling the interface", area,
    )  # fmt: skip


def _compile_caller(trial: Trial) -> None:
    n_inputs, n_outputs = trial.graph.shape
    values = {"LABEL": trial.label, "N_INPUTS": n_inputs, "N_OUTPUTS": n_outputs}
    text = fill(shipped(TEMPLATES) / "emulator.cpp", values)
    (trial.area / "caller.cpp").write_text(text, encoding="utf-8")
    _run(
        [tools.require("g++"), "-std=c++17", "-O1", "-Ipackage", "-isystem", "ap_types",
         "-Iinclude/hls4ml", "caller.cpp", "-Llib64", "-lemulator_interface", "-ldl",
         "-o", "caller"],
        "Compiling its caller", trial.area,
    )  # fmt: skip


def _run(command: list[str | Path], title: str, area: Path) -> None:
    tools.run(
        command,
        title=title,
        cwd=area,
        log=area / "log.txt",
        timeout_s=LIMIT_S,
        environment={"LD_LIBRARY_PATH": str(area / "lib64")},
    )
