"""The tiny tagger, synthesised once for all tests of packages."""

from pathlib import Path

import numpy as np
import pytest

from jetmix.firmware.dais import width_of
from jetmix.synthesis.flow import synthesise
from jetmix.synthesis.options import SynthOptions
from jetmix.training.run_dir import open_source
from jetmix.verification.emulator.emulator import Emulator
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
