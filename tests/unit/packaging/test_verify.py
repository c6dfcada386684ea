import json
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

import jetmix as jm
from jetmix import words
from jetmix.cli.main import cli
from jetmix.errors import BitsDifferError, LoweringError, ToolMissingError, UsageError
from jetmix.packaging import cost, verify
from jetmix.packaging.order import Threshold
from jetmix.packaging.package import PACKAGE_FILE, open_package, package
from jetmix.packaging.registry import TARGETS
from jetmix.packaging.verify import verify_package
from jetmix.support import tools
from jetmix.support.files import file_digest
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.verification.options import VectorOptions
from jetmix.verification.result import read_results

FEW = VectorOptions(n_random=50)
LEAST = Threshold(score="logits[1]", value=1.3)
VHDL = "rtl-wrapper-vhdl"
CLOCKED = ("rtl-wrapper", VHDL, "emp")
# the network of a module of the global trigger has another clock
RUNNABLE = [name for name, target in TARGETS.items() if target.trial and name != "ugt"]
# faults that compile: where in the package, what, and what instead
FAULTS = [
    ("rtl-wrapper", "src/mine_v2.sv", "out_valid = valid[LATENCY]", "out_valid = valid[LATENCY-1]"),
    ("rtl-wrapper", "src/mine_v2.sv", ">= THRESHOLD", "> THRESHOLD + 1"),
    ("axi-stream", "src/mine_v2_axis.sv", "{last[LATENCY], answer}", "{last[LATENCY-1], answer}"),
    (
        "axi-stream",
        "src/mine_v2_axis.sv",
        "one_if(valid[LATENCY])",
        "one_if(valid[LATENCY] && !last[LATENCY])",
    ),
    (
        "emulator",
        "mine_v2/mine_emulator_v2.cpp",
        "inputs_ = *std::any_cast<inputs_t *>(input);",
        "inputs_[0] = 0;",
    ),
    (VHDL, "src/mine_v2.vhd", "if rst = '1'", "if rst = '1' and in_valid = '1'"),
    (VHDL, "src/mine_v2.vhd", ">= THRESHOLD", ">= THRESHOLD + 1"),
    ("hls-wrapper", "src/mine_v2.cpp", "result.token = token;", "result.token.event = 0;"),
    ("emp", "firmware/hdl/mine_v2_emp.vhd", "word := flags(LATENCY)", "word := flags(LATENCY - 1)"),
    ("emp", "firmware/hdl/mine_v2_emp.vhd", "word.data := (others", "word.start := '0'; -- ("),
    ("emp", "patterns/out.txt", "1v0", "1v1"),
]


