"""The top function for Vitis HLS, compiled by g++ with a caller of its own."""

import time
from pathlib import Path

import numpy as np

from jetmix.firmware.project import fill
from jetmix.packaging.hls_wrapper import SOURCES, Input, inputs_of
from jetmix.packaging.trials.trial import TEMPLATES, Trial, ap_types
from jetmix.support import tools
from jetmix.support.packaged import shipped
from jetmix.verification.bench import Outputs

LIMIT_S = 3600.0


def run(trial: Trial) -> Outputs:
    """Return the answers of the function; one whose token is not that of its jet is NaN.

    Raises:
        ToolMissingError: if there is no g++ or no ap_types.
        ToolFailedError: if the function cannot be compiled or run.
    """
    area, sources = trial.area, (trial.folder / SOURCES).resolve()
    for name in (f"{trial.label}.h", f"{trial.label}.cpp"):
        (area / name).write_bytes((sources / name).read_bytes())
    caller = fill(shipped(TEMPLATES) / "hls_wrapper.cpp", _values(trial))
    (area / "caller.cpp").write_text(caller, encoding="utf-8")
    _run(
        [tools.require("g++"), "-std=c++14", "-O1", "-w", "-isystem", ap_types(),
         f"{trial.label}.cpp", "caller.cpp", "-o", "caller"],
        "Compiling the top function", area,
    )  # fmt: skip
    np.ascontiguousarray(trial.x, dtype=np.float64).tofile(area / "jets")
    start = time.monotonic()
    _run([area / "caller", "jets", "answers"], "Running the top function", area)
    values = np.fromfile(area / "answers").reshape(-1, trial.graph.shape[1])
    return trial.outputs(values, time.monotonic() - start)


def _values(trial: Trial) -> dict[str, object]:
    n_inputs, n_outputs = trial.graph.shape
    inputs = inputs_of(trial.order)
    return {
        "LABEL": trial.label,
        "N_INPUTS": n_inputs,
        "N_OUTPUTS": n_outputs,
        "INPUTS": "\n".join(line for one in inputs for line in _given(one)),
        "ARGUMENTS": ", ".join(one.port.identifier for one in inputs),
        "OUTPUTS": "\n".join(
            f"        for (auto &value_ : answer_.{port.identifier}) *to_++ = value_.to_double();"
            for port in trial.order.ports.outputs
        ),
    }


def _given(one: Input) -> list[str]:
    """Return the lines that make the objects of an input from numbers."""
    name = one.port.identifier
    fields = [f"object_.{field} = *from_++;" for _, field in one.fields]
    lines = " ".join(fields or ["object_ = *from_++;"])
    return [
        f"        {one.kind} {name}[{one.count}];",
        f"        for (auto &object_ : {name}) {{ {lines} }}",
    ]


def _run(command: list[str | Path], title: str, area: Path) -> None:
    tools.run(command, title=title, cwd=area, log=area / "log.txt", timeout_s=LIMIT_S)
