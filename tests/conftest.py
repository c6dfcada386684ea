"""Fixtures that all tests share, and the rule that CI skips nothing."""

import os
from pathlib import Path

import pytest

from jetmix.eda.yosys import find_yosys
from jetmix.errors import ToolMissingError

REPOSITORY = Path(__file__).parent.parent
NOSKIP = os.environ.get("JETMIX_NOSKIP") == "1"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With JETMIX_NOSKIP=1 a skipped test is a failed one: CI must have every tool."""
    outcome = yield
    report = outcome.get_result()
    if NOSKIP and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped although JETMIX_NOSKIP=1: {report.longrepr}"


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
def shared() -> Path:
    """Reference taggers and vendor reports of others, beside the checkout."""
    folder = Path(os.environ.get("JETMIX_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no reference files at {folder}; set JETMIX_SHARED")
    return folder