@pytest.fixture(scope="module")
def packages(synth_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    (port,) = SynthDir(synth_dir).tagger.ports.inputs
    few = np.random.default_rng(1).normal(size=(10, *port.shape))
    np.savez(folder / "jets.npz", **{port.name: few})
    for name in RUNNABLE:
        target = TARGETS[name]
        package(
            synth_dir, folder / name, target=name, name="mine", version=2,
            threshold=LEAST if target.decides else None,
            data=folder / "jets.npz" if target.brings_jets else None,
        )  # fmt: skip
    package(
        synth_dir, folder / VHDL, target="rtl-wrapper", name="mine", version=2, threshold=LEAST,
        language="vhdl",
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def bench(synth_dir):
    return verify.bench_of(SynthDir.open(synth_dir), FEW, ())


@pytest.fixture
def prepared(bench, monkeypatch):
    """Keras answers once for all tests."""
    monkeypatch.setattr(verify, "bench_of", lambda *_: bench)


def with_fault(package_dir, out, name, old, new):
    """Copy a package, edit a file of it, and seal it again, as a wrong template would."""
    shutil.copytree(package_dir, out)
    text = (out / name).read_text()
    assert old in text
    (out / name).write_text(text.replace(old, new))
    sealed(out, name)
    return out


def sealed(out, name):
    record = json.loads((out / PACKAGE_FILE).read_text())
    record["files"][name] = file_digest(out / name)
    (out / PACKAGE_FILE).write_text(json.dumps(record))


def test_the_targets_that_can_be_run():
    assert {*RUNNABLE, "ugt"} == set(TARGETS)


@pytest.mark.parametrize("target", [*RUNNABLE, VHDL])
@pytest.mark.usefixtures("prepared", "ghdl")
def test_a_package_equals_keras(packages, synth_dir, target):
    (result,) = verify_package(packages / target, FEW, synth=synth_dir)
    assert (result.candidate, result.reference, result.status) == ("package", "keras", "passed")
    assert result.n_vectors > 250
    assert read_results(packages / target) == (result,)
    open_package(packages / target)
    latency = json.loads((synth_dir / "rtl" / "ports.json").read_text())["latency_cycles"]
    assert result.latency_cycles == (latency if target in CLOCKED else None)


@pytest.mark.parametrize(
    "fault", [FAULTS[0], *(pytest.param(f, marks=pytest.mark.long) for f in FAULTS[1:])]
)
@pytest.mark.usefixtures("prepared", "ghdl")
def test_a_wrong_package_is_caught(packages, synth_dir, tmp_path, fault):
    target, *edit = fault
    wrong = with_fault(packages / target, tmp_path / "wrong", *edit)
    with pytest.raises(BitsDifferError, match="package differs from keras"):
        verify_package(wrong, FEW, synth=synth_dir)
    assert read_results(wrong)[0].status == "failed"


@pytest.mark.usefixtures("prepared")
def test_without_ghdl_the_level_has_not_run(packages, synth_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(tools, "locate", lambda _: None)
    copy = shutil.copytree(packages / "emp", tmp_path / "copy")
    with pytest.raises(ToolMissingError, match="ghdl is not installed"):
        verify_package(copy, FEW, synth=synth_dir)
    assert read_results(copy)[0].status == "not-run"


@pytest.mark.usefixtures("prepared")
def test_a_library_that_is_wrong_for_integers_alone_is_caught(packages, synth_dir, tmp_path):
    source, library = "src/mine_v2.cpp", "lib/libmine_v2.so"
    wrong = with_fault(
        packages / "c-api", tmp_path / "wrong", source, "value * lsb", "-value * lsb"
    )
    subprocess.run(
        ["g++", "-O1", "-shared", "-fPIC", "-Iinclude", source, "-o", library],
        cwd=wrong,
        check=True,
    )
    sealed(wrong, library)
    with pytest.raises(BitsDifferError, match="package differs from keras"):
        verify_package(wrong, FEW, synth=synth_dir)


def test_an_edited_package_is_refused(packages, synth_dir, tmp_path):
    copy = shutil.copytree(packages / "axi-stream", tmp_path / "copy")
    (copy / "ports.json").write_text("{}")
    with pytest.raises(BitsDifferError, match=r"ports\.json is missing or was edited"):
        verify_package(copy, FEW, synth=synth_dir)


def test_a_target_of_which_nothing_runs_is_refused(packages, synth_dir, monkeypatch):
    still = replace(TARGETS["c-api"], trial=None)
    monkeypatch.setitem(TARGETS, "c-api", still)
    with pytest.raises(UsageError, match="nothing of a package for c-api can be run"):
        verify_package(packages / "c-api", FEW, synth=synth_dir)


def test_the_synthesis_is_found_where_the_package_says(packages, synth_dir):
    record = open_package(packages / "c-api")
    assert (packages / "c-api" / record.synth).resolve() == synth_dir.resolve()
    done = CliRunner().invoke(cli, ["verify", str(packages / "c-api"), "--random", "20"])
    assert done.exit_code == 0, done.output
    assert "package: passed, 0 of" in done.output


def test_a_package_without_its_synthesis_is_refused(packages, synth_dir, tmp_path):
    copy = shutil.copytree(packages / "c-api", tmp_path / "a" / "b" / "c")
    with pytest.raises(LoweringError, match="is not there"):
        verify_package(copy, FEW)
    other = shutil.copytree(synth_dir, tmp_path / "other")
    record = json.loads((copy / PACKAGE_FILE).read_text())
    (copy / PACKAGE_FILE).write_text(json.dumps(record | {"synth_sha256": "0" * 64}))
    with pytest.raises(LoweringError, match="made of another synthesis"):
        verify_package(copy, FEW, synth=other)


def test_options_of_a_synthesis_are_refused_for_a_package(packages, synth_dir):
    for option in (["--level", "ir"], ["--faults", "1"]):
        done = CliRunner().invoke(cli, ["verify", str(packages / "c-api"), *option])
        assert isinstance(done.exception, UsageError)
    done = CliRunner().invoke(cli, ["verify", str(synth_dir), "--synth", str(synth_dir)])
    assert isinstance(done.exception, UsageError)


def test_the_python_functions_do_the_same(synth_dir, tmp_path):
    fw = jm.open_firmware(synth_dir)
    with pytest.raises(UsageError, match="'c-api' has no decision"):
        jm.package(
            fw, target="c-api", name="mine", version=4, out=tmp_path / "out",
            threshold=(LEAST.score, LEAST.value),
        )  # fmt: skip
    made = jm.package(fw, target="c-api", name="mine", version=4, out=tmp_path / "out")
    assert made.record == jm.open_package(tmp_path / "out").record
    assert made.verification == {}
    assert jm.verify(made, n_random=20)["package"].passed
    assert made.verification["package"].passed
    assert "bit-exact on" in made._repr_html_()
    with pytest.raises(UsageError, match="one level"):
        jm.verify(made, levels=["ir"])


@pytest.mark.usefixtures("ghdl")
def test_the_wrapper_is_counted_apart_from_the_network(packages, synth_dir):
    latency = json.loads((synth_dir / "rtl" / "ports.json").read_text())["latency_cycles"]
    names = ("rtl-wrapper", VHDL, "axi-stream", "emp")
    valid_bits, in_vhdl, stream, payload = (jm.open_package(packages / n).resources for n in names)
    assert in_vhdl["wrapper"] == valid_bits["wrapper"]
    assert payload["wrapper"].latency_cycles == 0
    # at least a gate for each bit of the scores
    assert payload["wrapper"].lut >= 65
    for found in (valid_bits, stream):
        assert list(found) == ["network", "wrapper"]
        assert [report.origin for report in found.values()] == ["estimate", "yosys"]
        assert found["network"].lut > found["wrapper"].lut > 0
        assert found["network"].latency_cycles == latency
    # a register of the valid bit per stage, and that of the input
    wrapper = valid_bits["wrapper"]
    assert (wrapper.ff, wrapper.latency_cycles, wrapper.lut_memory) == (latency + 1, 0, 0)
    assert stream["wrapper"].lut > stream["wrapper"].lut_memory > 0
    assert stream["wrapper"].latency_cycles == 2
    assert jm.open_package(packages / "c-api").resources == {}


def test_without_yosys_the_cost_is_said_to_be_unknown(synth_dir, tmp_path, monkeypatch):
    def missing():
        raise ToolMissingError("yosys is not installed", mend="install it")

    monkeypatch.setattr(cost, "find_yosys", missing)
    record = package(synth_dir, tmp_path / "o", target="rtl-wrapper", name="mine", version=1)
    assert list(jm.open_package(tmp_path / "o").resources) == ["network"]
    assert "yosys is not installed" in words.package_lines(record, tmp_path / "o")[-1]
