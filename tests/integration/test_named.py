"""A tagger with a name, registers for crossings and a placement, from synthesis to package."""

from pathlib import Path

import pytest

from jetmix.firmware.placement import PLACEMENT_FILE
from jetmix.firmware.project import TOP
from jetmix.firmware.verilog import read_ports
from jetmix.packaging.package import package
from jetmix.packaging.verify import verify_package
from jetmix.report.collect import collect
from jetmix.synthesis.flow import synthesise
from jetmix.synthesis.options import Placement, SynthOptions
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.synthesis.verify import verify_again
from jetmix.training.run_dir import open_source
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.options import VectorOptions
from jetmix.words import synthesis_lines

pytestmark = pytest.mark.long

MODEL = Path(__file__).parents[1] / "golden" / "tiny_mixer.keras"
FEW = VectorOptions(n_random=20)
REGISTERS = 2


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    options = SynthOptions(
        part="xcvu13p",
        flow="both",
        vhdl=True,
        top="jettag",
        version=3,
        levels=("ir", "csim", "rtl"),
        vectors=FEW,
        placement=Placement(slr=1, slr_registers=REGISTERS),
    )
    return synthesise(open_source(MODEL), tmp_path_factory.mktemp("named") / "out", options)


def test_all_levels_are_exact_and_the_latency_counts_the_crossings(made):
    outcomes = {result.candidate: result for result in made.verification}
    assert {name: result.status for name, result in outcomes.items()} == dict.fromkeys(
        ("ir", "csim", "rtl"), "passed"
    )
    rtl, hls = made.projects["rtl"], made.projects["hls4ml"]
    (estimate,) = made.resources
    cycles = read_ports(rtl.path).latency_cycles
    assert outcomes["rtl"].latency_cycles == estimate.latency_cycles == rtl.latency_cycles == cycles
    assert hls.latency_cycles == cycles - 2 * REGISTERS
    assert f"Placement: SLR 1 of xcvu13p [{PLACEMENT_FILE}]" in synthesis_lines(made)


def test_no_file_carries_the_usual_name(made):
    texts = [
        path
        for path in made.path.rglob("*")
        if path.is_file() and path.suffix in {".v", ".vhd", ".h", ".cpp", ".tcl", ".xdc", ".json"}
    ]
    assert len(texts) > 100
    assert [path for path in texts if TOP in path.read_text(encoding="utf-8")] == []
    assert {project.top for project in made.projects.values()} == {"jettag_v3"}


def test_it_is_verified_again_packaged_under_its_name_and_reported(made, tmp_path):
    verify_again(made.path, ("ir", "rtl"), FEW)
    assert Emulator.load(made.path).flat.graph.shape[1] == 5
    opened = SynthDir.open(made.path)
    assert (opened.top, opened.version) == ("jettag", 3)
    written = package(made.path, tmp_path / "wrapper", target="rtl-wrapper")
    assert written.label == "jettag_v3"
    (result,) = verify_package(tmp_path / "wrapper", FEW)
    cycles = read_ports(made.projects["rtl"].path).latency_cycles
    assert (result.status, result.latency_cycles) == ("passed", cycles)
    (tagger,) = collect([tmp_path / "wrapper"])
    network, wrapper = tagger.packages[0].resources
    assert (network.latency_cycles, wrapper.ff) == (cycles, cycles + 1)
