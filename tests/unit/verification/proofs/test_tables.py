"""Tables against their layers, over models written for the purpose."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jetmix import words
from jetmix.errors import BitsDifferError
from jetmix.firmware import da_graph, dais
from jetmix.models import keras_env
from jetmix.models.prepare import prepare
from jetmix.verification.proofs import linear, proofs, sweeps, tables

# hgq's tracer converts tensors of JAX in the old way
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


@pytest.fixture(scope="module")
def lut_model():
    """A LUT layer over particles, an activation as table, and a linear head."""
    keras = keras_env.activate()
    from hgq.config import LayerConfigScope, QuantizerConfigScope
    from hgq.layers import QDense, QDenseT, QUnaryFunctionLUT
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(7)
    scopes = (
        QuantizerConfigScope(place="all", default_q_type="kbi", overflow_mode="WRAP", b0=4, i0=2),
        LayerConfigScope(enable_ebops=True, beta0=1e-7),
    )
    with scopes[0], scopes[1]:
        x = keras.Input((3, 2), name="jets")
        y = QDenseT(3, n_hl=1, d_hl=4, batch_norm=True, name="lut")(x)
        y = QUnaryFunctionLUT("tanh", name="tanh")(y)
        y = keras.layers.Flatten(name="flat")(y)
        model = keras.Model(x, QDense(2, name="head")(y))
    trace_minmax(model, np.random.default_rng(0).normal(0, 2, (500, 3, 2)).astype(np.float32))
    return model


@pytest.fixture(scope="module")
def traced(lut_model):
    traces = da_graph.trace_layers(lut_model)
    return traces, da_graph.graph_of(traces), da_graph.layered(traces)


def test_every_table_equals_its_layer(lut_model, traced):
    traces, graph, layered = traced
    found = {proof.layer: proof for proof in tables.prove(lut_model, traces, graph, layered)}
    assert set(found) == {"lut", "tanh"}
    n_tables = sum(op.opcode == dais.TABLE for op in graph.ops)
    assert sum(proof.tables for proof in found.values()) == n_tables
    assert found["lut"].tables > found["tanh"].tables == 9
    assert all(proof.wrong == 0 and proof.reason is None for proof in found.values())
    held = sum(len(dais.entries_of(graph, op)[1]) for op in graph.ops if op.opcode == dais.TABLE)
    assert 0.9 * held < sum(proof.entries for proof in found.values()) <= held


def corrupted(graph, number):
    """The graph with one bit of one entry of a table flipped."""
    chosen = [op for op in graph.ops if op.opcode == dais.TABLE][number]
    table = graph.lookup_tables[int(chosen.data)]
    values = table.table.copy()
    values[len(values) // 2] ^= 1
    wrong = type(table)(values, table.spec)
    replaced = tuple(wrong if one is table else one for one in graph.lookup_tables)
    return graph._replace(lookup_tables=replaced)


@pytest.mark.parametrize("number", [0, -1])
def test_corrupted_table_of_the_traced_layers_is_found(lut_model, traced, number):
    traces, graph, (layers, places) = traced
    found = tables.prove(lut_model, traces, graph, (corrupted(layers, number), places))
    assert sum(proof.wrong for proof in found) > 0
    with pytest.raises(BitsDifferError, match="lookup tables of layer"):
        tables.require_proofs(found, "here")


def test_corrupted_table_of_the_firmware_is_found(lut_model, traced):
    traces, graph, layered = traced
    found = tables.prove(lut_model, traces, corrupted(graph, 3), layered)
    assert [proof.layer for proof in found if proof.wrong] == ["(other tables)"]


def test_table_on_another_grid_than_in_the_trace_is_not_called_wrong(lut_model, traced):
    traces, graph, layered = traced
    ops = list(graph.ops)
    number = next(i for i, op in enumerate(ops) if op.opcode == dais.TABLE)
    grid = ops[number].qint
    ops[number] = ops[number]._replace(
        qint=grid._replace(min=grid.min / 2, max=grid.max / 2, step=grid.step / 2)
    )
    found = tables.prove(lut_model, traces, graph._replace(ops=ops), layered)
    (other,) = [proof for proof in found if proof.layer == tables.OTHERS]
    assert (other.tables, other.wrong, other.reason) == (1, 0, tables.REGRIDDED)


def test_layers_of_tables_have_no_matrix_and_the_others_do(lut_model, traced):
    found = {proof.layer: proof for proof in linear.prove(lut_model, traced[0])}
    assert found["lut"].reason == found["tanh"].reason == "its lookup tables are proven instead"
    assert (found["head"].reason, found["head"].wrong) == (None, 0)


def test_lines_and_record(lut_model, traced, tmp_path):
    traces, graph, _ = traced
    owners = da_graph.layer_of_operations(traces, graph)
    proven = proofs.prove(prepare(lut_model), traces, graph, owners, Path("here"))
    proofs.write(tmp_path, proven)
    assert proofs.read(tmp_path) == proven
    (line,) = [line for line in words.proof_lines(proven) if line.startswith("Lookup tables")]
    total = sum(proof.tables for proof in proven.tables)
    assert f"{total} of {total}" in line
    assert "no values differ" in line
    unknown = replace(proven.tables[0], reason="too many values")
    (line,) = [
        line
        for line in words.proof_lines(replace(proven, tables=(unknown,)))
        if line.startswith("Lookup tables")
    ]
    assert "not shown for lut: too many values" in line


@pytest.fixture(scope="module")
def attention():
    """A softmax, and an attention layer with one within."""
    keras = keras_env.activate()
    from hgq.config import LayerConfigScope, QuantizerConfigScope
    from hgq.layers import QMultiHeadAttention, QSoftmax
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(11)
    scopes = (
        QuantizerConfigScope(place="all", default_q_type="kbi", overflow_mode="WRAP", b0=4, i0=2),
        QuantizerConfigScope(place="table", default_q_type="kbi", overflow_mode="WRAP", b0=6, i0=1),
        LayerConfigScope(enable_ebops=True, beta0=1e-7),
    )
    with scopes[0], scopes[1], scopes[2]:
        x = keras.Input((3, 2), name="jets")
        y = QMultiHeadAttention(1, 2, fuse="qkv", name="mha")(x)
        model = keras.Model(x, QSoftmax(name="softmax")(y))
    trace_minmax(model, np.random.default_rng(1).normal(0, 2, (500, 3, 2)).astype(np.float32))
    return model


@pytest.mark.parametrize("by", ["da4ml", "alkaid"])
def test_tables_within_softmax_and_attention(attention, by):
    traces = da_graph.trace_layers(attention, by=by)
    graph, layered = da_graph.graph_of(traces), da_graph.layered(traces)
    found = {proof.layer: proof for proof in tables.prove(attention, traces, graph, layered)}
    inner = {f"{layer}/{part}" for layer in ("mha", "softmax") for part in sweeps.TABLES}
    assert set(found) == inner
    assert all((proof.wrong, proof.reason) == (0, None) for proof in found.values())
    if by == "da4ml":
        for number in (0, -1):
            broken = corrupted(layered[0], number), layered[1]
            wrong = tables.prove(attention, traces, graph, broken)
            assert sum(proof.wrong for proof in wrong) > 0


def test_wide_inputs_run_through_the_codes_of_their_quantisers_alone():
    """A port of 31 bits that is read by quantisers of a few bits, coarse and fine."""
    grids = [frozenset({(0.25, 2.0), (2.0**-20, 2.0**-18), (128.0, 512.0)})]
    inputs = sweeps.Inputs(
        operations=[0],
        scales=np.array([2.0**-20]),
        offsets=np.zeros(1),
        first=np.array([-(2**29)]),
        count=np.array([2**30]),
    )
    values = inputs.one_by_one([[0]], grids, 100)[:, 0]
    for step, top in grids[0]:
        codes = np.unique(np.floor(values / step) % (2 * top / step))
        assert len(codes) == 2 * top / step
    assert len(values) < 50
    with pytest.raises(sweeps.TooManyError, match="values"):
        inputs.one_by_one([[0]], [None], 100)


def test_part_of_a_period_is_swept_whole_and_rounded_values_are_refused():
    inputs = sweeps.Inputs(
        operations=[0],
        scales=np.array([0.25]),
        offsets=np.zeros(1),
        first=np.array([33]),
        count=np.array([30]),
    )
    values = inputs.one_by_one([[0]], [frozenset({(0.5, 2.0)})], 100)[1:, 0]
    assert set(np.floor(values / 0.5) % 8) == set(range(8))
    assert set(np.floor(values / 0.5 + 0.5) % 8) == set(range(8))
    far = replace(inputs, first=np.array([2**26 + 1]))
    with pytest.raises(sweeps.TooManyError, match="Keras rounds"):
        far.one_by_one([[0]], [frozenset({(0.5, 2.0)})], 100)


@pytest.mark.parametrize(("scale", "offset"), [(0.25, 1.25), (-0.25, 0.5), (0.25, 0.0625)])
def test_an_input_with_a_constant_added_runs_through_all_codes(scale, offset):
    inputs = sweeps.Inputs(
        operations=[0],
        scales=np.array([scale]),
        offsets=np.array([offset]),
        first=np.array([-16]),
        count=np.array([32]),
    )
    every = np.arange(-16, 16) * scale + offset
    found = inputs.one_by_one([[0]], [frozenset({(0.5, 2.0)})], 100)[:, 0]
    assert set(found) <= set(every)
    assert set(np.floor(found / 0.5) % 8) == set(np.floor(every / 0.5) % 8)
    assert np.array_equal(inputs.integers(found[:, None])[0] * scale + offset, found)
    assert np.array_equal(inputs.together(100)[:, 0], every)


@pytest.fixture(scope="module")
def with_constants():
    """Two LUT layers, and padding before them: sums of the first hold constants."""
    keras = keras_env.activate()
    from hgq.config import LayerConfigScope, QuantizerConfigScope
    from hgq.layers import QDenseT
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(5)
    lane = {"default_q_type": "kbi", "overflow_mode": "WRAP", "round_mode": "RND"}
    scopes = (
        QuantizerConfigScope(place="all", **lane, b0=4, i0=2),
        LayerConfigScope(enable_ebops=True, beta0=1e-7),
    )
    with scopes[0], scopes[1]:
        x = keras.Input((2, 2), name="jets")
        y = keras.layers.Flatten(name="flat")(keras.layers.ZeroPadding1D(1, name="pad")(x))
        y = QDenseT(3, n_hl=1, d_hl=4, batch_norm=True, name="first")(y)
        model = keras.Model(x, QDenseT(2, n_hl=1, d_hl=4, name="second")(y))
    # the tables of padded inputs are constants, which are 0 without this
    beta = model.get_layer("first").bn_module.beta
    beta.assign(np.full(beta.shape, 2.0, np.float32))
    trace_minmax(model, np.random.default_rng(0).normal(0, 2, (500, 2, 2)).astype(np.float32))
    return model


@pytest.mark.parametrize("by", ["da4ml", "alkaid"])
def test_tables_behind_a_sum_with_a_constant_are_compared(with_constants, by):
    traces = da_graph.trace_layers(with_constants, by=by)
    graph, layered = da_graph.graph_of(traces), da_graph.layered(traces)
    ends = [layered[0].out_idxs[place] for place in layered[1]["/first/final"]]
    assert dais.ADD_CONSTANT in {layered[0].ops[end].opcode for end in ends}
    found = {p.layer: p for p in tables.prove(with_constants, traces, graph, layered)}
    assert {name: (p.wrong, p.reason) for name, p in found.items()} == {
        "first": (0, None),
        "second": (0, None),
    }
    if by == "da4ml":
        broken = corrupted(layered[0], -1), layered[1]
        wrong = tables.prove(with_constants, traces, graph, broken)
        assert sum(proof.wrong for proof in wrong) > 0
