"""Which taggers go layer by layer through hls4ml, which as a whole, and that either is exact."""

import numpy as np
import pytest

from jetmix.firmware import da_graph, hls_ways
from jetmix.firmware.graph import DELAY_CONSTRAINT
from jetmix.firmware.hls_ways import not_for_hls4ml, write_hls
from jetmix.firmware.parts import find_part
from jetmix.models import keras_env
from jetmix.models.prepare import functional, prepare
from jetmix.models.signature import Signature, join, split
from jetmix.verification.simulators import csim
from jetmix.words import hls_way

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def dense(units, **options):
    from hgq.layers import QDense

    return QDense(units, **options)


def built(inputs, outputs, x):
    """Return a calibrated model, its ports, and the form that is lowered."""
    keras = keras_env.activate()
    from hgq.utils import trace_minmax

    model = keras.Model(inputs, outputs)
    trace_minmax(model, x)
    ports = Signature.of(functional(model))
    return prepare(model), ports


def vectors(n):
    return np.random.default_rng(3).normal(0, 2, (300, n)).astype(np.float32)


def plain():
    keras = keras_env.activate()
    x = keras.Input((6,), name="jets")
    return built(x, dense(3)(dense(4, activation="relu")(x)), vectors(6))


def two_heads():
    keras = keras_env.activate()
    x = keras.Input((6,), name="jets")
    hidden = dense(4, activation="relu")(x)
    heads = [dense(3, name="classes")(hidden), dense(1, name="mass")(hidden)]
    return built(x, heads, vectors(6))


def with_table():
    keras = keras_env.activate()
    from hgq.layers import QUnaryFunctionLUT

    x = keras.Input((6,), name="jets")
    table = QUnaryFunctionLUT("tanh", name="curve")
    return built(x, dense(3)(table(dense(4)(x))), vectors(6))


def shared():
    keras = keras_env.activate()
    from hgq.layers import QAdd

    x = keras.Input((4,), name="jets")
    twice = dense(4, name="twice", activation="relu")
    return built(x, QAdd()([twice(x), twice(twice(x))]), vectors(4))


def lowered(made, folder):
    prepared, ports = made
    x = vectors(ports.n_inputs)
    inputs = split(x, ports.inputs)
    outputs = prepared.model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    expected = join(outputs if isinstance(outputs, list) else [outputs])
    project = write_hls(
        prepared.model,
        da_graph.trace(prepared.model),
        ports,
        folder / "project",
        part=find_part("xcvu13p"),
        clock_period_ns=5.0,
        test_bench=(x, expected),
        delay_constraint=DELAY_CONSTRAINT,
        names=prepared.names,
    )
    return project, x, expected


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (plain, ""),
        (two_heads, "1 input and 2 outputs"),
        (with_table, "layer curve: QUnaryFunctionLUT"),
        (shared, "layer twice: it is used more than once"),
    ],
)
def test_the_reason_names_the_layer(make, why):
    prepared, ports = make()
    found = not_for_hls4ml(prepared.model, ports)
    assert found.startswith(why) if why else not found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "way"), [(plain, "hls4ml"), (two_heads, "graph"), (with_table, "graph")]
)
def test_either_way_is_exact(make, way, tmp_path):
    project, x, expected = lowered(make(), tmp_path)
    assert project.way == way
    assert bool(project.why) == (way == "graph")
    compiled = csim.build(project, tmp_path / "csim")
    assert np.array_equal(compiled.predict(x), expected)
    assert len(np.unique(expected)) > 20


def test_what_hls4ml_refuses_goes_as_a_whole_with_its_reason(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise hls_ways.LoweringError("hls4ml cannot lower the model (because)", mend="")

    monkeypatch.setattr(hls_ways, "write_project", refuse)
    project, _, _ = lowered(plain(), tmp_path)
    assert project.way == "graph"
    assert "because" in project.why
    assert "because" in hls_way(project)
