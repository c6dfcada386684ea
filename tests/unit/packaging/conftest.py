"""The tiny tagger, synthesised once for all tests of packages."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from jetmix.firmware import da_graph
from jetmix.firmware.dais import width_of
from jetmix.firmware.parts import find_part
from jetmix.firmware.verilog import write_rtl
from jetmix.support.records import dump
from jetmix.support.stages import STAGE_FILE
from jetmix.synthesis.flow import synthesise
from jetmix.synthesis.options import SynthOptions
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.training.run_dir import open_source
from jetmix.verification.emulator.emulator import GRAPH_FILE, Emulator
from jetmix.verification.options import VectorOptions
from jetmix.verification.vectors import InputRange, build_vectors

MODEL = Path(__file__).parents[2] / "golden" / "tiny_mixer.keras"


@pytest.fixture(scope="session")
def synth_dir(tmp_path_factory):
    """A verified synthesis; no test may change it."""
    out = tmp_path_factory.mktemp("synth") / "out"
    options = SynthOptions(
        part="xcvu13p",
        flow="rtl",
        vhdl=True,
        levels=("ir",),
        vectors=VectorOptions(n_random=20),
    )
    synthesise(open_source(MODEL), out, options)
    return out


def with_clock(synth_dir, out, *, clock_ns, adders, vhdl=True):
    """Copy a synthesis and write its network anew, for another clock and other stages."""
    shutil.copytree(synth_dir, out, ignore=shutil.ignore_patterns("rtl"))
    tagger = SynthDir(synth_dir).tagger
    project = write_rtl(
        da_graph.load(synth_dir / GRAPH_FILE), out / "rtl", part=find_part("xcvu13p"),
        clock_period_ns=clock_ns, adders_per_stage=adders, vhdl=vhdl, ports=tagger.ports,
    )  # fmt: skip
    stage = json.loads((out / STAGE_FILE).read_text())
    stage["details"]["projects"] = dump([project])
    (out / STAGE_FILE).write_text(json.dumps(stage))
    return out


@pytest.fixture(scope="session")
def lhc_dir(synth_dir, tmp_path_factory):
    """The same tagger for the clock of the LHC, in one stage."""
    out = tmp_path_factory.mktemp("lhc") / "out"
    return with_clock(synth_dir, out, clock_ns=25.0, adders=25)


@pytest.fixture(scope="session")
def emulator(synth_dir):
    return Emulator.load(synth_dir).flat


@pytest.fixture(scope="session")
def jets(emulator):
    """Some thousand vectors within the ranges of the inputs, at their ends and beyond them."""
    ranges = InputRange.of(emulator.graph)
    x = build_vectors(ranges, emulator.input_shape, jets=None, n_random=1500, seed=3).x
    assert len(x) > 3000
    return np.asarray(x, dtype=np.float64)


@pytest.fixture(scope="session")
def integers(emulator, jets):
    """Inputs and answers of the jets as the ports hold them."""

    def raw(values, grids):
        return np.floor(values * [2.0 ** width_of(grid).fraction for grid in grids]).astype("<i4")

    flat = jets.reshape(len(jets), -1)
    return raw(flat, emulator.graph.inp_qint), raw(emulator.run(jets), emulator.graph.out_qint)
