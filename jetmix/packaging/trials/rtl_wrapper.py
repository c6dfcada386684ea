"""The wrapper with valid bits, clock by clock, with jets at random clocks."""

import contextlib
import ctypes
import time
from collections.abc import Sequence

import numpy as np

from jetmix.firmware.verilog import read_ports
from jetmix.packaging.network import SOURCES, Element, inputs_of, outputs_of, score_of
from jetmix.packaging.trials.trial import Trial
from jetmix.packaging.trials.verilated import compiled
from jetmix.support.arrays import Bools, Ints
from jetmix.verification.bench import Outputs

# share of the clocks that take a jet
VALID = 0.7
RESET_CLOCKS = 4
# clocks after the last jet beside the latency
MORE_CLOCKS = 64


def run(trial: Trial) -> Outputs:
    """Return the answers of the clocks with out_valid, and the latency to the first of them.

    All answers are NaN if out_valid does not follow in_valid at one distance, and one is if its
    decision is wrong.

    Raises:
        ToolMissingError: if there is no Verilator, make or g++.
        ToolFailedError: if one of them fails.
    """
    ports = read_ports(trial.folder)
    inputs, outputs = inputs_of(ports), outputs_of(ports)
    used_in, used_out = ([i for i, e in enumerate(side) if e.bits] for side in (inputs, outputs))
    start = time.monotonic()
    clocks = _jets_at(trial, ports.latency_cycles)
    taken = np.flatnonzero(clocks[:, 1])
    steps = np.array([2.0 ** -inputs[i].fraction for i in used_in])
    given = np.zeros((len(clocks), 2 + len(used_in)), dtype=np.int64)
    given[:, :2] = clocks
    given[taken, 2:] = np.floor(trial.x[:, used_in] / steps)
    got = _simulated(trial, inputs, outputs, given)
    valid = np.flatnonzero(got[:, 0])
    values = np.full((len(taken), len(outputs)), np.nan)
    latency = int(valid[0] - taken[0]) if len(valid) else None
    if latency is not None and np.array_equal(valid, taken + latency):
        values[:] = 0  # an output without bits
        values[:, used_out] = got[valid, 2:] * [2.0 ** -outputs[i].fraction for i in used_out]
        values[_decided_wrongly(trial, outputs, got[valid, 1] != 0)] = np.nan
    seconds = time.monotonic() - start
    return trial.outputs(values, seconds, latency_cycles=latency, expected=ports.latency_cycles)


def _jets_at(trial: Trial, latency_cycles: int) -> Ints:
    """Return rst and in_valid of every clock, as many valid as there are jets."""
    rng = np.random.default_rng(1)
    gaps = rng.geometric(VALID, size=len(trial.x))
    taken = RESET_CLOCKS + np.cumsum(gaps)
    clocks = np.zeros((int(taken[-1]) + latency_cycles + MORE_CLOCKS, 2), dtype=np.int64)
    clocks[:RESET_CLOCKS, 0] = 1
    clocks[taken, 1] = 1
    return clocks


def _simulated(
    trial: Trial, inputs: Sequence[Element], outputs: Sequence[Element], given: Ints
) -> Ints:
    put = [f"        put(top.{e.identifier}, *in++, {e.bits});" for e in inputs if e.bits]
    get = [
        f"        *out++ = get(top.{e.identifier}, {e.bits}, {str(e.signed).lower()});"
        for e in outputs
        if e.bits
    ]
    decision = "0" if trial.package.threshold is None else "top.decision"
    values = {"PUT": "\n".join(put), "GET": "\n".join(get), "DECISION": decision}
    library = compiled(trial, trial.label, "rtl_wrapper.cpp", values)
    got = np.zeros((len(given), 2 + len(get)), dtype=np.int64)
    # tables are named without a folder
    with contextlib.chdir(trial.folder / SOURCES):
        library.jetmix_rtl_run(
            ctypes.c_void_p(given.ctypes.data), ctypes.c_void_p(got.ctypes.data),
            ctypes.c_size_t(len(given)),
        )  # fmt: skip
    return got


def _decided_wrongly(trial: Trial, outputs: Sequence[Element], decisions: Bools) -> Bools:
    threshold = trial.package.threshold
    if threshold is None:
        return np.zeros(len(decisions), dtype=bool)
    scores = trial.reference[:, outputs.index(score_of(outputs, threshold))]
    return np.asarray(decisions != (scores >= threshold.value))
