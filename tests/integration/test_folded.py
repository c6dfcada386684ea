"""A folded Mixer and a folded GNN from model file to Verilog, at ir and rtl."""

import re
import shutil
from dataclasses import replace

import pytest

from jetmix.errors import BitsDifferError, LimitMissedError, LoweringError, UsageError
from jetmix.packaging.package import open_package, package
from jetmix.packaging.registry import TARGETS
from jetmix.resources.folded import between_sections
from jetmix.synthesis import folds
from jetmix.synthesis.flow import synthesise
from jetmix.synthesis.options import Budget, SynthOptions
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.synthesis.verify import verify_again
from jetmix.training.finish import save_model
from jetmix.training.run_dir import open_source
from jetmix.verification.faults.score import read_faults
from jetmix.verification.options import FaultOptions, VectorOptions
from jetmix.words.synthesis import synthesis_lines
from tests.unit.firmware.folding.taggers import tagger

VECTORS = VectorOptions(n_random=100)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*copy keyword.*:DeprecationWarning"),
]


def source_of(folder, architecture, fold, **options):
    path = folder / f"{architecture}.keras"
    save_model(tagger(architecture, fold, **options), path, calibrated=True)
    return open_source(path)


@pytest.fixture(scope="module")
def mixer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folded")
    options = SynthOptions(part="xcvu13p", flow="rtl", ii=4, vectors=VECTORS, top="tiny")
    return synthesise(source_of(folder, "mixer", 4), folder / "out", options)


def test_a_folded_mixer_is_exact_at_ir_and_rtl(mixer):
    assert [(r.candidate, r.status, r.n_mismatch) for r in mixer.verification] == [
        ("ir", "passed", 0),
        ("rtl", "passed", 0),
    ]
    clocked = mixer.verification[1]
    assert clocked.ii_cycles == 4
    assert clocked.latency_cycles == mixer.machine.folding.latency_cycles


def test_a_folded_gnn_is_exact_with_all_particles_at_once(tmp_path):
    options = SynthOptions(
        part="xcvu13p", flow="rtl", ii=2, input="parallel", vectors=VECTORS, engine="alkaid"
    )
    done = synthesise(source_of(tmp_path, "gnn", 2), tmp_path / "out", options)
    assert [r.status for r in done.verification] == ["passed", "passed"]
    assert done.verification[1].ii_cycles == 2
    assert done.proofs.accumulators
    assert not any(one.overflows for one in done.proofs.accumulators)


def test_faults_in_pipelines_control_and_buffers_are_caught(mixer, tmp_path):
    copy = shutil.copytree(mixer.path, tmp_path / "copy")
    verify_again(copy, ("rtl",), VECTORS, faults=FaultOptions(count=60))
    (score,) = read_faults(copy)
    assert (score.judged, score.missed) == (60, 0)
    kinds = score.by_kind
    assert set(kinds) >= {"register", "weight-bit", "control", "turn", "delay", "collect"}
    for kind in ("register", "control", "delay"):
        assert kinds[kind]["silent"] == 0, score.not_caught
    # the highest bit of what turns or is collected may be one that no input sets
    for kind in ("turn", "collect"):
        assert kinds[kind]["caught"] > 0, score.not_caught


@pytest.mark.long
def test_the_gates_of_a_folded_mixer_are_exact(mixer, yosys_program, tmp_path):
    assert yosys_program
    copy = shutil.copytree(mixer.path, tmp_path / "copy")
    (result,) = verify_again(copy, ("netlist",), VECTORS)
    assert (result.candidate, result.status, result.n_mismatch) == ("netlist", "passed", 0)
    assert result.ii_cycles == 4
    assert result.latency_cycles == mixer.machine.folding.latency_cycles


def test_its_resources_state_the_ii_and_the_sections(mixer):
    (report,) = mixer.resources
    assert (report.origin, report.ii_cycles) == ("estimate", 4)
    assert list(report.lut_by_section) == [s.name for s in mixer.machine.folding.sections]
    between = between_sections(mixer.machine)
    assert report.lut == pytest.approx(sum(report.lut_by_section.values()) + between.lut, abs=3)
    costs = {cost.layer: cost for cost in mixer.costs}
    assert costs["channel_mixing_1"].folds_over == "particles"
    assert costs["token_mixing"].folds_over == "channels"
    assert costs["sum"].folds_over is costs["logits"].folds_over is None
    first = costs["channel_mixing_1"]
    assert first.folded_lut == pytest.approx(first.lut / 4, rel=0.05)
    text = "\n".join(synthesis_lines(mixer))
    assert "Folded by 4 over particles: channel_mixing_1" in text
    assert "Once per jet: sum, head_1, logits" in text


