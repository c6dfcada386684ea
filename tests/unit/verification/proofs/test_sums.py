"""Intervals of sums whose operands depend on one another."""

import numpy as np
import pytest

from jetmix.firmware import da_graph
from jetmix.firmware.engines.alkaid_replay import NO_CARRY_LIMIT
from jetmix.firmware.graph import Traces
from jetmix.verification.proofs import ranges


def graph_of(make):
    """Return alkaid's graph of outputs of two inputs, x of 1+3+2 bits and y of 1+1+1."""
    from alkaid.trace import FVArray, HWConfig

    kif = (np.array([1, 1]), np.array([3, 1]), np.array([2, 1]))
    inputs = FVArray.from_kif(*kif, HWConfig(1, NO_CARRY_LIMIT, -1), 0.0)
    traces = Traces(inputs=(inputs,), final=(np.array(make(*inputs), dtype=object),))
    traces.engine = "alkaid"
    return da_graph.graph_of(traces)


@pytest.mark.parametrize(
    "make",
    [
        lambda x, y: [x - x * 0.125, y],
        lambda x, y: [(x + y) - x * 0.5 + 1.25],
        lambda x, y: [(x - y) + (y + y)],
        lambda x, y: [-(x - x * 0.25) + y],
    ],
)
def test_a_sum_of_dependent_values_does_not_overflow(make):
    graph = graph_of(make)
    proof = ranges.prove(graph)
    assert proof.overflows == ()
    assert proof.unproven == ()


def test_a_sum_that_does_overflow_is_still_found():
    graph = graph_of(lambda x, y: [x - x * 0.125 + y])
    narrow = [
        op._replace(qint=op.qint._replace(min=op.qint.min / 2, max=op.qint.max / 2))
        if op.opcode in (0, 1) else op
        for op in graph.native.ops
    ]  # fmt: skip
    assert ranges.prove(graph._replace(ops=narrow)).overflows
