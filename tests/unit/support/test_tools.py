import os
import sys
import time

import pytest

from jetmix.errors import ToolFailedError, ToolMissingError
from jetmix.support import tools as toolchain


def test_missing_tool_says_how_to_install_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolMissingError, match=r"g\+\+ is not installed .*apt-get install g\+\+"):
        toolchain.require("g++")


def test_run_keeps_the_log(tmp_path):
    log = tmp_path / "log.txt"
    seconds = toolchain.run(
        [sys.executable, "-c", "print('compiled')"],
        title="Compiling", cwd=tmp_path, log=log, timeout_s=30,
    )  # fmt: skip
    assert log.read_text() == "compiled\n"
    assert seconds > 0


def test_failure_names_status_first_error_and_log(tmp_path):
    log = tmp_path / "log.txt"
    script = "import sys; print('note'); print('top.cpp:3: error: no ap_fixed'); sys.exit(4)"
    with pytest.raises(ToolFailedError) as caught:
        toolchain.run(
            [sys.executable, "-c", script], title="Compiling", cwd=tmp_path, log=log, timeout_s=30
        )
    message = str(caught.value)
    assert "failed with status 4 (top.cpp:3: error: no ap_fixed)" in message
    assert str(log) in message


def test_time_limit_ends_the_program_and_its_children(tmp_path):
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('pid', 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    with pytest.raises(ToolFailedError, match="ran longer than 1 s"):
        toolchain.run(
            [sys.executable, "-c", script],
            title="Hanging", cwd=tmp_path, log=tmp_path / "log.txt", timeout_s=1,
        )  # fmt: skip
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_version_of_a_program_that_is_not_there():
    assert toolchain.version_of("no-such-program") is None
    assert os.sep not in (toolchain.version_of("g++") or "")
