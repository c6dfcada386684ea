import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from jetmix.firmware import da_graph
from jetmix.models import keras_env
from jetmix.models.keras_env import load_tagger
from jetmix.verification.divergence import layers
from jetmix.verification.junit import write_junit
from jetmix.verification.result import Mismatch, VerificationResult, not_run
from jetmix.verification.vectors import VectorSet

GOLDEN = Path(__file__).parents[3] / "golden"


@pytest.fixture(scope="module")
def tiny():
    return load_tagger(GOLDEN / "tiny_mixer.keras")


@pytest.fixture(scope="module")
def jet():
    return np.random.default_rng(8).normal(0, 2, (1, 4, 3)).astype(np.float32)


def test_keras_and_graph_agree_at_every_layer(tiny, jet):
    keras, graph = layers.keras_inputs(tiny, jet), layers.graph_inputs(tiny, jet)
    assert (
        list(keras) == list(graph) == [layer.name for layer in tiny.layers if layer.name != "jets"]
    )
    assert [len(values) for values in keras.values()] == [1, 1, 1, 2, 1, 1, 1, 1, 1]
    for name, values in keras.items():
        for right, got in zip(values, graph[name], strict=True):
            assert np.array_equal(right, got), name
    assert layers.first_difference(tiny, keras, graph) == "logits -> output"


def test_wrong_operation_is_found_between_its_layers(tiny, jet, monkeypatch):
    traces = da_graph.trace_layers(tiny)
    graph, places = da_graph.layered(traces)
    ops = list(graph.ops)
    wrong = {graph.out_idxs[place] for place in places["/channel_mixing_3/post_call"]}
    for index in [index for index in wrong if ops[index].opcode == 4]:
        ops[index] = ops[index]._replace(data=ops[index].data + 37)
    broken = graph._replace(ops=ops)
    monkeypatch.setattr(da_graph, "trace_layers", lambda _, **__: traces)
    monkeypatch.setattr(da_graph, "layered", lambda _: (broken, places))
    parted = layers.first_difference(
        tiny, layers.keras_inputs(tiny, jet), layers.graph_inputs(tiny, jet)
    )
    assert parted == "channel_mixing_3 -> channel_mixing_4"


