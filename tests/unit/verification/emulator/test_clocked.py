"""The emulator of a folded tagger, clock by clock against Keras and against Verilator."""

import csv

import numpy as np
import pytest

from jetmix.errors import DataError
from jetmix.firmware.verilog import Ports
from jetmix.verification.emulator.clocked import ClockedEmulator
from jetmix.verification.simulators import folded
from jetmix.verification.simulators.rtl import pack, unpack
from jetmix.verification.simulators.traffic import RESET, START, signals, traffic
from jetmix.verification.simulators.waveform import COLUMNS, answers, write_csv
from tests.unit.firmware.folding.taggers import jets, tagger
from tests.unit.verification.simulators.test_folded import machine_of, project_of

FOLD = 4


def ports_of(machine, given="beats"):
    beat = np.asarray(machine.graphs[0].inp_kifs).T.tolist()
    return Ports(
        inputs=tuple(map(tuple, beat * (FOLD if given == "parallel" else 1))),
        outputs=tuple(map(tuple, np.asarray(machine.graphs[-1].out_kifs).T.tolist())),
        adders_per_stage=5,
        latency_cycles=machine.folding.latency_cycles,
        fold=FOLD,
        input=given,
    )


def sent(machine, ports, x):
    """The traffic of some jets, its signals, and what the emulator makes of them."""
    made = traffic(len(x), fold=ports.fold, latency=ports.latency_cycles)
    control, inputs = signals(x, made, ports)
    values = unpack(inputs, np.array(ports.inputs))
    emulator = ClockedEmulator(machine, ports.input)
    return made, control, inputs, emulator.run(values, control & START > 0, control & RESET > 0)


@pytest.fixture(scope="module")
def gnn():
    return machine_of("gnn", FOLD)


@pytest.mark.parametrize("given", ["beats", "parallel"])
def test_jets_on_end_with_gaps_and_resets_are_answered_as_keras_does(gnn, given):
    ports = ports_of(gnn, given)
    made, _, _, seen = sent(gnn, ports, jets())
    found = answers(made, seen, ports)
    assert np.array_equal(found.values, np.asarray(tagger("gnn", FOLD)(jets())))
    assert (found.latency_cycles, found.ii_cycles) == (ports.latency_cycles, FOLD)


def test_nothing_is_known_before_the_first_jet_and_nothing_starts_before_a_reset(gnn):
    n = 3 * gnn.folding.latency_cycles
    inputs = np.zeros((n, 8))
    start, never = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
    asleep = ClockedEmulator(gnn).run(inputs, start, never)
    assert not asleep.ready.any()
    assert not asleep.valid.any()
    once = never.copy()
    once[3] = True
    seen = ClockedEmulator(gnn).run(inputs, start, once)
    assert np.flatnonzero(seen.ready)[:2].tolist() == [4, 4 + FOLD]
    first = int(np.flatnonzero(seen.valid)[0])
    assert first == 4 + gnn.folding.latency_cycles + 1
    assert np.isnan(seen.outputs[:4]).all()
    assert not np.isnan(seen.outputs[first:]).any()


def test_signals_of_other_sizes_are_refused(gnn):
    with pytest.raises(DataError, match="the ports take"):
        ClockedEmulator(gnn).run(np.zeros((5, 7)), np.zeros(5, bool), np.zeros(5, bool))


def test_a_waveform_is_written_in_the_bits_of_the_ports(gnn, tmp_path):
    ports, x = ports_of(gnn), jets(30)
    made, control, inputs, seen = sent(gnn, ports, x)
    write_csv(tmp_path / "clocks.csv", control, inputs, seen, ports)
    with (tmp_path / "clocks.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == made.n_clocks
    assert (rows[0]["rst"], rows[0]["model_ready"], rows[0]["model_out"]) == ("1", "0", "")
    taken = rows[made.starts[0]]
    assert taken["model_start"] == taken["model_ready"] == "1"
    beat = pack(x[0].reshape(FOLD, -1)[:1], np.array(ports.inputs))
    assert int(taken["model_inp"], 16) == int.from_bytes(beat.tobytes(), "little")
    answer = next(row for row in rows[1:] if row["model_valid"] == "1")
    right = pack(np.asarray(tagger("gnn", FOLD)(x[:1])), np.array(ports.outputs))
    assert int(answer["model_out"], 16) == int.from_bytes(right.tobytes(), "little")


@pytest.mark.parametrize(
    ("architecture", "given"),
    [
        pytest.param("gnn", "parallel", marks=pytest.mark.slow),
        pytest.param("mixer", "beats", marks=pytest.mark.long),
        pytest.param("deepsets", "parallel", marks=pytest.mark.long),
    ],
)
def test_every_clock_is_that_of_the_verilog(architecture, given, tmp_path):
    project = project_of(architecture, FOLD, tmp_path / "rtl", given)
    simulation = folded.build(project, tmp_path / "simulation")
    machine = machine_of(architecture, FOLD)
    _, control, inputs, found = sent(machine, simulation.ports, jets())
    seen = simulation.clocks(control, inputs)
    assert np.array_equal(found.ready, seen.ready)
    # the Verilog's registers hold anything until the reset in clock 0
    assert np.array_equal(found.valid[1:], seen.valid[1:])
    known = ~np.isnan(found.outputs).any(axis=1)
    assert known.mean() > 0.9
    assert np.array_equal(found.outputs[known], seen.outputs[known])
