"""The rule of skips: CI has every tool, and only reference material may be absent."""

import os
import subprocess
import sys

import pytest

WITH_REFERENCE = "def test_it(reference):\n    assert reference.is_dir()\n"
WITHOUT_TOOL = "import pytest\n\ndef test_it():\n    pytest.skip('no tool')\n"
WHOLE_MODULE = "import pytest\n\npytest.importorskip('no_such_module')\n"
COMMAND = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest"]


@pytest.mark.parametrize(
    ("text", "variables", "outcome"),
    [
        (WITH_REFERENCE, {"NOSKIP": "1"}, "1 skipped"),
        (WITH_REFERENCE, {"NOSKIP": "1", "REFERENCE": "."}, "1 passed"),
        (WITH_REFERENCE, {"REFERENCE": "absent"}, "1 error"),
        (WITHOUT_TOOL, {}, "1 skipped"),
        (WITHOUT_TOOL, {"NOSKIP": "1"}, "1 failed"),
        (WHOLE_MODULE, {"NOSKIP": "1"}, "1 error"),
    ],
)
def test_what_may_be_skipped(text, variables, outcome, repository, tmp_path):
    (tmp_path / "test_it.py").write_text(text)
    known = {k: v for k, v in os.environ.items() if not k.startswith(("JETMIX_", "PYTEST_"))}
    known |= {f"JETMIX_{name}": value for name, value in variables.items()}
    if "REFERENCE" in variables:
        known["JETMIX_REFERENCE"] = str(tmp_path / variables["REFERENCE"])
    done = subprocess.run(
        [*COMMAND, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=repository, env=known, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert outcome in done.stdout.splitlines()[-1]
    assert (done.returncode == 0) == (outcome in ("1 skipped", "1 passed"))
