"""Verdicts on faults, with functions in place of firmware."""

import numpy as np
import pytest

from jetmix import words
from jetmix.errors import ReportReadError, ToolFailedError
from jetmix.firmware.project import seal
from jetmix.support import records
from jetmix.support.files import write_json
from jetmix.verification.faults import score as fault_score
from jetmix.verification.faults.cpp import Fault
from jetmix.verification.faults.score import FAULTS_FILE, read_faults

X = np.linspace(-1, 1, 3000, dtype=np.float32).reshape(-1, 1)
FRESH = np.array([[1.5], [-1.5]], dtype=np.float32)


def firmware(number, x):
    """Right with 0; wrong everywhere, at one vector, beyond the vectors, nowhere with 1 to 4."""
    wrong = {0: False, 1: True, 2: x == X[-1], 3: x > 1, 4: False}[number]
    return np.where(wrong, x + 1, x).astype(np.float32)


def fault(number):
    kind = "sign" if number < 3 else "shift"
    return Fault(kind=kind, file="a.h", line=number, right="x", wrong="y")


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "right").mkdir()
    (tmp_path / "right" / "a.h").write_text("x")
    planted = (firmware, [fault(number) for number in (1, 2, 3, 4)])
    monkeypatch.setattr(fault_score, "planted_copy", lambda *_: planted)
    return seal(tmp_path / "right", part="xcvu13p-flga2577-2-e", clock_period_ns=5.0)


def score(project, *, reference=X, limit_s=60.0):
    return fault_score.score(
        project, project.path, x=X, reference=reference, fresh=FRESH, count=4, seed=3,
        limit_s=limit_s,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "verdict"), [(1, "caught"), (2, "caught"), (3, "missed"), (4, "silent")]
)
def test_verdicts(number, verdict):
    assert fault_score.judge(number, firmware, X, X, (FRESH, FRESH)) == verdict


def test_score_counts_verdicts_by_kind(project):
    found = score(project)
    assert (found.judged, found.caught, found.missed, found.silent) == (4, 2, 1, 1)
    assert found.by_kind == {
        "shift": {"caught": 0, "missed": 1, "silent": 1},
        "sign": {"caught": 2, "missed": 0, "silent": 0},
    }
    assert found.not_caught == (
        "missed: shift in a.h:3: x -> y", "silent: shift in a.h:4: x -> y",
    )  # fmt: skip
    for part in ("2 of 4 caught by 3,000 vectors", "1 missed", "1 without effect", "2 other"):
        assert part in words.fault_line(found)
    assert found.project_digest == project.digest


def test_time_is_limited_and_what_was_not_run_is_told(project):
    found = score(project, limit_s=-1.0)
    assert (found.planted, found.judged, found.caught) == (4, 0, 0)
    assert words.fault_line(found).endswith("4 not tried within the time limit")


def test_scores_read_back_equal_and_edited_ones_are_refused(project, tmp_path):
    assert read_faults(tmp_path) == ()
    found = score(project)
    records.write(tmp_path / FAULTS_FILE, [found])
    assert read_faults(tmp_path) == (found,)
    for key, value in (("caught", 3), ("judged", 5), ("planted", 3), ("flow", "x"), ("extra", 1)):
        write_json(tmp_path / FAULTS_FILE, [records.dump(found) | {key: value}])
        with pytest.raises(ReportReadError, match=key):
            read_faults(tmp_path)
    write_json(tmp_path / FAULTS_FILE, [records.dump(found) | {"by_kind": {"sign": {"caught": 4}}}])
    with pytest.raises(ReportReadError, match="by_kind"):
        read_faults(tmp_path)


def test_a_copy_that_is_wrong_without_a_fault_is_refused(project):
    with pytest.raises(ToolFailedError, match="differs from Keras without any fault"):
        score(project, reference=X + 1)
