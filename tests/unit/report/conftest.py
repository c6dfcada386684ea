from pathlib import Path

import pytest

from jetmix.report.sections import field, physics
from tests.unit.report.folders import make_run, make_synth


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "demo")


@pytest.fixture
def synth(tmp_path: Path, run: Path) -> Path:
    return make_synth(tmp_path / "demo-synth", run=run)


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out: for tests of what a report says, at a tenth of the time."""
    monkeypatch.setattr(physics, "_physics_of", lambda *_: iter(()))
    monkeypatch.setattr(field, "_pareto", lambda *_: [])
