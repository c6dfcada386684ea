"""Faults in the C++ and the Verilog of a small tagger: each caught, or proven to change nothing.

The tagger's input ports have 16 bits in all, so what a fault does to every possible input can be
looked at. A fault that changes any output for any input must be caught by the vectors of
``jetmix verify``; one that is not caught must change none of all 65,536.
"""

import contextlib
from collections import Counter

import numpy as np
import pytest

from jetmix.firmware import da_graph
from jetmix.firmware.hls import write_project
from jetmix.firmware.parts import find_part
from jetmix.firmware.verilog import write_rtl
from jetmix.models import keras_env
from jetmix.verification.bench import keras_logits
from jetmix.verification.faults.planting import planted_copy
from jetmix.verification.mining import extreme_vectors
from jetmix.verification.vectors import InputRange, build_vectors

pytestmark = [
    # raised inside Keras on JAX
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.slow,
]
SHAPE = (2, 2)
PART = find_part("xcvu13p")
N_CPP, N_VERILOG = 160, 210


def small_tagger():
    """A Mixer with a sum, wrapping quantisers and four inputs of four bits."""
    keras = keras_env.activate()
    from hgq.config import QuantizerConfigScope
    from hgq.layers import QAdd, QEinsumDense, QSum
    from hgq.utils import trace_minmax

    def quantisers(place, fraction, **more):
        return QuantizerConfigScope(place=place, f0=fraction, i0=1, **more)

    def values(fraction):
        return quantisers("datalane", fraction, k0=1, round_mode="TRN", overflow_mode="WRAP")

    def dense(equation, shape, bias, activation="relu"):
        return QEinsumDense(equation, shape, bias_axes=bias, activation=activation)

    keras.utils.set_random_seed(3)
    with contextlib.ExitStack() as stack:
        for scope in (quantisers("weight", 4), quantisers("bias", 3), values(3)):
            stack.enter_context(scope)
        jets = keras.Input(SHAPE)
        with values(1):
            x = dense("bnc,cC->bnC", (2, 7), "C")(jets)
        x = dense("bnc,cC->bnC", (2, 2), "C")(x)
        x = dense("bnc,nN->bNc", (2, 2), "N", "linear")(x)
        with values(1):
            x = QAdd()([x, jets])
        x = dense("bnc,cC->bnC", (2, 7), "C")(x)
        x = QSum(axes=1, scale=0.5)(x)
        x = dense("bc,cC->bC", (5,), "C")(x)
        model = keras.Model(jets, dense("bc,cC->bC", (4,), "C", "linear")(x))
    rng = np.random.default_rng(4)
    for layer in model.layers:
        if getattr(layer, "bias", None) is not None:
            layer.bias.assign(rng.normal(0, 0.5, layer.bias.shape))
    trace_minmax(model, rng.uniform(-2, 2, (400, *SHAPE)).astype(np.float32))
    return model


def every_input(ranges):
    """Return all vectors that the ports can tell apart, float32 (65536, *SHAPE)."""
    axes = [
        np.arange(low, high + step, step)
        for low, high, step in zip(ranges.low, ranges.high, ranges.step, strict=True)
    ]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return np.ascontiguousarray(grid.reshape(-1, *SHAPE), dtype=np.float32)


class Bench:
    """The right tagger, and its answers to the vectors of verify and to all there are."""

    def __init__(self):
        self.model = small_tagger()
        self.graph = da_graph.trace(self.model)
        ranges = InputRange.of(self.graph)
        mined = {"extreme": extreme_vectors(self.graph, count=500, seed=1)}
        vectors = build_vectors(ranges, SHAPE, jets=None, n_random=2000, seed=1, mined=mined)
        self.vectors = vectors.x
        self.all = every_input(ranges)
        self.expected = keras_logits(self.model, self.vectors)
        self.all_expected = keras_logits(self.model, self.all)

    def judge(self, number, run):
        """Return whether the vectors catch a fault, and if not whether anything else does."""
        if not np.array_equal(run(number, self.vectors), self.expected):
            return "caught"
        same = np.array_equal(run(number, self.all), self.all_expected)
        return "equivalent" if same else "missed"

    def judge_all(self, planted, run):
        assert self.judge(0, run) == "equivalent", "the planted sources must be right with fault 0"
        verdicts = {fault: self.judge(n, run) for n, fault in enumerate(planted, start=1)}
        missed = [str(fault) for fault, verdict in verdicts.items() if verdict == "missed"]
        assert missed == []
        return verdicts


@pytest.fixture(scope="module")
def bench():
    made = Bench()
    assert len(made.all) == 65536
    return made


@pytest.mark.long
def test_every_fault_in_the_cpp_is_caught_or_changes_nothing(bench, tmp_path):
    right = write_project(
        bench.model,
        tmp_path / "right",
        part=PART,
        clock_period_ns=5.0,
        inputs=bench.all[:1],
        outputs=bench.all_expected[:1],
    )
    run, planted = planted_copy(right, tmp_path, N_CPP, seed=1)
    verdicts = bench.judge_all(planted, run)
    assert len(verdicts) == N_CPP
    assert {fault.kind for fault in verdicts} == {
        "bit-width", "constant", "outputs", "shift", "sign", "weight-bit",
    }  # fmt: skip
    assert Counter(verdicts.values())["caught"] > 110


def test_every_fault_in_the_verilog_is_caught_or_changes_nothing(bench, tmp_path):
    right = write_rtl(
        bench.graph, tmp_path / "right", part=PART, clock_period_ns=5.0, adders_per_stage=4
    )
    run, planted = planted_copy(right, tmp_path, N_VERILOG, seed=2)
    verdicts = bench.judge_all(planted, run)
    assert len(verdicts) == N_VERILOG
    assert {fault.kind for fault in verdicts} >= {
        "bit-width", "constant", "outputs", "register", "shift", "sign", "weight-bit",
    }  # fmt: skip
    registers = [verdict for fault, verdict in verdicts.items() if fault.kind == "register"]
    assert set(registers) == {"caught"}
    assert Counter(verdicts.values())["caught"] > 180
