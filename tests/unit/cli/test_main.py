import json
import os
import subprocess
import sys

import pytest

from jetmix.cli.main import COMMANDS

HEAVY = ("numpy", "keras", "hls4ml", "jax", "tensorflow", "h5py", "matplotlib", "hgq", "da4ml")


def run(*words, cwd=None, env=None):
    return subprocess.run(
        [sys.executable, "-m", "jetmix", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=env,
        check=False,
    )


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_imports_nothing_heavy(command):
    script = (
        "import sys, importlib, json\n"
        "from jetmix.cli.main import cli\n"
        "cli.main([w for w in sys.argv[1:]], standalone_mode=False)\n"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))\n"
    )
    words = [command, "--help"] if command else ["--help"]
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True
    )
    assert "Usage:" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_unknown_command_is_a_usage_error():
    done = run("synthesise")
    assert done.returncode == 2
    assert "No such command 'synthesise'" in done.stderr


def test_unknown_part_names_the_nearest(tmp_path):
    done = run("synth", "model.keras", "--part", "xcvu13", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "jetmix: error: unknown part 'xcvu13'; known ones that come near: "
    )
    assert "xcvu13p" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_missing_model_is_one_line(tmp_path):
    done = run("synth", "model.keras", "--part", "xcvu13p", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "jetmix: error: model.keras: no such run or model; name a run or a .keras file\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_impossible_clock(tmp_path):
    (tmp_path / "model.keras").touch()
    done = run(
        "synth", "model.keras", "--part", "xcvu13p", "--out", "out", "--clock-ns", "0", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "clock period of 0.0 ns; choose one from 0.5 to 100.0 ns" in done.stderr


def test_doctor_tells_versions_and_tools():
    done = run("doctor", "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["versions"]["hls4ml"] == "1.3.0"
    assert set(told["tools"]) >= {"g++", "vivado", "vitis-run", "verilator"}
    assert list(told["levels"]) == ["ir", "csim", "rtl", "netlist"]
    assert told["levels"]["ir"] is None


def test_doctor_tells_which_levels_lack_a_tool(tmp_path):
    done = run("doctor", "--json", env={**os.environ, "PATH": str(tmp_path)})
    levels = json.loads(done.stdout.splitlines()[-1])["levels"]
    assert levels["ir"] is None
    for level in ("csim", "rtl", "netlist"):
        assert levels[level].startswith("not possible: g++ is not installed")
