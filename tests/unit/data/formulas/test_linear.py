"""Formulas that firmware derives by additions and shifts, and the price of all others."""

import pytest

from jetmix.data.formulas.linear import linear, signed_digits
from jetmix.errors import UsageError
from jetmix.recipes.data_section import HardwareInput

HARDWARE = {
    "pt": HardwareInput(bits=14, lsb=0.25),
    "eta": HardwareInput(bits=12, signed=True, lsb=0.004),
    "jet_eta": HardwareInput(bits=12, signed=True, lsb=0.004),
}


def parsed(text):
    return linear(text, HARDWARE, where="[data.derived] x")


@pytest.mark.parametrize(
    ("text", "terms", "constant"),
    [
        ("eta - jet_eta", {"eta": 1, "jet_eta": -1}, 0),
        ("-(eta - jet_eta) / 2 + 3", {"eta": -0.5, "jet_eta": 0.5}, 3),
        ("2**3 * eta + eta", {"eta": 9}, 0),
        ("eta - pt + pt", {"eta": 1}, 0),
        ("3 * (pt + sqrt(4))", {"pt": 3}, 6),
    ],
)
def test_sums_of_columns(text, terms, constant):
    assert parsed(text) == (terms, constant)


@pytest.mark.parametrize(
    ("text", "price"),
    [
        (
            "pt * eta",
            "the product of two columns takes a multiplier of 14 x 12 bits, about 168 LUT",
        ),
        ("eta / pt", "the division by a column takes a divider of 12 x 14 bits, about 168 LUT"),
        ("1 / pt", "a table of 2^14 entries of 14 bits, about 3,584 LUT"),
        ("log(pt)", "log takes a table of 2^14 entries of 14 bits, about 3,584 LUT"),
        ("sqrt(eta)", "sqrt takes a table of 2^12 entries of 12 bits, about 768 LUT"),
        ("exp(eta - jet_eta)", "exp takes a table of 2^13 entries of 13 bits, about 1,664 LUT"),
        ("pt ** 2", "a power takes a table of 2^14"),
        ("abs(eta)", "abs takes about 12 LUT"),
        ("max(pt, eta)", "min or max takes about 26 LUT"),
        ("where(pt > 2, eta, 0)", "a comparison takes about 14 LUT"),
        ("not eta", "not takes about 12 LUT"),
    ],
)
def test_the_price_of_anything_else(text, price):
    with pytest.raises(UsageError) as found:
        parsed(text)
    assert price in found.value.what
    assert found.value.where == "[data.derived] x"
    assert "derive it before the firmware" in found.value.mend


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("phi - eta", "names 'phi', whose integers are not known"),
        ("eta - eta", "depends on no column"),
        ("4", "depends on no column"),
        ("eta / 0", "divides by zero"),
        ("1e400 * eta", "not finite"),
        ("__import__('os')", "which is no function of a card"),
        ("eta -", "is not a formula"),
    ],
)
def test_what_is_no_such_formula(text, what):
    with pytest.raises(UsageError, match=what):
        parsed(text)


def test_signed_digits_are_few_and_sum_up():
    assert signed_digits(0.75) == [1, -0.25]
    assert signed_digits(-7.0) == [-8, 1]
    assert signed_digits(0.0) == []
    assert sum(signed_digits(0.1)) == 0.1
    assert len(signed_digits(0.1)) > 20
