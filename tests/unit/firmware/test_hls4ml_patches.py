"""The sums of GNN and Deep Sets taggers through hls4ml, and each mend that this takes."""

from contextlib import ExitStack

import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.firmware import da_graph
from jetmix.firmware import hls4ml_patches as hls4ml_mends
from jetmix.firmware.hls import write_project
from jetmix.firmware.parts import find_part
from jetmix.models import keras_env
from jetmix.verification.bench import keras_logits
from jetmix.verification.simulators import csim
from jetmix.verification.vectors import InputRange, build_vectors

SHAPE = (4, 3)
# raised inside Keras on JAX
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def model():
    """A message passing layer as in the GNN: a sum that keeps its axis, added to all particles."""
    keras = keras_env.activate()
    from hgq.layers import QAdd, QEinsumDense, QSum
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(5)
    jets = keras.Input(SHAPE)
    x = QEinsumDense("bnc,cC->bnC", (4, 5), bias_axes="C", activation="relu")(jets)
    mean = QSum(axes=1, scale=0.25, keepdims=True)(x)
    x = QAdd()([x, QEinsumDense("bnc,cC->bnC", (1, 5), bias_axes="C")(mean)])
    x = QSum(axes=1, scale=0.5)(x)
    made = keras.Model(jets, QEinsumDense("bc,cC->bC", (5,), bias_axes="C")(x))
    trace_minmax(made, np.random.default_rng(2).normal(0, 2, (500, *SHAPE)).astype(np.float32))
    return made


def lower(model, folder):
    x = np.zeros((1, *SHAPE), dtype=np.float32)
    return write_project(
        model,
        folder / "project",
        part=find_part("xcvu13p"),
        clock_period_ns=5.0,
        inputs=x,
        outputs=keras_logits(model, x),
    )


@pytest.mark.slow
def test_sums_are_exact_in_the_compiled_project(model, tmp_path):
    ranges = InputRange.of(da_graph.trace(model))
    vectors = build_vectors(ranges, SHAPE, jets=None, n_random=2000, seed=3)
    compiled = csim.build(lower(model, tmp_path), tmp_path / "csim")
    expected = keras_logits(model, vectors.x)
    assert np.array_equal(compiled.run(vectors.x) * compiled.lsb, expected)
    assert len(np.unique(expected)) > 1000


@pytest.mark.parametrize(
    ("left_out", "cause"),
    [("_produce_kif", "could not be broadcast"), ("_request_kif", "'da_comb_trace'")],
)
def test_without_either_mend_the_model_is_not_lowered(
    model, tmp_path, monkeypatch, left_out, cause
):
    registered = hls4ml_mends._registered

    def all_but_one(question, kind, answer):
        wanted = question.__name__ != left_out
        return registered(question, kind, answer) if wanted else ExitStack()

    monkeypatch.setattr(hls4ml_mends, "_registered", all_but_one)
    with pytest.raises(LoweringError, match="hls4ml cannot lower the model") as caught:
        lower(model, tmp_path)
    assert cause in str(caught.value.__cause__)
    assert cause not in str(caught.value)


def test_hls4ml_is_left_as_it_was():
    from hls4ml.model.layers import DACombinational
    from hls4ml.model.optimizer.passes import bit_exact

    def answers():
        questions = (bit_exact._produce_kif, bit_exact._request_kif)
        return [question.dispatch(DACombinational) for question in questions]

    before = answers()
    with hls4ml_mends.mended():
        assert answers() == [hls4ml_mends.produced_bits, hls4ml_mends.requested_bits]
    assert answers() == before
    assert before[0].__module__ == "hls4ml.model.optimizer.passes.bit_exact"


def test_node_of_several_inputs_is_refused_by_name():
    class Node:
        def __init__(self, name, inputs):
            self.name, self.inputs, self.attributes = name, inputs, {"original_type": "QMatmul"}
            self.model = type("Model", (), {"graph": {"a": self, "b": self}})

        def get_output_variable(self):
            return type("Variable", (), {"shape": (2, 2)})

    with pytest.raises(
        LoweringError, match=r"layer product: a QMatmul of 2 inputs has no form in C\+\+"
    ):
        hls4ml_mends.requested_bits(Node("product", ["a", "b"]))
