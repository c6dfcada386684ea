"""alkaid: its operations in jetmix's form, its faulty pass, and what it cannot lower."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.firmware import da_graph
from jetmix.firmware.engines import alkaid, alkaid_limits, alkaid_replay
from jetmix.firmware.engines.alkaid_graph import AlkaidGraph
from jetmix.firmware.graph import DaGraph, Traces, variables, watching


def values_of(graph: DaGraph, x: np.ndarray) -> np.ndarray:
    """Every operation of one vector in doubles, from the definitions that jetmix states."""
    values: list[float] = []
    for op in graph.ops:
        values.append(result_of(graph, op, values, x))
    return np.array(values)


def result_of(graph, op, values, x):
    first = values[op.id0] if op.opcode != -1 and op.id0 >= 0 else 0.0
    second = values[op.id1] if op.id1 >= 0 else 0.0
    k, i, f = op.qint.kif
    return {
        -1: lambda: wrapped(x[op.id0], k, i, f),
        0: lambda: first + second * 2.0**op.data,
        1: lambda: first - second * 2.0**op.data,
        2: lambda: wrapped(max(first, 0.0), 0, i, f),
        3: lambda: wrapped(first * 2.0**op.data, k, i, f),
        -3: lambda: wrapped(-first * 2.0**op.data, k, i, f),
        4: lambda: first + op.data * op.qint.step,
        5: lambda: op.data * op.qint.step,
        6: lambda: wrapped(chosen(graph, op, values), k, i, f),
        7: lambda: first * second,
        8: lambda: looked_up(graph, op, first) * 2.0**-f,
        9: lambda: unary(op, first, graph.ops[op.id0].qint),
        10: lambda: binary(op, first, second, graph),
    }[op.opcode]()


def chosen(graph, op, values):
    chooser, shift = op.data & 0xFFFFFFFF, signed(op.data >> 32)
    key, grid = values[chooser], graph.ops[chooser].qint
    top = key < 0 if grid.min < 0 else key >= 2.0 ** (grid.kif[1] - 1)
    return values[op.id0] if top else values[op.id1] * 2.0**shift


def looked_up(graph, op, value):
    key = graph.ops[op.id0].qint
    return graph.lookup_tables[op.data].table[round((value - key.min) / key.step)]


def unary(op, value, key):
    bits = sum(key.kif)
    word = round(value / key.step) % 2**bits
    if op.data == 0:
        k, i, f = op.qint.kif
        return wrapped((2**bits - 1 - word) * key.step, k, i, f)
    return float(word != 0 if op.data == 1 else word == 2**bits - 1) * op.qint.step


def binary(op, first, second, graph):
    shift, action = signed(op.data), op.data >> 56
    step = min(graph.ops[op.id0].qint.step, graph.ops[op.id1].qint.step * 2.0**shift)
    a, b = round(first / step), round(second * 2.0**shift / step)
    return [a & b, a | b, a ^ b][action] * step


def signed(word):
    return ((word & 0xFFFFFFFF) + 2**31) % 2**32 - 2**31


def wrapped(value, k, i, f):
    size = 2.0 ** (k + i + f)
    integer = math.floor(value * 2.0**f)
    bias = size / 2 * k
    return ((integer + bias) % size - bias) * 2.0**-f


def everything(a, b, c, d):
    """Return outputs that need every opcode."""
    grid = np.arange(a.low, a.high + a.step, a.step)
    return [
        a + b, a - b * 4, (a + c).relu(2, 2), (a - b).quantize(1, 1, 2), a + 1.25, -(a + d),
        a.msb_mux(b, c * 2), b.msb_mux(-a, c), a * b, a.lookup(np.round(np.tanh(grid) * 16) / 16),
        ~a, b.unary_bit_op("any"), b.unary_bit_op("all"), a & b, a | c * 4, b ^ d,
        (-a).quantize(0, 2, 1), (a * 2).quantize(0, 1, 1), c - c + 0.75, -d,
        a + b,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def traces() -> Traces:
    return every_operation()


def every_operation() -> Traces:
    """Return traces of alkaid with every opcode."""
    from alkaid.trace import FVArray, HWConfig

    kif = (np.array([1, 1, 0, 1]), np.array([2, 1, 3, 2]), np.array([2, 3, 1, 0]))
    inputs = FVArray.from_kif(
        *kif, HWConfig(1, alkaid_replay.NO_CARRY_LIMIT, -1), 0.0, {"hard_dc": 2}
    )
    made = Traces(inputs=(inputs,), final=(np.array(everything(*inputs), dtype=object),))
    made.engine = "alkaid"
    return made


def vectors(graph: DaGraph, n: int = 200) -> np.ndarray:
    low, high = (np.array([getattr(q, end) for q in graph.inp_qint]) for end in ("min", "max"))
    return np.random.default_rng(0).uniform(2 * low - high, 2 * high - low, (n, len(low)))


def test_every_operation_means_the_same_in_both_forms(traces):
    native = AlkaidGraph(alkaid._traced(traces, variables(traces["final"])))
    assert {abs(op.opcode) for op in native.ops} == {1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10}
    assert {-1, -3} <= {op.opcode for op in native.ops}
    x = vectors(native)
    right = watching(native, range(len(native.ops))).predict(x)
    got = np.array([values_of(native, one) for one in x])
    assert (got == right).all(axis=0).tolist() == [True] * len(native.ops)


def test_the_passes_of_alkaid_leave_the_function_as_it_is(traces):
    traced = AlkaidGraph(alkaid._traced(traces, variables(traces["final"])))
    graph = da_graph.graph_of(traces)
    x = vectors(graph)
    assert np.array_equal(graph.predict(x), traced.predict(x))
    assert len(graph.ops) < len(traced.ops)
    right = watching(graph, range(len(graph.ops))).predict(x[:20])
    assert np.array_equal([values_of(graph, one) for one in x[:20]], right)


def one_bit_of(a) -> Traces:
    """The bit below the top one, which the faulty pass takes for the top one."""
    made = Traces(inputs=(a,), final=((a[0] * 2).quantize(0, 3, -2),))
    made.engine = "alkaid"
    return made


def test_the_faulty_pass_is_left_out_and_put_back():
    from alkaid.trace import FVArray, HWConfig
    from alkaid.trace.passes import canon, optimize

    whole = canon.canonicalize_msb_wraps
    a = FVArray.from_kif(
        np.array([1]), np.array([2]), np.array([0]), HWConfig(1, alkaid_replay.NO_CARRY_LIMIT, -1)
    )
    traces, x = one_bit_of(a), np.arange(-4.0, 4.0)[:, None]
    right = [[(int(value) >> 1 & 1) * 4.0] for value in x[:, 0]]
    assert da_graph.graph_of(traces).predict(x).tolist() == right
    assert canon.canonicalize_msb_wraps is whole
    # the day on which this holds no longer, the mend can go
    faulty = optimize(alkaid._traced(traces, variables(traces["final"])), retrace=False)
    assert faulty.predict(x).tolist() != right
    with alkaid.mended():
        assert canon.canonicalize_msb_wraps is not whole
    with pytest.raises(RuntimeError, match="inside"), alkaid.mended():
        raise RuntimeError("inside")
    assert canon.canonicalize_msb_wraps is whole


@pytest.mark.parametrize(
    ("pool", "count"),
    [
        ({"pool_size": (3,), "padding": "valid"}, 3),
        ({"pool_size": 4, "padding": "same"}, 3),
        ({"data_format": "channels_last"}, 6),
        ({"pool_size": (2, 2), "padding": "valid"}, None),
        ({"pool_size": 2, "padding": "same"}, None),
    ],
)
def test_alkaid_averages_over_powers_of_two_only(pool, count):
    kind = type("QAvgPool1D", (), {"name": "pool", "input": np.zeros((1, 6, 4)), **pool})
    model = SimpleNamespace(layers=[kind()])
    if count is None:
        alkaid_limits.require_short_averages(model)
        return
    with pytest.raises(LoweringError, match=f"layer pool: .*average over {count} values") as caught:
        alkaid_limits.require_short_averages(model)
    assert "--engine da4ml" in str(caught.value)


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ({"round_mode": "RND_CONV", "overflow_mode": "SAT"}, None),
        ({"round_mode": "S_RND", "overflow_mode": "WRAP"}, r"layer second: .*S_RND.*da4ml"),
    ],
)
def test_alkaid_names_the_layer_of_a_mode_that_it_lacks(inner, said):
    import keras
    from hgq.config import QuantizerConfig
    from hgq.layers import QDense

    x = keras.Input((3,))
    h = QDense(2, name="first")(x)
    quantiser = QuantizerConfig(place="datalane", **inner)
    model = keras.Model(x, QDense(2, name="second", iq_conf=quantiser)(h))
    if said is None:
        alkaid_replay.trace(model, 2)
        return
    with pytest.raises(LoweringError, match=said):
        alkaid_replay.trace(model, 2)


def test_alkaid_names_the_layer_of_a_mode_that_no_port_has():
    import keras
    from hgq.config import QuantizerConfig
    from hgq.layers import QDense

    x = keras.Input((3,))
    quantiser = QuantizerConfig(place="datalane", overflow_mode="SAT")
    model = keras.Model(x, QDense(2, name="first", iq_conf=quantiser)(x))
    with pytest.raises(LoweringError, match=r"layer first: SAT .*no port has"):
        alkaid_replay.trace(model, 2)
