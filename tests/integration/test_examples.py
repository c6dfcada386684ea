"""The trained taggers that come with jetmix: small, with provenance, and exact once lowered."""

import json
import subprocess
import sys

import pytest

from jetmix.support.files import file_digest

NAMES = ("mixer-8", "gnn-16", "hlf-mlp")


@pytest.fixture(params=NAMES)
def example(request, repository):
    return repository / "examples" / "taggers" / f"{request.param}.keras"


def test_these_are_all(repository):
    found = sorted(path.name for path in (repository / "examples" / "taggers").glob("*.keras"))
    assert found == sorted(f"{name}.keras" for name in NAMES)


def test_provenance_is_that_of_the_model(example):
    content = json.loads(example.with_suffix(".json").read_text())
    assert example.stat().st_size < 1_000_000
    assert content["model_sha256"] == file_digest(example)
    assert content["dataset"]["origin"] == "simulated"
    assert len(content["dataset"]["sha256"]) == 64
    assert content["recipe"]["training"]["seed"] == content["provenance"]["seed"]
    assert 0.4 < content["metrics"]["accuracy"] < 1
    assert content["metrics"]["ebops"] > 0
    assert {"keras", "hgq2", "jax"} <= set(content["provenance"]["versions"])


def test_lowers_exactly(example, tmp_path):
    command = [sys.executable, "-m", "jetmix", "synth", example, "--part", "xcvu13p"]
    options = ["--out", tmp_path / "synth", "--level", "ir", "--random", "500", "--json"]
    done = subprocess.run(
        [*map(str, command + options)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout.splitlines()[-1])["verification"]
    assert (result["candidate"], result["status"], result["n_mismatch"]) == ("ir", "passed", 0)
    assert result["n_vectors"] >= 1000
