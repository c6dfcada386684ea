import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.verification.simulators.rtl import FLUSH_CLOCKS, align, pack, unpack, widths, words

KIF = st.tuples(st.integers(0, 1), st.integers(-2, 8), st.integers(-3, 8)).filter(
    lambda kif: 0 <= sum(kif) <= 16
)


@st.composite
def ports_and_values(draw):
    kif = np.array(draw(st.lists(KIF, min_size=1, max_size=9)), dtype=np.int64)
    rows = []
    for _ in range(3):
        row = []
        for k, i, f in kif:
            width = k + i + f
            half = 2**width // 2
            low, high = (-half, max(half - 1, 0)) if k else (0, 2**width - 1)
            raw = draw(st.integers(low, high)) if width else 0
            row.append(raw * 2.0**-f)
        rows.append(row)
    return kif, np.array(rows)


@given(ports_and_values())
def test_values_within_their_range_survive_the_port(example):
    kif, values = example
    packed = pack(values, kif)
    assert packed.dtype == np.uint32
    assert packed.shape == (3, words(kif))
    assert np.array_equal(unpack(packed, kif), values)


def test_first_element_lies_in_the_lowest_bits():
    kif = np.array([[1, 2, 1], [0, 3, 0]])
    assert widths(kif).tolist() == [4, 3]
    assert pack(np.array([[-0.5, 5.0]]), kif)[0, 0] == 0b101_1111


def test_values_are_truncated_and_wrapped():
    kif = np.array([[1, 2, 0]])
    values = np.array([[1.9], [-1.1], [4.0], [-5.0]])
    assert unpack(pack(values, kif), kif).ravel().tolist() == [1.0, -2.0, -4.0, 3.0]


@pytest.mark.parametrize("latency", [0, 1, 9])
def test_align_measures_the_latency(latency):
    rng = np.random.default_rng(0)
    reference = rng.integers(-50, 50, (40, 5)).astype(np.float32)
    clocks = np.zeros((40 + FLUSH_CLOCKS, 5))
    clocks[latency : latency + 40] = reference
    for expected in (latency, latency + 1):
        assert align(clocks, reference, expected=expected) == latency
    clocks[latency + 4, 3] += 1  # one wrong output does not change where the rest agree
    assert align(clocks, reference, expected=5) == latency


def test_outputs_that_never_change_have_any_latency():
    clocks = np.zeros((40 + FLUSH_CLOCKS, 5))
    assert align(clocks, np.zeros((40, 5), dtype=np.float32), expected=7) == 7
