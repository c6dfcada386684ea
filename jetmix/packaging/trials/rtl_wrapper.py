"""The wrapper with valid bits, clock by clock: jets at random clocks, and a reset among them."""

import contextlib
import ctypes
import time
from collections.abc import Sequence

import numpy as np

from jetmix.packaging.network import SOURCES, Element, network_in, score_of
from jetmix.packaging.numbers import join
from jetmix.packaging.trials import vhdl
from jetmix.packaging.trials.trial import Trial
from jetmix.packaging.trials.verilated import compiled
from jetmix.packaging.vhdl import ranges
from jetmix.support.arrays import Bools, Ints
from jetmix.verification.bench import Outputs

# share of the clocks that take a jet
VALID = 0.7
RESET_CLOCKS = 4
# clocks after the last jet beside the latency
MORE_CLOCKS = 64


def run(trial: Trial) -> Outputs:
    """Return the answers of the clocks with out_valid, and the latency to the first of them.

    All answers are NaN if out_valid does not follow in_valid at one distance, or if a jet comes out
    that a reset dropped; one is if its decision is wrong.

    Raises:
        ToolMissingError: if there is no Verilator, make or g++, or no GHDL for VHDL.
        ToolFailedError: if one of them fails.
    """
    network = network_in(trial.folder, trial.order)
    inputs, outputs = network.inputs, network.outputs
    used_in, used_out = ([i for i, e in enumerate(side) if e.bits] for side in (inputs, outputs))
    start = time.monotonic()
    clocks, taken = _clocks(len(trial.x), network.latency_cycles)
    steps = np.array([2.0 ** -inputs[i].fraction for i in used_in])
    given = np.zeros((len(clocks), 2 + len(used_in)), dtype=np.int64)
    given[:, :2] = clocks
    given[taken, 2:] = np.floor(trial.x[:, used_in] / steps)
    simulate = _in_vhdl if trial.order.language == "vhdl" else _in_verilog
    got = simulate(trial, [inputs[i] for i in used_in], [outputs[i] for i in used_out], given)
    valid = np.flatnonzero(got[:, 0])
    values = np.full((len(taken), len(outputs)), np.nan)
    latency = int(valid[0] - taken[0]) if len(valid) else None
    if latency is not None and np.array_equal(valid, taken + latency):
        values[:] = 0  # an output without bits
        values[:, used_out] = got[valid, 2:] * [2.0 ** -outputs[i].fraction for i in used_out]
        values[decided_wrongly(trial, outputs, got[valid, 1] != 0)] = np.nan
    seconds = time.monotonic() - start
    return trial.outputs(values, seconds, latency_cycles=latency, expected=network.latency_cycles)


def _clocks(n: int, latency_cycles: int) -> tuple[Ints, Ints]:
    """Return rst and in_valid of every clock, and the clocks of n jets that no reset drops.

    Before them come as many as the pipeline holds, and a reset before the first of these is out.
    """
    begin = RESET_CLOCKS + latency_cycles + 1
    taken = begin + np.cumsum(np.random.default_rng(1).geometric(VALID, size=n))
    clocks = np.zeros((int(taken[-1]) + latency_cycles + MORE_CLOCKS, 2), dtype=np.int64)
    clocks[:RESET_CLOCKS, 0] = 1
    clocks[RESET_CLOCKS : begin - 1, 1] = 1
    clocks[begin - 1, 0] = 1
    clocks[taken, 1] = 1
    return clocks, taken


def _in_verilog(
    trial: Trial, inputs: Sequence[Element], outputs: Sequence[Element], given: Ints
) -> Ints:
    put = [f"        put(top.{e.identifier}, *in++, {e.bits});" for e in inputs]
    get = [
        f"        *out++ = get(top.{e.identifier}, {e.bits}, {str(e.signed).lower()});"
        for e in outputs
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


def _in_vhdl(
    trial: Trial, inputs: Sequence[Element], outputs: Sequence[Element], given: Ints
) -> Ints:
    ports = [(name, name) for name in ("clk", "rst", "in_valid", "out_valid")]
    if trial.package.threshold is not None:
        ports.append(("decision", "decision"))
    ports += [(e.identifier, f"given({bits})") for e, bits in ranges(inputs)]
    ports += [(e.identifier, f"got({bits})") for e, bits in ranges(outputs)]
    widths = [element.bits for element in inputs]
    rows = [(rst, valid, join(raw, widths)) for rst, valid, *raw in given.tolist()]
    return vhdl.simulated(
        trial,
        top=trial.label,
        sources=SOURCES,
        ports=ports,
        inputs=inputs,
        outputs=outputs,
        given=rows,
    )


def decided_wrongly(trial: Trial, outputs: Sequence[Element], decisions: Bools) -> Bools:
    """Return which of the vectors' decisions are not what the reference and the threshold say."""
    threshold = trial.package.threshold
    if threshold is None:
        return np.zeros(len(decisions), dtype=bool)
    scores = trial.reference[:, outputs.index(score_of(outputs, threshold))]
    return np.asarray(decisions != (scores >= threshold.value))
