"""Values in all bits and modes that a quantiser may give them, at every level."""

import itertools

import numpy as np
import pytest

from jetmix.firmware import da_graph
from jetmix.firmware.engines.alkaid_replay import NO_CARRY_LIMIT
from jetmix.firmware.engines.da4ml_replay import exact_quantisers
from jetmix.firmware.engines.registry import ENGINES
from jetmix.firmware.graph import Traces
from jetmix.firmware.parts import find_part
from jetmix.firmware.replay.rounding import OVERFLOWS
from jetmix.firmware.verilog import write_rtl
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.simulators import rtl
from tests.integration.test_vhdl import run_vhdl

# sign, integer and fraction bits
VALUES = [(1, -2, 2), (1, -2, 4), (1, 0, 2), (1, 1, 1), (0, -1, 3), (0, 2, 0)]
RESULTS = [kif for kif in itertools.product((0, 1), range(-2, 4), range(-1, 4)) if sum(kif) > 0]
ROUNDING = {
    "TRN": np.floor,
    "RND": lambda x: np.floor(x + 0.5),
    "RND_CONV": np.round,
    "RND_MIN_INF": lambda x: np.ceil(x - 0.5),
    "RND_ZERO": lambda x: np.sign(x) * np.ceil(np.abs(x) - 0.5),
    "RND_INF": lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5),
    "TRN_ZERO": np.trunc,
}
# alkaid is given three of the rounding modes
CASES = [("da4ml", mode) for mode in ROUNDING] + [("alkaid", mode) for mode in list(ROUNDING)[:3]]


def quantised(by, rounding, overflow="WRAP"):
    """Return the graph of every value in every result."""
    from alkaid.trace import FVArray
    from alkaid.trace import HWConfig as AlkaidConfig
    from da4ml.trace import FixedVariableArray, HWConfig

    kifs, options = np.array(VALUES).T, {"hard_dc": 2}
    if by == "da4ml":
        x = FixedVariableArray.from_kif(*kifs, HWConfig(1, -1, -1), 0, options)
    else:
        x = FVArray.from_kif(*kifs, AlkaidConfig(1, NO_CARRY_LIMIT, -1), 0.0, options)
    with exact_quantisers():
        every = [x.quantize(*(np.full(len(VALUES), bits) for bits in kif), overflow, rounding)
                 for kif in RESULTS]  # fmt: skip
    traces = Traces(inputs=(x,), final=(np.concatenate(every),))
    traces.engine = by
    return da_graph.graph_of(traces)


def every_value():
    """Return each value of every input, (vector, input); short ranges are repeated."""
    ranges = [np.arange(-k * 2 ** (i + f), 2 ** (i + f)) / 2.0**f for k, i, f in VALUES]
    longest = max(map(len, ranges))
    return np.stack([np.resize(values, longest) for values in ranges], axis=1)


def expected(x, rounding, overflow="WRAP"):
    """Return what HGQ's quantiser gives for each result, (vector, result * input)."""
    found = []
    for k, i, f in RESULTS:
        steps, low, high = ROUNDING[rounding](x * 2.0**f), -k * 2.0 ** (i + f), 2.0 ** (i + f) - 1
        if overflow == "WRAP":
            steps = (steps - low) % 2.0 ** (k + i + f) + low
        least = {"WRAP": low, "SAT": low, "SAT_SYM": -k * high}[overflow]
        found.append(np.clip(steps, least, high) / 2.0**f)
    return np.concatenate(found, axis=1)


@pytest.mark.parametrize("overflow", OVERFLOWS)
@pytest.mark.parametrize(("by", "rounding"), CASES)
def test_the_graph_quantises_as_hgq_does(by, rounding, overflow):
    x = every_value()
    found = quantised(by, rounding, overflow).predict(x)
    assert np.array_equal(found, expected(x, rounding, overflow))


@pytest.mark.parametrize("by", ENGINES)
def test_the_emulator_quantises_as_hgq_does(by, tmp_path):
    x = every_value()
    emulator = Emulator.of(quantised(by, "RND"), x.shape[1:], tmp_path)
    assert np.array_equal(emulator.predict(x.astype(np.float32)), expected(x, "RND"))


def test_the_verilog_wraps_as_hgq_does(tmp_path):
    graph, x = quantised("da4ml", "RND"), every_value()
    project = write_rtl(
        graph, tmp_path / "rtl", part=find_part("xcvu13p"), clock_period_ns=5.0, adders_per_stage=2
    )
    simulation = rtl.build(project, tmp_path / "sim")
    clocks = simulation.run(x.astype(np.float32))
    found = rtl.results(clocks, simulation.latency_cycles, len(x))
    assert np.array_equal(found, expected(x, "RND"))


def test_the_vhdl_wraps_as_hgq_does(ghdl, tmp_path):
    x = every_value()
    found = run_vhdl(quantised("da4ml", "TRN"), x, tmp_path, ghdl)
    assert np.array_equal(found, expected(x, "TRN"))
