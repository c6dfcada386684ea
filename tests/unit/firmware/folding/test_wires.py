import numpy as np
import pytest

from jetmix.firmware.folding.wires import Packed, in_bits, joined


def kifs(*elements):
    return np.array(elements).T


def test_the_same_bits_are_one_slice_with_or_without_dead_elements():
    given = Packed(signal="x", kifs=kifs((1, 2, 3), (0, 0, 0), (0, 2, 1)), first_bit=4)
    assert given.bits == 9
    assert in_bits(given, kifs((1, 2, 3), (0, 3, -3), (0, 2, 1))) == ["x[12:4]"]
    assert in_bits(given, kifs((0, 0, 0), (0, 0, 0), (0, 0, 0))) == []
    assert given.part(2, 1).whole == "x[12:10]"


@pytest.mark.parametrize(
    ("given", "taken", "text"),
    [
        ((1, 2, 0), (1, 4, 1), "{{2{x[2]}}, x[2:0], 1'b0}"),
        ((0, 2, 0), (1, 3, 0), "{{2{1'b0}}, x[1:0]}"),
        ((0, 4, 2), (0, 2, 1), "x[3:1]"),
        ((0, 0, 0), (0, 1, 1), "{{1{1'b0}}, 1'b0}"),
        ((0, 3, -2), (0, 3, 0), "{x[0], 2'b0}"),
        ((1, 0, 3), (1, 0, 3), "x[3:0]"),
    ],
)
def test_an_element_is_extended_by_its_sign_and_filled_below(given, taken, text):
    found = Packed(signal="x", kifs=kifs(given)).elements(kifs(taken))
    assert found == [text]


def test_the_first_expression_lies_in_the_lowest_bits():
    assert joined(["a"]) == "a"
    assert joined(["a", "b"]).split() == ["{", "b,", "a", "}"]
