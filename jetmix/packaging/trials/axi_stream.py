"""The wrapper between two AXI4-Streams, under random back-pressure."""

import contextlib
import ctypes
import time

import numpy as np

from jetmix.firmware.verilog import read_ports
from jetmix.packaging.network import SOURCES
from jetmix.packaging.trials.trial import Trial
from jetmix.packaging.trials.verilated import compiled
from jetmix.support.console import say
from jetmix.verification.bench import Outputs
from jetmix.verification.simulators.rtl import pack, unpack, words

SEED = 1
# every so many jets tlast is set
LAST = 7
# clocks without a jet after which the simulation ends, beside the latency
STILL = 2000


def run(trial: Trial) -> Outputs:
    """Return the answers in the order in which they came.

    All are NaN if there are more or fewer than jets, and one is if its tlast is wrong.

    Raises:
        ToolMissingError: if there is no Verilator, make or g++.
        ToolFailedError: if one of them fails.
    """
    ports = read_ports(trial.folder)
    inputs, outputs = (np.array(kifs, dtype=np.int64) for kifs in (ports.inputs, ports.outputs))
    n, columns = len(trial.x), words(outputs)
    values = {
        "IN_WORDS": words(inputs),
        "OUT_WORDS": columns,
        "SEED": SEED,
        "LAST": LAST,
        "STILL": STILL + ports.latency_cycles,
    }
    library = compiled(trial, f"{trial.label}_axis", "axi_stream.cpp", values)
    stream = library.jetmix_rtl_stream
    stream.restype = ctypes.c_size_t
    start = time.monotonic()
    jets = np.ascontiguousarray(pack(trial.x, inputs))
    got = np.zeros((n, 1 + columns), dtype=np.uint32)
    # tables are named without a folder
    with contextlib.chdir(trial.folder / SOURCES):
        given = stream(
            ctypes.c_void_p(jets.ctypes.data), ctypes.c_void_p(got.ctypes.data),
            ctypes.c_size_t(n),
        )  # fmt: skip
    answers = unpack(np.ascontiguousarray(got[:, 1:]), outputs)
    if given != n:
        say(f"{given} answers came to {n} jets.")
        answers[:] = np.nan
    answers[got[:, 0] != (np.arange(n) % LAST == LAST - 1)] = np.nan
    return trial.outputs(answers, time.monotonic() - start)
