"""The whole way from a committed model to proven firmware, as a user runs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jetmix.support.files import tree_digest
from jetmix.verification.emulator.emulator import Emulator

GOLDEN = Path(__file__).parent.parent / "golden"
MODEL = GOLDEN / "tiny_mixer.keras"
# a path that would break an unquoted shell or Tcl command
ODD_NAME = "a b;$(exit 3)[x]"


def jetmix(*words, **options):
    command = [sys.executable, "-m", "jetmix", *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def synth(model, out, *more, **options):
    return jetmix(
        "synth", model, "--part", "xcvu13p", "--out", out, "--random", "200", *more, **options
    )


def verification(out):
    return {r["candidate"]: r for r in json.loads((out / "verification.json").read_text())}


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory):
    out = tmp_path_factory.mktemp("synth") / ODD_NAME
    done = synth(MODEL, out, "--json")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def copy(synthesised, tmp_path):
    shutil.copytree(synthesised[0], tmp_path / "copy")
    return tmp_path / "copy"


def test_every_level_is_bit_exact(synthesised):
    results = {r["candidate"]: r for r in synthesised[1]["verification"]}
    assert set(results) == {"ir", "csim"}
    for result in results.values():
        assert result["status"] == "passed"
        assert result["n_mismatch"] == 0
        assert result["max_diff_lsb"] == 0.0
        assert result["vectors"]["random"] == result["vectors"]["beyond-range"] == 200
        assert result["n_vectors"] == sum(result["vectors"].values()) > 400


def test_csim_gives_the_golden_integers(synthesised):
    golden = json.loads((GOLDEN / "tiny_logits.json").read_text())
    x = np.array(golden["inputs"], dtype=np.float32)
    emulator = Emulator.load(synthesised[0])
    got = np.rint(emulator.predict(x) / golden["lsb"]).astype(int)
    assert got.tolist() == golden["logits_lsb"]


def test_ranges_and_matrices_are_proven(synthesised):
    content = json.loads((synthesised[0] / "ranges.json").read_text())
    proof = content["proof"]
    assert (proof["operations"], proof["overflows"], proof["unproven"]) == (895, [], [])
    assert sum(proof["can_wrap_by_layer"].values()) == proof["can_wrap"] == len(proof["wraps"])
    assert len(content["linear"]) == 9
    assert all(entry["wrong"] == 0 and entry["reason"] is None for entry in content["linear"])
    assert content["data"] is None


def test_estimate_has_origin_and_interval(synthesised):
    (report,) = synthesised[1]["resources"]
    assert report["origin"] == "estimate"
    assert report["lut_low"] < report["lut"] < report["lut_high"]
    assert report["latency_ns"] == report["latency_cycles"] * 5.0
    assert report["ff"] is None
    assert report["dsp"] == 0


def test_project_has_part_clock_interval_and_vectors(synthesised):
    project = synthesised[0] / "project"
    top = (project / "firmware" / "jetmix_tagger.cpp").read_text()
    assert "#pragma HLS PIPELINE II=1\n    #pragma HLS INLINE recursive\n" in top
    tcl = (project / "project.tcl").read_text().splitlines()
    assert 'set part "xcvu13p-flga2577-2-e"' in tcl
    assert "set clock_period 5.0" in tcl
    assert "export_design -flow impl" in (project / "build_prj.tcl").read_text()
    for name, columns in (("tb_input_features.dat", 12), ("tb_output_predictions.dat", 5)):
        rows = (project / "tb_data" / name).read_text().splitlines()
        assert len(rows) == 100
        assert {len(row.split()) for row in rows} == {columns}
    assert "create_clock -name ap_clk -period 5.0" in (project / "clock.xdc").read_text()


def test_project_holds_no_path_of_the_machine(synthesised):
    out = synthesised[0]
    for path in (out / "project").rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert str(out).encode() not in text, path
            assert b"/tmp/" not in text, path


def test_equal_models_give_equal_projects(synthesised, tmp_path):
    again = synth(MODEL, tmp_path / "again", "--level", "ir")
    assert again.returncode == 0, again.stderr
    digests = [
        json.loads((out / "stage.json").read_text())["details"]["projects"][0]["digest"]
        for out in (synthesised[0], tmp_path / "again")
    ]
    assert digests[0] == digests[1]


def test_same_synthesis_is_not_done_twice_and_another_is_refused(synthesised):
    out = synthesised[0]
    before = (out / "stage.json").stat().st_mtime_ns
    again = synth(MODEL, out)
    assert again.returncode == 0
    assert "Up to date: same model" in again.stdout
    assert (out / "stage.json").stat().st_mtime_ns == before
    other = synth(MODEL, out, "--clock-ns", "4")
    assert other.returncode == 10
    assert "a synthesis of another model or with other options" in other.stderr


def test_verify_passes_and_uses_the_compiled_library(synthesised):
    library = synthesised[0] / "csim" / "libjetmix_csim.so"
    before = library.stat().st_mtime_ns
    done = jetmix("verify", synthesised[0], "--seed", "9", "--random", "50")
    assert done.returncode == 0, done.stderr
    assert "csim: passed, 0 of" in done.stdout
    assert library.stat().st_mtime_ns == before


def test_every_test_jet_of_the_sample_is_bit_exact(copy, repository):
    done = jetmix("verify", copy, "--data", repository / "datasets" / "sample" / "jets.h5")
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    results = verification(copy)
    for level in ("ir", "csim"):
        assert results[level]["status"] == "passed"
        assert results[level]["vectors"]["jet"] == 4074


def test_edited_project_is_refused(copy):
    with (copy / "project" / "firmware" / "defines.h").open("a") as handle:
        handle.write("// harmless?\n")
    done = jetmix("verify", copy)
    assert done.returncode == 7
    assert "the project was edited since it was written" in done.stderr
    assert len(done.stderr.strip().splitlines()[-1:]) == 1


def test_wrong_firmware_is_named_by_jet_and_output(copy):
    """A compiler that got one constant wrong and sealed the project all the same."""
    code = copy / "project" / "firmware" / "nnet_utils" / "nnet_code_gen.h"
    lines = code.read_text().splitlines()
    target = max(i for i, line in enumerate(lines) if " = " in line and " - " in line)
    lines[target] = lines[target].replace(" - ", " + ", 1)
    code.write_text("\n".join(lines))
    stage = json.loads((copy / "stage.json").read_text())
    project = stage["details"]["projects"][0]
    project["digest"] = tree_digest(copy / "project", project["files"])
    (copy / "stage.json").write_text(json.dumps(stage))
    junit = copy.parent / "junit.xml"
    done = jetmix("verify", copy, "--junit", junit)
    assert done.returncode == 7, done.stderr
    assert 'failures="1"' in junit.read_text()
    message = done.stderr.strip().splitlines()[-1]
    assert message.startswith("jetmix: error: ")
    assert "csim differs from keras on" in message
    assert "first at logits -> output" in message
    results = verification(copy)
    assert results["ir"]["status"] == "passed"
    assert results["csim"]["status"] == "failed"
    assert results["csim"]["first_mismatch"]["candidate"] != pytest.approx(
        results["csim"]["first_mismatch"]["reference"]
    )


def test_graph_of_another_model_is_refused(copy):
    (copy / "ir.json").write_text("[]")
    done = jetmix("verify", copy)
    assert done.returncode == 7
    assert "ir.json is missing or is not the one that was lowered" in done.stderr


def test_killed_synthesis_is_not_trusted_and_is_done_again(copy):
    (copy / "stage.json").unlink()
    (copy / "project" / "project.tcl").unlink()
    refused = jetmix("verify", copy)
    assert refused.returncode == 5
    assert "not a finished directory of 'jetmix synth'" in refused.stderr
    request = json.loads((copy / "synth.json").read_text())
    assert request["digest"]
    done = synth(MODEL, copy)
    assert done.returncode == 0, done.stderr
    assert (copy / "project" / "project.tcl").is_file()


def test_foreign_folder_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    done = synth(MODEL, tmp_path)
    assert done.returncode == 10
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_no_compiler_is_told_before_anything_is_written(tmp_path):
    done = synth(MODEL, tmp_path / "out", env={**os.environ, "PATH": str(tmp_path)})
    assert done.returncode == 6
    assert "g++ is not installed" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"PK\x03\x04 cut", "damaged"), (b"weights", "neither a Keras zip nor an HDF5 file")],
)
def test_broken_models(tmp_path, content, message):
    (tmp_path / "m.keras").write_bytes(content)
    done = synth(tmp_path / "m.keras", tmp_path / "out", "--level", "ir")
    assert done.returncode == 5
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_verify_with_data_counts_jets_that_wrap(copy, repository):
    data = repository / "datasets" / "sample" / "jets.h5"
    done = jetmix("verify", copy, "--level", "ir", "--data", data, "--max-jets", "300", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    vectors = result["verification"][0]["vectors"]
    assert vectors["jet"] == 300
    assert 50 < vectors["rare-jet"] <= 500
    assert result["ranges"]["data"]["n_jets"] > 3000
    assert result["ranges"]["data"]["path"] == "jets.h5"
    assert result["ranges"] == json.loads((copy / "ranges.json").read_text())
    assert "jets exceed an input range" in done.stdout


def test_data_of_another_shape_is_refused(tmp_path, repository):
    done = synth(MODEL, tmp_path / "out", "--level", "ir", "--data", repository / "pyproject.toml")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_one_level_alone_keeps_what_is_known_of_the_other(copy):
    before = verification(copy)
    done = jetmix("verify", copy, "--level", "ir", "--random", "20")
    assert done.returncode == 0, done.stderr
    after = verification(copy)
    assert after["ir"]["vectors"]["random"] == 20
    assert after["csim"] == before["csim"]
