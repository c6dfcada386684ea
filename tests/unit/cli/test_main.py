import errno
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jetmix.cli import main
from jetmix.cli.main import COMMANDS
from jetmix.support.files import place_folder

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


@pytest.fixture
def failing(monkeypatch, capsys):
    """Run a command line that raises an error, and return its exit code and what it prints."""

    def fail(error):
        def raising(**_):
            raise error

        monkeypatch.setattr(main.cli, "main", raising)
        with pytest.raises(SystemExit) as exited:
            main.main()
        return exited.value.code, capsys.readouterr().err

    return fail


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
        "jetmix: error: unknown part 'xcvu13'; the nearest known ones are "
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


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EACCES, "check the permissions"),
        (errno.EROFS, "read-only"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EISDIR, "name a file"),
        (errno.ENOENT, "check that the path exists"),
        (errno.ELOOP, "can be read"),
    ],
)
def test_a_refused_file_is_named_with_the_cure_that_fits(number, cure, failing):
    code, text = failing(OSError(number, os.strerror(number), "runs/a.json"))
    assert code == 3
    assert text.startswith(f"jetmix: error: runs/a.json: {os.strerror(number)}; ")
    assert text.count("\n") == 1
    assert cure in text
    assert ("space" in text) == (number == errno.ENOSPC)


def test_a_full_disk_without_a_name_is_still_a_full_disk(failing):
    code, text = failing(OSError(errno.ENOSPC, "No space left on device"))
    assert (code, text.count("\n")) == (3, 1)
    assert "error: No space left on device; free some space" in text


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        OSError("no number"),
    ],
)
def test_what_is_no_matter_of_files_is_not_blamed_on_the_disk(error, failing):
    code, text = failing(error)
    assert code == 1
    assert "a bug in jetmix" in text
    assert "Traceback" in text
    assert "space" not in text
    assert "permissions" not in text


def test_a_failed_copy_keeps_its_number(tmp_path, monkeypatch):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a").write_text("x")

    def full(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)

    copy = functools.partial(shutil.copytree, copy_function=full)
    monkeypatch.setattr(shutil, "copytree", copy)
    with pytest.raises(OSError, match="No space left") as caught:
        place_folder(tmp_path / "source", tmp_path / "out")
    assert caught.value.errno == errno.ENOSPC
    assert Path(caught.value.filename).name == "a"
    assert not (tmp_path / "out").exists()


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
