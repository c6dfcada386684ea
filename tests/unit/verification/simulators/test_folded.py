"""Folded Verilog in Verilator: back-to-back jets, gaps and resets."""

import re
import shutil

import numpy as np
import pytest

from jetmix.firmware.folding.lower import fold
from jetmix.firmware.folding.plan import plan
from jetmix.firmware.folding.verilog import write_folded
from jetmix.firmware.parts import find_part
from jetmix.firmware.project import seal
from jetmix.firmware.verilog import read_ports
from jetmix.models.prepare import prepare
from jetmix.verification.divergence import beats
from jetmix.verification.simulators import folded
from jetmix.verification.simulators.traffic import MOST_RESETS, ONE_RESET_IN, Traffic, traffic
from tests.unit.firmware.folding.taggers import jets, tagger

LATENCY, FOLD = 9, 4


@pytest.mark.parametrize("n_jets", [1, 60, 1000])
def test_traffic_answers_every_jet_once_and_in_order(n_jets):
    made = traffic(n_jets, fold=FOLD, latency=LATENCY)
    assert made.jets == list(range(n_jets))
    gaps = np.diff(made.starts)
    assert (gaps >= FOLD).all()
    assert max(made.starts) + LATENCY < made.n_clocks
    for reset in made.resets:
        assert not any(start <= reset <= start + LATENCY for start in made.starts)
    assert len(made.resets) == 1 + min(MOST_RESETS, n_jets // ONE_RESET_IN)


def test_traffic_holds_jets_on_end_gaps_and_dropped_jets():
    made = traffic(1000, fold=FOLD, latency=LATENCY)
    gaps = np.diff(made.starts)
    assert (gaps == FOLD).mean() > 0.5
    assert ((gaps > FOLD) & (gaps < 2 * FOLD)).any()
    assert len(made.aborted) >= MOST_RESETS / 2
    # some are dropped while they come in, some in the pipelines
    waits = [min(r - start for r in made.resets if r >= start) for start, _ in made.aborted]
    assert sum(wait < FOLD for wait in waits) >= MOST_RESETS / 4
    assert max(waits) > FOLD


def test_a_jet_may_start_after_each_one_and_after_a_reset():
    made = Traffic(starts=[1, 12], jets=[0, 1], aborted=[(6, 1)], resets=[0, 8], n_clocks=18)
    busy = [0, *(2, 3, 4), *(7, 8), *(13, 14, 15)]
    assert np.flatnonzero(~made.ready(FOLD)).tolist() == busy


def machine_of(architecture, factor):
    folded = fold(plan(prepare(tagger(architecture, factor)).model, factor), adders_per_stage=5)
    return folded.machine


def project_of(architecture, factor, folder, given="beats"):
    return write_folded(
        machine_of(architecture, factor), folder, part=find_part("xcvu13p"), clock_period_ns=5.0,
        adders_per_stage=5, given=given,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("architecture", "factor", "given"),
    [("mixer", 4, "beats"), ("gnn", 2, "parallel"), ("deepsets", 8, "beats")],
)
@pytest.mark.long
def test_the_verilog_answers_as_keras_does(architecture, factor, given, tmp_path):
    project = project_of(architecture, factor, tmp_path / "rtl", given)
    simulation = folded.build(project, tmp_path / "simulation")
    found, x = simulation.run(jets()), jets()
    assert (found.values == np.asarray(tagger(architecture, factor)(x))).all()
    assert found.latency_cycles == read_ports(project.path).latency_cycles
    assert found.ii_cycles == project.ii_cycles == factor


@pytest.mark.slow
def test_a_turn_that_is_a_clock_late_is_found_and_what_takes_it_is_named(tmp_path):
    project = project_of("mixer", 2, tmp_path / "rtl")
    top = project.path / "src" / "jetmix_tagger.sv"
    text = top.read_text()
    (first, *_) = re.findall(r"\.next_start\(at\[(\d+)\]\)", text)
    top.write_text(text.replace(f".next_start(at[{first}])", f".next_start(at[{int(first) + 1}])"))
    shutil.rmtree(tmp_path / "simulation", ignore_errors=True)
    broken = seal(
        project.path, part=project.part, clock_period_ns=5.0, flow="rtl", sections=project.sections
    )
    found = folded.build(broken, tmp_path / "simulation").run(jets())
    differs = (found.values != np.asarray(tagger("mixer", 2)(jets()))).any(axis=1)
    assert differs.mean() > 0.5
    named = beats.first_difference(machine_of("mixer", 2), broken, jets(1), tmp_path / "traced")
    assert re.match(
        r"input \d+ of pipeline token_mixing \(token_mixing\), bit \d, in beat \d of 2", named
    )


def test_ports_of_a_beat_and_of_a_whole_jet(tmp_path):
    beats = read_ports(project_of("mixer", 4, tmp_path / "beats").path)
    whole = read_ports(project_of("mixer", 4, tmp_path / "whole", "parallel").path)
    assert (beats.fold, beats.input) == (4, "beats")
    assert (whole.fold, whole.input) == (4, "parallel")
    assert len(beats.inputs) == 8
    assert whole.inputs == beats.inputs * 4
    assert whole.latency_cycles == beats.latency_cycles
