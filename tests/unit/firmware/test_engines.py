"""Engines: alkaid's operations in jetmix's form, its faulty pass, and what both have in common."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from jetmix.errors import LoweringError, ReportReadError
from jetmix.firmware import da_graph
from jetmix.firmware.engines import alkaid, alkaid_layers, alkaid_limits
from jetmix.firmware.engines.alkaid_graph import AlkaidGraph
from jetmix.firmware.engines.registry import ENGINES, engine_of
from jetmix.firmware.graph import DaGraph, Traces, variables, watching
from jetmix.firmware.parts import find_part
from jetmix.firmware.project import TOP
from jetmix.firmware.verilog import VHDL, read_ports, write_rtl


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
    inputs = FVArray.from_kif(*kif, HWConfig(1, alkaid.NO_CARRY_LIMIT, -1), 0.0, {"hard_dc": 2})
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
        np.array([1]), np.array([2]), np.array([0]), HWConfig(1, alkaid.NO_CARRY_LIMIT, -1)
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


def both(weights: np.ndarray) -> dict[str, Traces]:
    """Two layers, in both engines: sums with ReLU, then sums with the input added."""
    from alkaid.trace import FVArray, HWConfig
    from da4ml.trace import FixedVariableArray
    from da4ml.trace import HWConfig as Da4mlConfig

    found = {}
    kif = [np.full(3, bits) for bits in (1, 2, 3)]
    options = {"hard_dc": 2}
    starts = {
        "da4ml": FixedVariableArray.from_kif(*kif, Da4mlConfig(1, -1, -1), 0, options),
        "alkaid": FVArray.from_kif(*kif, HWConfig(1, alkaid.NO_CARRY_LIMIT, -1), 0.0, options),
    }
    for name, x in starts.items():
        hidden = (x @ weights).relu(i=np.full(3, 4), f=np.full(3, 2))
        last = hidden @ weights.T + x
        places = {"/first/final": (hidden,), "/last/final": (last,), "final": (last,)}
        found[name] = Traces(inputs=(x,), **places)
        found[name].engine = name
    return found


@pytest.fixture(scope="module")
def two_layers() -> dict[str, Traces]:
    return both(np.array([[3.0, -5.0, 1.0], [1.0, 7.0, 0.5], [-2.0, 1.0, 11.0]]))


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_lowers_saves_and_cuts_the_same_function(name, two_layers, tmp_path):
    graph = da_graph.graph_of(two_layers[name])
    assert isinstance(graph, DaGraph)
    assert engine_of(graph).__name__ == ENGINES[name]
    da_graph.save(graph, tmp_path / "ir.json")
    read = da_graph.load(tmp_path / "ir.json")
    assert engine_of(read) is engine_of(graph)
    x = vectors(graph)
    assert np.array_equal(read.predict(x), da_graph.graph_of(two_layers["da4ml"]).predict(x))
    cut = da_graph.cut_into_stages(graph, adders_per_stage=2)
    assert len(cut.solutions) > 1
    assert cut.reg_bits > 0
    values = x
    for stage in cut.solutions:
        values = stage.predict(values)
    assert np.array_equal(values, graph.predict(x))


@pytest.mark.parametrize("name", ENGINES)
def test_the_layer_of_an_operation_is_the_first_that_is_made_from_it(name, two_layers):
    traces = two_layers[name]
    graph = da_graph.graph_of(traces)
    layers = da_graph.layer_of_operations(traces, graph)
    assert set(layers) == {"inputs", "first", "last"}
    for layer, op in zip(layers, graph.ops, strict=True):
        assert (layer == "inputs") == (op.opcode == -1)
        assert (op.opcode == 2) <= (layer == "first")
    hidden = [index for index, op in enumerate(graph.ops) if op.opcode == 2]
    for op, layer in zip(graph.ops, layers, strict=True):
        assert layer == "last" or not {op.id0, op.id1} & set(hidden) or op.opcode == -1


@pytest.mark.parametrize("name", ENGINES)
def test_places_of_a_layered_graph_hold_their_traces(name, two_layers):
    graph, places = da_graph.layered(two_layers[name])
    x = vectors(graph)
    values = graph.predict(x)
    assert list(places) == ["/first/final", "/last/final", "final"]
    assert (values[:, places["/first/final"]] >= 0).all()
    assert np.array_equal(values[:, places["final"]], values[:, places["/last/final"]])
    whole = da_graph.graph_of(two_layers[name]).predict(x)
    assert np.array_equal(values[:, places["final"]], whole)


@pytest.mark.parametrize("content", ["{}", "[]", '{"meta": "ALIRModel"}', "[[1]]", "not JSON"])
def test_a_damaged_graph_is_refused(content, tmp_path):
    (tmp_path / "ir.json").write_text(content)
    with pytest.raises(ReportReadError, match="not a readable DA graph"):
        da_graph.load(tmp_path / "ir.json")


def test_what_alkaid_cannot_trace_is_one_line_with_the_other_engine(monkeypatch):
    from alkaid import converter

    def fails(*_, **__):
        raise AssertionError

    monkeypatch.setattr(converter, "trace_model", fails)
    model = SimpleNamespace(layers=[], inputs=[], _nodes_by_depth={})
    with pytest.raises(LoweringError, match="alkaid cannot trace the model") as caught:
        da_graph.trace_layers(model, by="alkaid")
    assert "--engine da4ml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_orders_than_the_known_one_are_refused(two_layers):
    traces = two_layers["alkaid"]
    graph = da_graph.graph_of(traces)
    traced = AlkaidGraph(alkaid._traced(traces, variables(traces["final"])))
    shorter = traced._replace(ops=traced.native.ops[:-1])
    with pytest.raises(LoweringError, match="unexpected way"):
        alkaid_layers.by_values(traces, shorter, graph)


@pytest.mark.parametrize("name", ENGINES)
def test_vhdl_lies_beside_the_verilog_and_is_sealed(name, two_layers, tmp_path):
    project = write_rtl(
        da_graph.graph_of(two_layers[name]),
        tmp_path / "rtl",
        part=find_part("xcvu13p"),
        clock_period_ns=5.0,
        adders_per_stage=2,
        vhdl=True,
    )
    assert project.engine == name
    top = (project.path / VHDL / "src" / f"{TOP}.vhd").read_text()
    assert f"entity {TOP}" in top
    written = {path.suffix for path in (project.path / VHDL).rglob("*") if path.is_file()}
    assert written == {".vhd"}
    assert sum(file.startswith(f"{VHDL}/") for file in project.files) > len(ENGINES)
    assert not any("wrapper" in file for file in project.files)
    stages = da_graph.cut_into_stages(da_graph.graph_of(two_layers[name]), adders_per_stage=2)
    assert read_ports(project.path).latency_cycles == len(stages.solutions)


def test_what_cannot_be_written_names_engine_and_language(two_layers, tmp_path, monkeypatch):
    def fails(*_, language, **__):
        raise KeyError(language)

    monkeypatch.setattr(alkaid, "write_hdl", fails)
    with pytest.raises(LoweringError, match="engine alkaid cannot write the graph as Verilog"):
        write_rtl(
            da_graph.graph_of(two_layers["alkaid"]),
            tmp_path / "rtl",
            part=find_part("xcvu13p"),
            clock_period_ns=5.0,
            adders_per_stage=2,
        )


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
        alkaid_limits.require_known_modes(model)
        return
    with pytest.raises(LoweringError, match=said):
        alkaid_limits.require_known_modes(model)


def test_alkaid_names_the_layer_of_a_mode_that_no_port_has():
    import keras
    from hgq.config import QuantizerConfig
    from hgq.layers import QDense

    x = keras.Input((3,))
    quantiser = QuantizerConfig(place="datalane", overflow_mode="SAT")
    model = keras.Model(x, QDense(2, name="first", iq_conf=quantiser)(x))
    with pytest.raises(LoweringError, match=r"layer first: SAT .*no port has"):
        alkaid_limits.require_known_modes(model)
