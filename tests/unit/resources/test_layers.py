import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.errors import ReportReadError
from jetmix.firmware import da_graph
from jetmix.models import keras_env
from jetmix.resources.layers import LayerCost, largest, layer_costs, read_layers, write_layers
from jetmix.resources.lut import lut_from_cost
from jetmix.support.records import dump, load


@pytest.fixture(scope="module")
def traces():
    """Two layers of random integer weights; the second does not use all of the first."""
    from da4ml.trace import FixedVariableArrayInput, HWConfig

    draw = np.random.default_rng(1)
    free = FixedVariableArrayInput((4,), HWConfig(1, -1, -1), {"hard_dc": 2})
    x = free.quantize(np.ones(4, dtype=np.int64), np.full(4, 3), np.full(4, 2))
    hidden = x @ draw.integers(-7, 8, (4, 6)).astype(np.float64)
    last = hidden[:5] @ draw.integers(-7, 8, (5, 3)).astype(np.float64)
    return {
        "inputs": (free,),
        "/wide/post_iq": (x,),
        "/wide/final": (hidden,),
        "/sub/narrow/final": (last,),
        "final": (last,),
    }


def costs_of(traces):
    graph = da_graph.graph_of(traces)
    return layer_costs(traces, graph, da_graph.layer_of_operations(traces, graph))


def test_layers_sum_to_the_cost_of_the_graph(traces):
    graph = da_graph.graph_of(traces)
    costs = costs_of(traces)
    assert [cost.layer for cost in costs] == ["wide", "sub/narrow"]
    assert all(cost.da4ml_cost > 0 for cost in costs)
    assert sum(cost.da4ml_cost for cost in costs) == graph.cost
    assert sum(cost.share for cost in costs) == pytest.approx(1, abs=1e-5)
    assert sum(cost.lut for cost in costs) == pytest.approx(
        lut_from_cost(graph.cost).value, abs=0.5
    )
    assert 0 < costs[0].depth_adders < costs[1].depth_adders


def test_what_no_output_needs_costs_nothing(traces):
    without_last = {**traces, "final": traces["/wide/final"]}
    costs = costs_of(without_last)
    assert costs[1].da4ml_cost == 0.0
    assert costs[0].share == 1.0


def test_cost_that_no_layer_explains_is_shown(traces):
    gap = {place: trace for place, trace in traces.items() if place != "/sub/narrow/final"}
    costs = costs_of(gap)
    assert [cost.layer for cost in costs] == ["wide", "(between layers)"]
    assert sum(cost.da4ml_cost for cost in costs) == da_graph.graph_of(gap).cost


def test_file_and_the_line_for_people(tmp_path):
    costs = [
        LayerCost(layer=name, da4ml_cost=share, lut=share, share=share, depth_adders=1.0)
        for name, share in (("a", 0.1), ("b", 0.6), ("c", 0.25), ("d", 0.05))
    ]
    write_layers(tmp_path, costs)
    written = json.loads((tmp_path / "layers.json").read_text())
    assert written[1] == {
        "layer": "b", "da4ml_cost": 0.6, "lut": 0.6, "share": 0.6, "depth_adders": 1.0,
        "folds_over": None, "folded_lut": None,
    }  # fmt: skip
    assert read_layers(tmp_path) == tuple(costs)
    assert largest(costs) == "b 60%, c 25%, a 10%"


@given(
    st.builds(
        LayerCost,
        layer=st.text(),
        da4ml_cost=st.floats(0, 1e9),
        lut=st.floats(0, 1e9),
        share=st.floats(0, 1),
        depth_adders=st.floats(0, 1e4),
    )
)
def test_a_cost_reads_back_equal(cost):
    assert load(LayerCost, json.loads(json.dumps(dump(cost))), where="layers.json") == cost


def test_absent_and_edited_files(tmp_path):
    assert read_layers(tmp_path) is None
    cost = LayerCost(layer="a", da4ml_cost=1.0, lut=1.0, share=0.6, depth_adders=1.0)
    write_layers(tmp_path, [cost])
    with pytest.raises(ReportReadError, match=r"add up to 1 \(they add up to 0\.6000\)"):
        read_layers(tmp_path)
    write_layers(tmp_path, [replace(cost, share=1.5)])
    with pytest.raises(ReportReadError, match=r"share = 1\.5 must lie between 0 and 1"):
        read_layers(tmp_path)


@pytest.mark.slow
def test_layers_of_a_published_tagger(reference):
    model = keras_env.load_tagger(reference / "models" / "openml" / "mlp_openml_acc75.86.h5")
    traces = da_graph.trace_layers(model)
    graph = da_graph.graph_of(traces)
    assert graph.cost == 3018
    assert {cost.layer: cost.da4ml_cost for cost in costs_of(traces)} == {
        "dense_1": 902.5, "dense_2": 950.5, "dense_3": 766.0, "dense_4": 399.0
    }  # fmt: skip
