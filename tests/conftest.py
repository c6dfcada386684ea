"""Fixtures that all tests share, and the rule that CI skips nothing."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from jetmix.eda.yosys import find_yosys
from jetmix.errors import ToolMissingError
from jetmix.models.keras_env import DEFAULT_BACKEND

# a machine that is busy with other work is no fault of a test
# and a failure in CI is one that anybody can repeat: the random examples are tried elsewhere
settings.register_profile("jetmix", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("jetmix")

# a test that imports Keras before jetmix does gets the backend that jetmix would choose
os.environ.setdefault("KERAS_BACKEND", DEFAULT_BACKEND)

# compiled JAX programs are shared by all tests, their processes, and those that they start; JAX
# reads this when it is first imported, which no test module has done yet
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    _folder = tempfile.mkdtemp(prefix="jetmix-test-cache-")
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    os.environ |= {
        "JAX_COMPILATION_CACHE_DIR": _folder,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }

REPOSITORY = Path(__file__).parent.parent
NOSKIP = os.environ.get("JETMIX_NOSKIP") == "1"
NO_REFERENCE = "JETMIX_REFERENCE is not set: reference models and reports of others are not here"


def failed_if_skipped(report):
    """With JETMIX_NOSKIP=1 a skipped test is a failed one: CI must have every tool.

    Only reference material may be absent, and only where JETMIX_REFERENCE is not set at all.
    """
    if NOSKIP and report.skipped and NO_REFERENCE not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped although JETMIX_NOSKIP=1: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Judge the skips of tests."""
    return failed_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Judge the skips of whole modules."""
    return failed_if_skipped((yield))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def yosys_program() -> tuple[Path, str]:
    """Yosys and its version: of the system, so a newcomer may be without it."""
    try:
        return find_yosys()
    except ToolMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def ghdl() -> str:
    """GHDL, which simulates VHDL: of the system, so a newcomer may be without it."""
    program = shutil.which("ghdl")
    if program is None:
        pytest.skip("ghdl is not installed (apt-get install ghdl)")
    return program


@pytest.fixture(scope="session")
def reference() -> Path:
    """Taggers, vendor reports and jets of others, in the folder that JETMIX_REFERENCE names."""
    if "JETMIX_REFERENCE" not in os.environ:
        pytest.skip(NO_REFERENCE)
    folder = Path(os.environ["JETMIX_REFERENCE"])
    if not folder.is_dir():
        pytest.fail(f"JETMIX_REFERENCE names {folder}, which is no folder")
    return folder
