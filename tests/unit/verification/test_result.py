from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jetmix import words
from jetmix.errors import ReportReadError
from jetmix.models.signature import Port
from jetmix.support import records
from jetmix.support.files import read_json, write_json
from jetmix.verification.result import (
    VERIFICATION_FILE,
    Mismatch,
    compare,
    not_run,
    read_results,
    write_results,
)

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
    assert result.max_diff_lsb is None


def test_latency_alone_can_be_the_difference(tmp_path):
    right = compare(
        np.zeros((3, 1)), np.zeros((3, 1)), lsb=1.0, level="rtl", origins=[("random", 3)]
    )
    early = replace(right, status="failed", latency_cycles=6, latency_expected_cycles=7)
    assert not replace(right, latency_cycles=7, latency_expected_cycles=7).latency_differs
    assert early.latency_differs
    assert early.difference == "has a latency of 6 cycles instead of 7"
    # it reads back as it is, but no failure without any difference does
    write_results(tmp_path, [early])
    assert read_results(tmp_path) == (early,)
    assert words.rung(early) == "RTL simulation has a latency of 6 cycles instead of 7"
    write_json(tmp_path / VERIFICATION_FILE, records.dump([replace(right, status="failed")]))
    with pytest.raises(ReportReadError, match="only where vectors or the latency differ"):
        read_results(tmp_path)


@given(VALUES, VALUES, st.sampled_from([None, "mean -> head_1"]))
def test_what_is_written_reads_back_equal(reference, candidate, layer):
    result = run(reference * LSB, candidate * LSB)
    if result.first_mismatch is not None:
        result = replace(result, first_mismatch=replace(result.first_mismatch, layer=layer))
    with TemporaryDirectory() as folder:
        write_results(Path(folder), [result, not_run("rtl", "no Verilator")])
        assert read_results(Path(folder)) == (result, not_run("rtl", "no Verilator"))


def test_the_layer_where_bits_part_survives_the_file(tmp_path):
    wrong = run([[0.0]], [[LSB]])
    traced = replace(wrong, first_mismatch=replace(wrong.first_mismatch, layer="mean -> head_1"))
    write_results(tmp_path, [traced])
    (read,) = read_results(tmp_path)
    assert read.first_mismatch == Mismatch(
        vector=0, origin="jet", output=0, reference=0.0, candidate=1, layer="mean -> head_1"
    )


def test_levels_that_were_not_climbed_again_are_kept(tmp_path):
    assert read_results(tmp_path) == ()
    first = [not_run("ir", "why"), not_run("csim", "why")]
    write_results(tmp_path, first)
    again = run([[0.0]], [[0.0]])
    write_results(tmp_path, [again])
    assert read_results(tmp_path) == (first[0], again)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"n_vectors": 0, "vectors": {}}, "status"),
        ({"n_mismatch": 1}, "status"),
        ({"status": "not-run"}, "status"),
        ({"status": "lost"}, "status"),
        ({"vectors": {"jet": 5}}, "vectors"),
        ({"vectors": {"jet": 7, "corner": -1}}, "vectors"),
        ({"latency_cycles": -1}, "latency_cycles"),
        ({"first_mismatch": {"vector": 1}}, "origin"),
    ],
)
def test_an_edited_result_is_refused(tmp_path, changes, key):
    write_results(tmp_path, [run(np.zeros((6, 1)), np.zeros((6, 1)))])
    path = tmp_path / VERIFICATION_FILE
    (entry,) = read_json(path)
    write_json(path, [entry | changes])
    with pytest.raises(ReportReadError, match=key):
        read_results(tmp_path)


HEADS = (
    Port(name="cls", identifier="out_cls", shape=(2,)),
    Port(name="reg", identifier="out_reg", shape=(1,)),
)


def test_each_of_several_outputs_is_judged_by_itself(tmp_path):
    reference = np.zeros((4, 3))
    candidate = reference.copy()
    candidate[2, 2] = candidate[3, 1] = candidate[3, 2] = 1.0
    options = {"lsb": 1.0, "level": "rtl", "origins": [("random", 4)]}
    result = compare(reference, candidate, heads=HEADS, **options)
    assert [(h.name, h.n_mismatch, h.n_values) for h in result.heads] == [
        ("cls", 1, 1), ("reg", 2, 2)
    ]  # fmt: skip
    assert (result.first_mismatch.output, result.first_mismatch.head) == (2, "reg")
    assert "random 2, output 2 (reg): 1 instead of 0" in result.difference
    write_results(tmp_path, [result])
    assert read_results(tmp_path) == (result,)
    single = compare(reference, candidate, heads=HEADS[:1], **options)
    assert (single.heads, single.first_mismatch.head) == ((), None)


def test_the_precision_of_the_reference_is_shown():
    right = compare(
        np.zeros((3, 1)), np.zeros((3, 1)), lsb=1.0, level="ir", origins=[("random", 3)]
    )
    assert words.reference(replace(right, precision="float64")) == "Keras in float64"
    assert words.reference(replace(right, precision="float32")) == "Keras"
    assert "from Keras in float64" in words.level_line(replace(right, precision="float64"))