@pytest.mark.parametrize(("limit", "ii"), [(10**6, 1), (None, 4)])
def test_auto_takes_the_smallest_ii_that_meets_the_budget(tmp_path, monkeypatch, limit, ii):
    known = {1: 9000, 2: 5000, 4: 3000}
    monkeypatch.setattr(folds, "estimate_folded", _of_known(folds.estimate_folded, known))
    monkeypatch.setattr(folds, "estimate", _of_known(folds.estimate, known))
    options = SynthOptions(
        part="xcvu13p", flow="rtl", ii="auto", input="parallel", vectors=VECTORS, levels=("ir",),
        budget=Budget(max_lut=limit or 4000),
    )  # fmt: skip
    done = synthesise(source_of(tmp_path, "mixer", 4), tmp_path / "out", options)
    assert done.resources[0].ii_cycles == ii
    tried = {str(n): float(lut) for n, lut in known.items() if n <= ii}
    assert done.judged.folds == tried
    assert done.judged.met
    assert (done.machine is None) == (ii == 1)
    text = "\n".join(synthesis_lines(done))
    assert ("II tried" in text) == (ii > 1)
    if ii > 1:
        assert "1 takes 9,000 LUT, 2 takes 5,000 LUT, 4 takes 3,000 LUT" in text


def _of_known(estimate, known):
    """Return an estimate that takes its LUT from a table by the II."""

    def found(*arguments, **options):
        report = estimate(*arguments, **options)
        return replace(report, lut=float(known[report.ii_cycles]), lut_low=None, lut_high=None)

    return found


def test_auto_says_what_each_ii_takes_where_none_meets_the_budget(tmp_path):
    options = SynthOptions(part="xcvu13p", flow="rtl", ii="auto", budget=Budget(max_lut=10))
    with pytest.raises(LimitMissedError, match=r"no II meets 10 LUT: 1 takes .*, 2 takes") as found:
        synthesise(source_of(tmp_path, "deepsets", 4), tmp_path / "out", options)
    assert found.value.exit_code == 11
    assert re.findall(r"(\d+) takes", str(found.value)) == ["1", "2", "4", "8"]
    assert not (tmp_path / "out").exists()


def test_it_is_verified_again_and_an_edit_is_found(mixer, tmp_path):
    results = verify_again(mixer.path, ("ir",), VECTORS)
    assert [r.status for r in results] == ["passed"]
    clocks = tmp_path / "clocks.csv"
    (result,) = verify_again(mixer.path, ("ir",), VECTORS, waveform=clocks)
    assert (result.status, result.ii_cycles) == ("passed", 4)
    assert result.latency_cycles == mixer.machine.folding.latency_cycles
    assert clocks.read_text().count("\n") > 4 * result.n_vectors
    with pytest.raises(UsageError, match="level ir makes the waveform"):
        verify_again(mixer.path, ("rtl",), VECTORS, waveform=clocks)
    graph = mixer.path / "sections" / "sum.json"
    before = graph.read_bytes()
    graph.write_bytes(before + b" ")
    try:
        with pytest.raises(BitsDifferError, match="is not the one that was lowered"):
            SynthDir.open(mixer.path)
    finally:
        graph.write_bytes(before)


@pytest.mark.parametrize("target", [name for name, one in TARGETS.items() if one.hardware])
def test_it_has_no_package_of_hardware(mixer, tmp_path, target):
    with pytest.raises(LoweringError, match="takes 4 clocks for it"):
        package(mixer.path, tmp_path / "package", target=target, name="tiny", version=1)
    assert not (tmp_path / "package").exists()


def test_its_function_is_packaged(mixer, tmp_path):
    for target in ("emulator", "c-api"):
        made = package(mixer.path, tmp_path / target, target=target, name="tiny", version=1)
        assert open_package(tmp_path / target) == made


def test_a_tagger_whose_particles_differ_is_refused_before_any_file(tmp_path):
    options = SynthOptions(part="xcvu13p", flow="rtl", ii=4, vectors=VECTORS)
    with pytest.raises(LoweringError, match="bits differ by up to") as found:
        synthesise(source_of(tmp_path, "mixer", 1), tmp_path / "out", options)
    assert found.value.exit_code == 5
    assert not (tmp_path / "out").exists()