def test_second_input_of_a_layer_is_named_and_unknown_places_are_passed_over(tiny):
    right = {"residual": [np.zeros(2), np.zeros(2)], "head_1": [np.zeros(1)]}
    got = {"residual": [np.zeros(2), np.ones(2)], "head_1": [np.ones(1)]}
    inputs = [tensor._keras_history.operation.name for tensor in tiny.get_layer("residual").input]
    assert layers.first_difference(tiny, right, got) == f"{inputs[1]} -> residual"
    assert layers.first_difference(tiny, right, {"residual": [None, None], "head_1": [None]}) == (
        "logits -> output"
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_layers_used_again_of_two_inputs_and_of_tables():
    """Each use has its name, ports are inputs, and a layer of tables is seen by what it gives."""
    keras = keras_env.activate()
    from hgq.config import QuantizerConfigScope
    from hgq.layers import QAdd, QDense, QDenseT
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(3)
    with QuantizerConfigScope(place="all", default_q_type="kbi", overflow_mode="WRAP", b0=4, i0=2):
        one, two = keras.Input((3,), name="one"), keras.Input((3,), name="two")
        shared = QDense(3, name="shared")
        both = QAdd(name="both")([shared(one), shared(two)])
        model = keras.Model([one, two], QDense(2, name="last")(QDenseT(3, name="lut")(both)))
    rng = np.random.default_rng(2)
    trace_minmax(model, [rng.normal(0, 2, (300, 3)).astype(np.float32) for _ in range(2)])
    x = rng.normal(0, 2, (2, 6)).astype(np.float32)
    right, got = layers.keras_inputs(model, x[:1]), layers.graph_inputs(model, x[:1])
    assert set(right) == set(got) == {"shared", "shared#1", "both", "lut/final", "last"}
    assert layers.first_difference(model, right, got) == "last -> output"
    assert layers.first_difference(model, right, layers.graph_inputs(model, x[1:])) in (
        "inputs -> shared", "inputs -> shared#1",
    )  # fmt: skip
    for place, parted in (("shared#1", "inputs -> shared#1"), ("lut/final", "lut -> last")):
        wrong = {**got, place: [value + 1 for value in got[place]]}
        assert layers.first_difference(model, right, wrong) == parted
    wrong = {**got, "both": [got["both"][0], got["both"][1] + 1]}
    assert layers.first_difference(model, right, wrong) == "shared#1 -> both"


TOP_FUNCTION = """\
#include "parameters.h"
void jetmix_tagger(
    input_t x[4]
) {
    a_t layer2_out[2*2];
    nnet::a_iq<input_t, a_t>(x, layer2_out); // a_iq
    nnet::b<a_t, result_t>(layer2_out, layer3_out); // b
}
"""


def test_traces_are_put_after_each_layer():
    text = layers.with_traces(TOP_FUNCTION)
    assert '// a_iq\n    jetmix_trace("a_iq", layer2_out, 2*2);\n' in text
    assert "layer3_out, " not in text.split("// b")[1]
    assert text.index("jetmix_trace_to") < text.index("void jetmix_tagger(")
    named = TOP_FUNCTION.replace("jetmix_tagger", "mu").replace("nnet::", "mu_nnet::")
    traced = text.replace("jetmix_tagger", "mu").replace("nnet::", "mu_nnet::")
    assert layers.with_traces(named, top="mu") == traced


def result(**change):
    return VerificationResult(
        **{
            "reference": "keras", "candidate": "ir", "status": "passed", "n_vectors": 9,
            "n_mismatch": 0, "max_diff_lsb": 0.0, "lsb": 0.5, "first_mismatch": None,
            "vectors": {"jet": 4, "random": 5}, "seconds": 1.5, **change,
        }
    )  # fmt: skip


def test_junit_tells_each_level(tmp_path):
    first = Mismatch(
        vector=3, origin="jet", output=2, reference=8.0, candidate=7, layer="sum -> head_1"
    )
    failed = result(candidate="csim", status="failed", n_mismatch=2, first_mismatch=first)
    missing = not_run("rtl", "Verilator is not installed <here>")
    write_junit(tmp_path / "j.xml", [result(), failed, missing], suite="a & b")
    (suite,) = ET.parse(tmp_path / "j.xml").getroot()  # noqa: S314
    assert suite.attrib == {
        "name": "a & b", "time": "3.000", "tests": "3", "failures": "1", "skipped": "1",
        "errors": "0",
    }  # fmt: skip
    cases = {case.get("name"): case for case in suite}
    assert list(cases) == ["ir against keras", "csim against keras", "rtl against keras"]
    assert cases["ir against keras"].find("system-out").text == "vectors: 4 jet, 5 random"
    assert cases["csim against keras"].find("failure").get("message") == (
        "csim differs from keras on 2 of 9 vectors; first: jet 3, output 2: 7 instead of 8 LSB, "
        "first at sum -> head_1"
    )
    assert cases["rtl against keras"].find("skipped").get("message") == missing.reason


def test_one_vector_of_an_origin():
    vectors = VectorSet(x=np.arange(10.0).reshape(5, 2), origins=[("jet", 2), ("random", 3)])
    assert vectors.one("random", 1).tolist() == [[6.0, 7.0]]


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_wide_sums_are_traced_in_the_precision_of_the_reference():
    keras = keras_env.activate()
    from hgq.config import QuantizerConfigScope
    from hgq.layers import QDense
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(5)
    with (
        QuantizerConfigScope(place="datalane", f0=14, i0=6, overflow_mode="WRAP", round_mode="RND"),
        QuantizerConfigScope(place="weight", b0=12, i0=2),
    ):
        inputs = keras.Input((6,), name="jets")
        hidden = QDense(5, activation="relu", name="hidden")(inputs)
        model = keras.Model(inputs, QDense(2, enable_iq=False, name="last")(hidden))
    x = np.random.default_rng(2).normal(0, 3, (400, 6)).astype(np.float32)
    trace_minmax(model, x, batch_size=400, verbose=False)
    differ = {"float32": 0, "float64": 0}
    for jet in np.split(x[:5], 5):
        found = layers.graph_inputs(model, jet)
        for precision in differ:
            right = layers.keras_inputs(model, jet, precision)
            assert set(right) == set(found) == {"hidden", "last/final"}
            differ[precision] += not np.array_equal(right["last/final"], found["last/final"])
    assert differ["float32"] > differ["float64"] == 0
