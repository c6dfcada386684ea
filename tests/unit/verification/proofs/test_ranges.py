from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jetmix import words
from jetmix.errors import BitsDifferError, ReportReadError
from jetmix.firmware import arithmetic, da_graph
from jetmix.firmware.graph import watching
from jetmix.models.keras_env import load_tagger
from jetmix.models.prepare import Prepared
from jetmix.support.files import read_json, write_json
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.mining import extreme_vectors, rare_jets
from jetmix.verification.proofs import inputs, linear, proofs, ranges
from jetmix.verification.vectors import InputRange, build_vectors
from tests.unit.verification.emulator.test_emulator import jets, random_graph

GOLDEN = Path(__file__).parents[3] / "golden"


@pytest.fixture(scope="module")
def tiny():
    model = load_tagger(GOLDEN / "tiny_mixer.keras")
    traces = da_graph.trace_layers(model)
    return model, traces, da_graph.graph_of(traces)


def quantised_inputs(k, i, f, n=2):
    from da4ml.trace import FixedVariableArray, HWConfig

    kif = (np.full(n, bits) for bits in (k, i, f))
    return FixedVariableArray.from_kif(*kif, HWConfig(1, -1, -1))


def graph_of(inputs, *outputs):
    from da4ml.trace import comb_trace

    return comb_trace(inputs, list(outputs))


def test_interval_of_a_sum_and_the_quantiser_that_wraps():
    x = quantised_inputs(1, 2, 1)  # -4 to 3.5 in steps of 0.5
    total = x[0] + x[1] * 2.0
    graph = graph_of(x, total.quantize(1, 3, 0), total.quantize(1, 4, 0))
    narrow, wide = sorted(ranges.quantisers_of(graph), key=lambda q: q.port[1])
    assert (narrow.operand, narrow.port) == ((-12.0, 10.0), (-8.0, 7.0))
    assert (narrow.can_wrap, wide.can_wrap) == (True, False)
    proof = ranges.prove(graph)
    assert (proof.overflows, proof.wraps) == ((), (narrow,))
    assert (proof.quantisers, proof.can_wrap, proof.operations) == (2, 1, 5)


def test_relu_wraps_only_at_its_upper_end():
    x = quantised_inputs(1, 3, 0)
    (relu,) = ranges.quantisers_of(graph_of(x, (x[0] + x[1]).relu(3, 0)))
    assert (relu.operand, relu.port, relu.can_wrap) == ((0.0, 14.0), (0.0, 7.0), True)


def test_negated_operand():
    x = quantised_inputs(0, 3, 0)
    (quantiser,) = ranges.quantisers_of(graph_of(x, (-(x[0] + x[1])).quantize(1, 3, 0)))
    assert quantiser.operand == (-14.0, 0.0)


def narrowed(graph, **change):
    """The graph with its last sum declared narrower than it is."""
    index = max(i for i, op in enumerate(graph.ops) if op.opcode in (0, 1))
    ops = list(graph.ops)
    ops[index] = ops[index]._replace(qint=ops[index].qint._replace(**change))
    return graph._replace(ops=ops), index


@pytest.mark.parametrize("change", [{"max": 3.5}, {"min": -4.0}, {"step": 1.0}])
def test_sum_that_is_too_narrow_is_found(change):
    x = quantised_inputs(1, 2, 1)
    graph, index = narrowed(graph_of(x, x[0] + x[1]), **change)
    if "step" not in change:
        # da4ml keeps a sign and integer bits for the larger end: both must be narrow
        graph, index = narrowed(graph, min=-4.0, max=3.5)
    proof = ranges.prove(graph)
    assert proof.overflows == (index,)
    with pytest.raises(BitsDifferError, match=f"operation {index} of the DA graph can overflow"):
        ranges.require_proof(proof, "here")


def interval(graph, opcode):
    (index,) = [i for i, op in enumerate(graph.ops) if op.opcode == opcode]
    return ranges.intervals_of(graph)[index]


def test_interval_of_a_product_and_of_a_square():
    x = quantised_inputs(1, 2, 1)  # -4 to 3.5
    assert interval(graph_of(x, x[0] * x[1]), 7) == (-14.0, 16.0)
    assert interval(graph_of(x, x[0] * x[0]), 7) == (0.0, 16.0)


