import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jetmix import words
from jetmix.errors import ReportReadError
from jetmix.report import records
from jetmix.verification.result import compare, not_run

LSB = 2.0**-7
VALUES = arrays(np.int64, (6, 5), elements=st.integers(-(2**20), 2**20))


def run(reference, candidate, **options):
    return compare(
        np.asarray(reference, dtype=np.float32),
        np.asarray(candidate),
        lsb=LSB,
        level="csim",
        origins=options.pop("origins", [("jet", len(reference))]),
    )


@given(VALUES)
def test_equal_integers_pass(raw):
    result = run(raw * LSB, raw * LSB)
    assert (result.status, result.n_vectors, result.n_mismatch) == ("passed", 6, 0)
    assert result.max_diff_lsb == 0.0
    assert result.first_mismatch is None


@given(VALUES, st.integers(0, 5), st.integers(0, 4), st.integers(-9, 9).filter(bool))
def test_one_wrong_bit_is_found_and_named(raw, vector, output, step):
    wrong = raw.copy()
    wrong[vector, output] += step
    result = run(raw * LSB, wrong * LSB)
    assert (result.status, result.n_mismatch, result.max_diff_lsb) == ("failed", 1, abs(step))
    first = result.first_mismatch
    assert (first.vector, first.output) == (vector, output)
    assert first.candidate - first.reference == step


def test_origin_of_the_first_mismatch():
    raw = np.zeros((5, 2))
    wrong = raw.copy()
    wrong[3, 1] = LSB
    result = run(raw, wrong, origins=[("jet", 2), ("corner", 3)])
    assert (result.first_mismatch.origin, result.first_mismatch.vector) == ("corner", 1)


def test_reference_off_the_grid_is_a_mismatch():
    result = run([[0.3 * LSB]], [[0.3 * LSB]])
    assert result.status == "failed"


def test_nan_never_passes():
    result = run([[np.nan]], [[np.nan]])
    assert (result.status, result.n_mismatch, result.max_diff_lsb) == ("failed", 1, None)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="shapes differ"):
        run(np.zeros((2, 5)), np.zeros((2, 4)))


def test_not_run_is_never_passed():
    result = not_run("csim", "no g++")
    assert (result.status, result.reason, result.n_vectors) == ("not-run", "no g++", 0)
    assert json.loads(json.dumps(result.as_json()))["max_diff_lsb"] is None


def test_latency_alone_can_be_the_difference(tmp_path):
    right = compare(
        np.zeros((3, 1)), np.zeros((3, 1)), lsb=1.0, level="rtl", origins=[("random", 3)]
    )
    early = replace(right, status="failed", latency_cycles=6, latency_expected_cycles=7)
    assert not replace(right, latency_cycles=7, latency_expected_cycles=7).latency_differs
    assert early.latency_differs
    assert early.difference == "has a latency of 6 cycles instead of 7"
    # the report takes it as it is, but no failure without any difference
    (read,) = records.verification([early.as_json()], tmp_path)
    assert words.rung(read) == "RTL simulation has a latency of 6 cycles instead of 7"
    with pytest.raises(ReportReadError, match="only where vectors or the latency differ"):
        records.verification([replace(right, status="failed").as_json()], tmp_path)
