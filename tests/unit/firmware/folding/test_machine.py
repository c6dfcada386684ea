import dataclasses

import numpy as np
import pytest

from jetmix.errors import ReportReadError
from jetmix.firmware import da_graph
from jetmix.firmware.folding.lower import fold
from jetmix.firmware.folding.machine import FOLDING_FILE, Machine, folded_files
from jetmix.firmware.folding.plan import plan
from jetmix.models.prepare import prepare
from jetmix.verification.divergence.folded import machine_inputs
from jetmix.verification.divergence.layers import first_difference, keras_inputs
from tests.unit.firmware.folding.taggers import jets, tagger


def machine_of(architecture, factor, by="da4ml", *, fold_sum=False):
    model = prepare(tagger(architecture, factor)).model
    return fold(plan(model, factor, fold_sum=fold_sum), adders_per_stage=5, by=by).machine


@pytest.mark.parametrize(
    ("architecture", "factor", "by"),
    [
        ("mixer", 2, "da4ml"),
        ("mixer", 4, "da4ml"),
        ("mixer", 4, "alkaid"),
        ("gnn", 2, "alkaid"),
        ("gnn", 8, "da4ml"),
        ("deepsets", 4, "da4ml"),
    ],
)
def test_the_machine_answers_as_keras_does(architecture, factor, by):
    machine, x = machine_of(architecture, factor, by, fold_sum=factor == 2), jets()
    assert (machine.predict(x) == np.asarray(tagger(architecture, factor)(x))).all()


@pytest.mark.parametrize("architecture", ["mixer", "gnn"])
def test_one_copy_costs_a_share_and_the_head_all(architecture):
    machine = machine_of(architecture, 4)
    whole = da_graph.trace(prepare(tagger(architecture, 4)).model)
    heads = [g.cost for s, g in zip(machine.folding.sections, machine.graphs, strict=True)
             if s.domain == "jet"]  # fmt: skip
    folded = sum(graph.cost for graph in machine.graphs) - sum(heads)
    # above a quarter: turned values all have the widest one's bits
    assert folded <= 0.3 * (whole.cost - sum(heads))


@pytest.mark.parametrize("fold_sum", [False, True])
def test_waits_are_those_of_the_schedule(fold_sum):
    folding = machine_of("mixer", 4, fold_sum=fold_sum).folding
    first, token, second, *rest = folding.sections
    assert first.begins == 0
    assert token.begins == first.ends + 3
    assert second.begins == token.ends + 3
    before = second
    for section in rest:
        assert section.begins == before.ends + 3
        before = section
    assert len(rest) == 1 + fold_sum
    waiting = {link.name: link.waits for link in folding.links if link.waits}
    assert waiting == {"jets_to_residual_0": second.begins - first.ends}
    assert folding.latency_cycles == before.begins + before.stages


def test_what_is_held_and_added_up_is_there_in_time():
    folding = machine_of("gnn", 4).folding
    links = {link.name: link for link in folding.links}
    first, others, second, _ = folding.sections
    assert links["mean_to_l_others_0"].kind == "sum"
    assert others.begins == first.ends + 3
    assert links["l_others_to_message_1"].kind == "hold"
    assert second.begins == others.ends + 1
    assert links["own_to_message_0"].waits == second.begins - first.ends


def test_it_is_read_as_it_was_written(tmp_path):
    machine = machine_of("mixer", 2)
    assert Machine.read(tmp_path) is None
    assert folded_files(tmp_path) == []
    machine.write(tmp_path)
    read = Machine.read(tmp_path)
    assert read.folding == machine.folding
    assert (read.predict(jets()) == machine.predict(jets())).all()
    (tmp_path / folded_files(tmp_path)[1]).write_text("[]")
    with pytest.raises(ReportReadError):
        Machine.read(tmp_path)
    assert folded_files(tmp_path)[0] == FOLDING_FILE


def test_a_difference_is_traced_to_the_value_between_two_sections():
    model, machine, x = prepare(tagger("mixer", 2)).model, machine_of("mixer", 2), jets(1)
    right = keras_inputs(model, x)
    assert first_difference(model, right, machine_inputs(machine, model, x)) == "logits -> output"
    (wrong,) = [i for i, s in enumerate(machine.folding.sections) if s.name == "token_mixing"]
    graphs = list(machine.graphs)
    graphs[wrong] = graphs[wrong]._replace(
        out_negs=[not negative for negative in graphs[wrong].out_negs]
    )
    broken = dataclasses.replace(machine, graphs=tuple(graphs))
    found = first_difference(model, right, machine_inputs(broken, model, x))
    assert found == "token_mixing -> residual"
