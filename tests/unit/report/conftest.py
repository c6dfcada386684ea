from pathlib import Path

import pytest

from tests.unit.report.folders import make_run, make_synth


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "demo")


@pytest.fixture
def synth(tmp_path: Path, run: Path) -> Path:
    return make_synth(tmp_path / "demo-synth", run=run)
