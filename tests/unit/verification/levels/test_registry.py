"""The table of levels, and a level that a test adds to it by one line."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from jetmix import words
from jetmix.cli.main import cli
from jetmix.errors import BitsDifferError, ToolMissingError, UsageError
from jetmix.report.gate.rules import load_rules
from jetmix.verification.bench import Bench
from jetmix.verification.ladder import climb, missing_tool, require_exact, require_tools
from jetmix.verification.levels.registry import LEVELS, Level, chosen
from jetmix.verification.result import VERIFICATION_FILE, read_results, write_results
from jetmix.verification.vectors import VectorSet
from tests.unit.verification.levels import made_up

GOLDEN = Path(__file__).parents[3] / "golden"


@pytest.fixture
def another(monkeypatch):
    level = Level(name="made-up", title="Made-up level", module=made_up.__name__)
    monkeypatch.setitem(LEVELS, level.name, level)
    monkeypatch.setattr(made_up, "behaviour", {"wrong": False, "missing": False})
    return level


@pytest.fixture
def bench(tmp_path):
    return Bench(
        folder=tmp_path,
        model=None,
        graph=None,
        projects={},
        vectors=VectorSet(x=np.zeros((4, 3), np.float32), origins=[("jet", 2), ("random", 2)]),
        reference=np.arange(8, dtype=np.float32).reshape(4, 2),
        delay_constraint=2,
    )


@pytest.mark.parametrize("name", LEVELS)
def test_every_level_offers_its_steps(name):
    steps = LEVELS[name].steps
    assert all(callable(getattr(steps, step)) for step in ("require_tools", "run", "trace"))
    assert LEVELS[name].name == name


def test_levels_of_the_flows():
    assert chosen((), ("hls4ml", "rtl")) == ("ir", "csim", "rtl")
    assert chosen((), ("rtl",)) == ("ir", "rtl")
    assert chosen(("netlist", "ir"), ("rtl",)) == ("ir", "netlist")
    with pytest.raises(UsageError, match="level csim needs the flow hls4ml"):
        chosen(("csim",), ("rtl",))


def test_names_and_options_are_known_without_numpy():
    code = (
        "import sys, jetmix.cli.synth, jetmix.cli.verify, jetmix.cli.doctor;"
        "assert not {'numpy', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_new_level_is_climbed_written_and_read(another, bench):
    assert chosen((), ("hls4ml",))[-1] == another.name
    (result,) = climb(bench, [another.name])
    assert (result.status, result.candidate, result.n_vectors) == ("passed", "made-up", 4)
    write_results(bench.folder, [result])
    assert read_results(bench.folder) == (result,)
    assert words.rung(result).startswith("Made-up level: bit-exact on 2 jets")


def test_a_new_level_that_differs_names_the_layer(another, bench):
    made_up.behaviour["wrong"] = True
    (result,) = climb(bench, [another.name])
    first = result.first_mismatch
    assert (first.origin, first.vector, first.output) == ("random", 0, 1)
    assert first.layer == "layer for (1, 3)"
    with pytest.raises(BitsDifferError, match=r"made-up differs .* layer for"):
        require_exact([result], "here")


def test_a_new_level_that_lacks_its_tool_is_not_run(another, bench):
    made_up.behaviour["missing"] = True
    with pytest.raises(ToolMissingError, match="made-up-tool"):
        require_tools([another.name])
    (result,) = climb(bench, [another.name])
    assert (result.status, result.n_vectors) == ("not-run", 0)
    assert "made-up-tool" in str(missing_tool([result]))


def test_doctor_and_the_gate_know_a_new_level(another, tmp_path):
    made_up.behaviour["missing"] = True
    done = CliRunner().invoke(cli, ["doctor", "--json"])
    levels = json.loads(done.stdout.splitlines()[-1])["levels"]
    assert list(levels) == list(LEVELS)
    assert "made-up-tool is not installed" in levels["made-up"]
    (tmp_path / "rules.toml").write_text('[require]\nbit_exact = ["made-up"]\n')
    assert load_rules(tmp_path / "rules.toml").require.bit_exact == ("made-up",)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_synth_and_verify_climb_a_new_level(another, tmp_path):
    out, model = tmp_path / "out", GOLDEN / "tiny_mixer.keras"
    options = ["--level", another.name, "--random", "20"]
    synth = ["synth", str(model), "--part", "xcvu13p", "--out", str(out), "--flow", "rtl"]
    done = CliRunner().invoke(cli, [*synth, *options], catch_exceptions=False)
    assert "made-up: passed, 0 of " in done.stdout
    (out / VERIFICATION_FILE).unlink()
    done = CliRunner().invoke(cli, ["verify", str(out), *options], catch_exceptions=False)
    assert "made-up: passed, 0 of " in done.stdout
    assert [result.candidate for result in read_results(out)] == ["made-up"]
    assert another.name in CliRunner().invoke(cli, ["verify", "--help"]).output


def test_an_unknown_level_is_a_usage_error(tmp_path):
    done = CliRunner().invoke(cli, ["verify", str(tmp_path), "--level", "csym"])
    assert done.exit_code == 2
    assert "ir, csim, rtl, netlist" in done.stderr