def test_interval_of_the_larger_one_knows_what_the_choice_means():
    x = quantised_inputs(1, 2, 1)
    larger = x[0].max_of(x[1] * 0.25)  # -4 to 3.5, and -1 to 0.875
    graph = graph_of(x, larger)
    # times 4, on the grid of the second one: it is never below that one's least value
    assert interval(graph, 6) == (-4.0, 14.0)
    assert ranges.prove(graph).unproven == ()


def test_interval_of_a_table_is_that_of_the_entries_that_can_be_read():
    x = quantised_inputs(0, 2, 0)
    table = np.array([-3.0, 5.0, 1.0, 2.0])
    assert interval(graph_of(x, x[0].lookup(table)), 8) == (-3.0, 5.0)
    graph = graph_of(x, x[0].lookup(table))
    narrow = [op._replace(qint=type(op.qint)(0.0, 1.0, 1.0)) for op in graph.ops[:1]]
    assert ranges.prove(graph._replace(ops=[*narrow, *graph.ops[1:]])).unproven == ()


def test_operation_without_an_interval_is_told_and_holds_what_its_width_can():
    x = quantised_inputs(1, 2, 1)
    graph = graph_of(x, x[0].msb_mux(x[0], x[1]))
    (index,) = [i for i, op in enumerate(graph.ops) if op.opcode == 6]
    op = graph.ops[index]
    narrow = op._replace(qint=type(op.qint)(-1.0, 0.5, 0.5))
    proof = ranges.prove(graph._replace(ops=[*graph.ops[:index], narrow]))
    assert proof.unproven == (index,)
    assert ranges.intervals_of(graph._replace(ops=[*graph.ops[:index], narrow]))[index] == (
        -1.0, 0.5,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_random_values_stay_within_their_intervals(seed):
    graph = random_graph(seed)
    found = ranges.intervals_of(graph)
    values = arithmetic.predict(watching(graph, range(len(graph.ops))), jets(graph, n=100))
    assert all(
        low <= column.min() and column.max() <= high
        for (low, high), column in zip(found, values.T, strict=True)
    )


def test_intervals_of_the_tiny_model_hold_for_random_inputs(tiny, tmp_path):
    """No vector, not even beyond the ports' ranges, leaves an interval that was proven."""
    _, _, graph = tiny
    proof = ranges.prove(graph)
    assert (proof.overflows, proof.unproven) == ((), ())
    watched = [q for q in ranges.quantisers_of(graph) if graph.ops[q.operation].opcode in (3, -3)]
    seen = graph._replace(
        shape=(12, len(watched)),
        out_idxs=[graph.ops[q.operation].id0 for q in watched],
        out_shifts=[0] * len(watched),
        out_negs=[graph.ops[q.operation].opcode < 0 for q in watched],
    )
    x = build_vectors(InputRange.of(graph), (12,), jets=None, n_random=20000, seed=2).x
    values = Emulator.of(seen, (12,), tmp_path).predict(x)
    steps = np.array([graph.ops[graph.ops[q.operation].id0].qint.step for q in watched])
    low, high = np.array([q.operand for q in watched]).T
    assert (values >= low).all()
    assert (
        values < high + np.maximum(steps, [graph.ops[q.operation].qint.step for q in watched])
    ).all()


def test_layers_of_operations(tiny):
    _, traces, graph = tiny
    layers = da_graph.layer_of_operations(traces, graph)
    assert len(layers) == len(graph.ops)
    assert {layers[i] for i in graph.out_idxs} == {"logits"}
    assert {layers[i] for i, op in enumerate(graph.ops) if op.opcode == -1} == {"inputs"}
    assert set(layers) == {"inputs"} | {
        layer.name for layer in tiny[0].layers if layer.name != "jets"
    }


def test_every_layer_of_the_tiny_model_is_its_matrix(tiny):
    model, traces, _ = tiny
    proven = {proof.layer: proof for proof in linear.prove(model, traces)}
    assert set(proven) == {layer.name for layer in model.layers if layer.name != "jets"}
    for proof in proven.values():
        assert (proof.wrong, proof.reason) == (0, None)
    assert proven["logits"].coefficients == 8 * 5 + 5
    assert proven["residual"].coefficients == 24 * 12 + 12


@pytest.mark.parametrize("change", ["shift", "sign", "constant"])
def test_wrong_adder_graph_is_found(tiny, monkeypatch, change):
    model, traces, _ = tiny
    graph, places = da_graph.layered(traces)
    last = graph.out_idxs[places["/logits/post_call"][0]]
    while change != "constant" and graph.ops[last].opcode not in (0, 1):
        last = graph.ops[last].id0
    op = graph.ops[last]
    if change == "constant":
        assert op.opcode == 4
    wrong = {
        "shift": op._replace(data=op.data - 1),
        "sign": op._replace(opcode=1 - op.opcode),
        "constant": op._replace(data=op.data + 1),
    }[change]
    ops = list(graph.ops)
    ops[last] = wrong
    monkeypatch.setattr(da_graph, "layered", lambda _: (graph._replace(ops=ops), places))
    monkeypatch.setattr(ranges, "prove", lambda _: replace(EMPTY, overflows=[]))
    proven = linear.prove(model, traces)
    assert [proof.layer for proof in proven if proof.wrong] == ["logits"]
    with pytest.raises(BitsDifferError, match="the adder graph of layer logits differs from its"):
        linear.require_proofs(proven, "here")


EMPTY = ranges.RangeProof(
    operations=7, overflows=(), unproven=(), quantisers=3, can_wrap=0, can_wrap_by_layer={},
    wraps=(),
)  # fmt: skip


def test_nothing_is_proven_where_a_sum_can_overflow(tiny, monkeypatch):
    monkeypatch.setattr(ranges, "prove", lambda _: replace(EMPTY, overflows=[3]))
    proven = linear.prove(tiny[0], tiny[1])
    assert {proof.reason for proof in proven} == {"a sum can overflow"}


def test_layer_without_a_matrix_is_not_called_proven(tiny, monkeypatch):
    monkeypatch.delitem(linear.MATRICES, "QAdd")
    (proof,) = [p for p in linear.prove(tiny[0], tiny[1]) if p.layer == "residual"]
    assert (proof.coefficients, proof.reason) == (0, "no matrix is known of a QAdd")


PORTS = InputRange(
    low=np.float32([-4, 0, 0, -1]),
    high=np.float32([3.5, 7, 0, 0.75]),
    step=np.float32([0.5, 1, 1, 0.25]),
)


def test_jets_that_wrap_are_counted_and_named():
    jets = np.zeros((5, 2, 2), dtype=np.float32)
    jets[1, 0] = 3.99, 7.99  # cut down to 3.5 and 7: inside
    jets[2, 0, 0] = 4.0
    jets[3] = [[-4.01, 8.0], [99.0, 0.9]]  # the third input is dead
    found = inputs.input_overruns(jets, PORTS, path="jets.h5", names=("pt", "etarel"))
    assert (found.n_jets, found.n_jets_that_wrap, found.n_values_that_wrap) == (5, 2, 3)
    assert found.first_jets == (2, 3)
    assert [(i.particle, i.feature, i.jets) for i in found.inputs] == [
        (0, "pt", 2),
        (0, "etarel", 1),
    ]
    worst = found.inputs[0]
    assert (worst.port, worst.step) == ((-4.0, 3.5), 0.5)
    assert worst.data == (pytest.approx(-4.01), 4.0)
    content = proofs.Proofs(proof=EMPTY, linear=(), data=found)
    line = words.proof_lines(content)[-1]
    assert "2 of 5 jets" in line
    assert "pt of particle 0, 2 jets outside [-4, 4); first: jet 2" in line


def test_proofs_read_back_equal_and_edited_ones_are_refused(tiny, tmp_path):
    model, traces, graph = tiny
    owners = da_graph.layer_of_operations(traces, graph)
    content = proofs.prove(Prepared(model=model), traces, graph, owners, "here")
    jets = np.random.default_rng(1).normal(0, 9, (50, 4, 3)).astype(np.float32)
    wrapped = proofs.judge_data(graph, jets, ("pt", "etarel", "phirel"), tmp_path / "jets.h5")
    assert wrapped.inputs
    for known in (content, replace(content, data=wrapped)):
        proofs.write(tmp_path, known)
        assert proofs.read(tmp_path) == known
    assert words.proof_lines(content)[1].startswith("Weights: in ")
    for part, key, value in (
        ("proof", "can_wrap", 0), ("proof", "quantisers", 1), ("data", "n_jets", 1),
        ("data", "path", ""), ("data", "inputs", [{}]),
    ):  # fmt: skip
        edited = read_json(tmp_path / proofs.RANGES_FILE)
        edited[part][key] = value
        (tmp_path / "edited").mkdir(exist_ok=True)
        write_json(tmp_path / "edited" / proofs.RANGES_FILE, edited)
        with pytest.raises(ReportReadError):
            proofs.read(tmp_path / "edited")


def test_a_rounding_quantiser_wraps_half_a_step_earlier():
    from da4ml.trace import FixedVariableArrayInput, HWConfig

    x = FixedVariableArrayInput((3,), HWConfig(1, -1, -1))
    cuts = [(0, 2, -1, "RND"), (1, 1, 2, "RND"), (1, 1, 2, "TRN")]
    one = [x[n].quantize(k, i, f, "WRAP", mode) for n, (k, i, f, mode) in enumerate(cuts)]
    graph = graph_of(x, one[0] * 3.0, one[1] + one[2], one[1] - one[2])
    found = inputs.unwrapped(graph)
    assert found.low.tolist() == [-1.0, -2.125, -2.0]
    assert (found.high + found.step).tolist() == [3.0, 1.875, 2.0]
    jets = np.linspace(-4, 4, 161, dtype=np.float32)[:, None].repeat(3, axis=1)
    wrapped = inputs.input_overruns(jets, found, path="jets.h5")
    assert wrapped.inputs
    for port in wrapped.inputs:
        k, i, f, mode = cuts[port.input]
        step, low = 2.0**-f, -k * 2.0**i
        rounded = np.floor(jets[:, 0] / step + 0.5 * (mode == "RND")) * step
        assert port.jets == ((rounded < low) | (rounded > 2.0**i - step)).sum()


def test_no_jet_wraps_and_old_folders_have_no_proofs(tmp_path):
    found = inputs.input_overruns(np.zeros((5, 4), np.float32), PORTS, path="jets.h5")
    assert (found.n_jets_that_wrap, found.inputs, found.first_jets) == (0, (), ())
    assert proofs.read(tmp_path) is None
    assert words.proof_lines(None) == []


def test_rare_jets_come_nearest_to_where_a_sum_wraps():
    x = quantised_inputs(1, 3, 0)
    graph = graph_of(x, (x[0] + x[1]).quantize(1, 3, 0))  # wraps beyond -8 and 7
    jets = np.float32([[0, 0], [3, 3], [-5, -2], [-2, -1], [1, 5], [6, 6]])
    assert rare_jets(graph, jets, count=9).tolist() == [[-5, -2], [6, 6]]
    assert rare_jets(graph, jets, count=1).tolist() == [[6, 6]]
    assert rare_jets(graph, jets[:0], count=9).shape == (0, 2)


def test_graph_that_never_wraps_has_no_rare_jets():
    x = quantised_inputs(1, 3, 0)
    assert rare_jets(graph_of(x, x[0] + x[1]), np.ones((3, 2), np.float32), count=5).shape == (0, 2)


def test_extreme_vectors_reach_the_top_bit_that_random_ones_rarely_do():
    x = quantised_inputs(1, 5, 0, n=4)
    total = x[0] + x[1] + x[2] + x[3]  # beyond 64 for one input in 24
    graph = graph_of(x, total, (total + total.quantize(1, 7, 0)).quantize(1, 5, 0))
    found = extreme_vectors(graph, count=500, seed=1)
    assert 0 < len(found) <= 2 * len(graph.ops)
    assert np.floor(found).sum(axis=1).max() > 64
    assert np.array_equal(found, extreme_vectors(graph, count=500, seed=1))
    assert len(extreme_vectors(graph, count=1, seed=1)) == 1


def test_graph_without_operations_has_no_extreme_vectors():
    x = quantised_inputs(1, 3, 0)
    assert extreme_vectors(graph_of(x, x[0]), count=5, seed=1).shape == (0, 2)
