"""Formulas of cards: what they compute, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.data.formulas.expressions import parse
from jetmix.errors import DataError

COLUMNS = {
    "pt": np.array([10.0, 40.0, 0.0]),
    "eta": np.array([-3.0, 0.5, 1.0]),
    "jet.pt": np.array([1.0, 2.0, 3.0]),
    "my column": np.array([7.0, 8.0, 9.0]),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pt > 30 and abs(eta) < 2.4", [0, 1, 0]),
        ("pt > 30 or not eta < 0", [0, 1, 1]),
        ("0 < pt <= 10", [1, 0, 0]),
        ("pt * 2 - eta ** 2 / 4 + 1", [18.75, 80.9375, 0.75]),
        ("min(pt, 20, 5 * eta) + max(pt, 1)", [-5, 42.5, 1]),
        ("where(eta > 0, sqrt(pt), -1)", [-1, np.sqrt(40), 0]),
        ("log(exp(eta)) + pt % 3", [-2, 1.5, 1]),
        ("jet.pt + `my column`", [8, 10, 12]),
        ("-pt != 0", [1, 1, 0]),
    ],
)
def test_values(text, value):
    found = parse(text, "card").evaluate(COLUMNS.__getitem__)
    np.testing.assert_allclose(found, value)


def test_names_are_found_and_impossible_values_are_not_numbers():
    formula = parse("log(pt) + `my column` / jet.pt", "card")
    assert formula.names == {"pt", "my column", "jet.pt"}
    assert np.isneginf(formula.evaluate(COLUMNS.__getitem__)[2])
    assert parse("9 ** 9 ** 9", "card").evaluate(COLUMNS.__getitem__) == np.inf


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pt >", "is not a formula"),
        ("__import__('os').system('true')", "calls \"__import__('os').system\""),
        ("pt.__class__()", "calls 'pt.__class__'"),
        ("(lambda: 1)", "holds 'lambda: 1'"),
        ("[pt][0]", "which no formula may hold"),
        ("pt if eta else 1", "which no formula may hold"),
        ("'pt'", "which no formula may hold"),
        ("True", "which no formula may hold"),
        ("1j * pt", "which no formula may hold"),
        ("pt & 1", "which no formula may hold"),
        ("pt in eta", "none of < <= > >= == !="),
        ("sqr(pt)", "did you mean 'sqrt'?"),
        ("where(pt, 1)", "gives where 2 values, it takes 3"),
        ("min(pt)", "gives min 1 values, it takes 2 or more"),
        ("min(*pt, 2)", "which no formula may hold"),
        ("1" + "0" * 400, "too large"),
        ("-" * 150 + "pt", "nested too deeply"),
        ("(" * 400 + "pt" + ")" * 400, "is not a formula"),
        ("pt + " * 300 + "pt", "longer than 1000 characters"),
        ("", "is not a formula"),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(DataError) as caught:
        parse(text, "my.toml line 3")
    assert message in caught.value.what + caught.value.mend
    assert caught.value.where == "my.toml line 3"
    assert "\n" not in str(caught.value)


@given(st.text(alphabet="ptea ()[]{}.,+-*/%<>=!'\"`0123456789:_@~&|^\\\n", max_size=40))
def test_any_text_is_a_formula_or_a_data_error(text):
    try:
        parse(text, "card").evaluate(lambda _name: np.ones(2))
    except DataError:
        return
