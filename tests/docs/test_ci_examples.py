"""The files of examples/ci/ are valid, and their commands are ones that jetmix has."""

import pytest
import yaml

from jetmix.report.gate.rules import load_rules
from tests.docs.commands import parse


def commands(lines):
    return [line for text in lines for line in text.split("\n") if line.startswith("jetmix ")]


@pytest.fixture
def examples(repository):
    return repository / "examples" / "ci"


def test_github_actions(examples):
    content = yaml.safe_load((examples / "github-actions.yml").read_text())
    (job,) = content["jobs"].values()
    found = commands(step.get("run", "") for step in job["steps"])
    assert [line.split()[1] for line in found] == ["train", "synth", "verify", "report"]
    train, synth, verify, report = map(parse, found)
    assert synth["run_or_model"] == train["run"] == report["folders"][0]
    assert verify["project_dir"] == synth["out"]
    assert report["rules"].name == "limits.toml"


def test_gitlab(examples):
    content = yaml.safe_load((examples / "gitlab-ci.yml").read_text())
    jobs = [content[name] for name in ("lower", "gate")]
    assert [job["stage"] for job in jobs] == content["stages"]
    found = commands(line for job in jobs for line in job["script"])
    assert [line.split()[1] for line in found] == ["synth", "verify", "report"]
    synth, verify, report = map(parse, found)
    assert verify["project_dir"] == synth["out"] == report["folders"][0]
    assert report["rules"].name == "model-limits.toml"


@pytest.mark.parametrize("name", ["limits.toml", "model-limits.toml"])
def test_limits(examples, name):
    rules = load_rules(examples / name)
    assert rules.require.bit_exact == ("ir", "csim")
    assert rules.require.max_lut == 8000
    assert (rules.require.min_accuracy_pct is not None) == (name == "limits.toml")
