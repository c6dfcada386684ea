"""From formulas of a recipe to the grid of the trigger's integers."""

import pytest

from jetmix.data.formulas.derive import derivation_of
from jetmix.errors import UsageError
from jetmix.recipes.data_section import HardwareInput


def signed(bits, **more):
    return HardwareInput(bits=bits, signed=True, **more)


HARDWARE = {
    "pt": HardwareInput(bits=14, lsb=0.25),
    "eta": signed(12, lsb=0.002),
    "phi": signed(11, turn=1440),
    "jet_eta": signed(10, lsb=0.008),
    "jet_phi": signed(11, turn=1440),
}
FORMULAS = {"deta": "eta - jet_eta", "dphi": "phi - jet_phi"}


def made(formulas=FORMULAS, hardware=HARDWARE, occupied="pt", n_particles=4):
    features = ("pt", *formulas)
    return derivation_of(features, formulas, hardware, occupied=occupied, n_particles=n_particles)


def test_without_formulas_there_is_none():
    assert made({}) is None


def test_columns_are_those_of_the_constituents_and_those_of_the_jet():
    found = made()
    assert found.columns == ("pt", "eta", "phi")
    assert found.jet_columns == ("jet_eta", "jet_phi")
    assert found.shape(4) == (4 * 3 + 2,)
    pt, deta, dphi = found.features
    assert (pt.terms, pt.zero_if_empty) == ({"pt": 1}, False)
    # on the grid of the finer column
    assert (deta.lsb, deta.terms, deta.turn) == (0.002, {"eta": 1, "jet_eta": -4}, None)
    assert (dphi.turn, dphi.zero_if_empty) == (1440, True)


def test_features_of_the_whole_jet_have_one_input_and_no_empty_slots():
    found = made(occupied="", n_particles=None)
    assert found.columns == tuple(HARDWARE)
    assert found.shape(None) == (5,)
    assert found.occupied == ""
    assert not any(feature.zero_if_empty for feature in found.features)


def test_what_is_zero_in_an_empty_slot_by_itself_needs_no_choice():
    hardware = {name: HARDWARE[name] for name in ("pt", "eta")}
    found = made({"twice": "2 * eta"}, hardware, occupied="")
    assert not found.features[1].zero_if_empty
    assert found.shape(4) == (4, 2)
    assert made({"more": "eta + 1"}, hardware).features[1].zero_if_empty


def test_a_constant_is_rounded_to_the_grid():
    hardware = {name: HARDWARE[name] for name in ("pt", "eta")}
    assert made({"more": "eta + 0.0051"}, hardware).features[1].offset == 3


def test_an_angle_on_a_finer_grid_turns_in_its_units():
    hardware = {
        "pt": HARDWARE["pt"], "phi": signed(11, lsb=1.0, turn=1440),
        "jet_phi": signed(12, lsb=0.5, turn=2880),
    }  # fmt: skip
    (_, dphi) = made({"dphi": "phi - jet_phi"}, hardware).features
    assert (dphi.terms, dphi.turn) == ({"phi": 2, "jet_phi": -1}, 2880)


@pytest.mark.parametrize(
    ("formulas", "change", "what"),
    [
        ({"x": "eta - jet_eta"}, {"jet_eta": signed(10, lsb=0.003)}, "ratio is no power of two"),
        ({"x": "0.1 * eta"}, {}, "multiplies eta by 0.1"),
        ({"x": "phi - jet_eta"}, {"jet_eta": signed(10)}, "mixes angles"),
        ({"x": "phi - jet_phi"}, {"jet_phi": signed(11, turn=1024)}, "mixes angles"),
        ({"x": "2 * phi - jet_phi"}, {}, "is no sum or difference of two angles"),
        ({"x": "pt * 2 ** 14"}, {}, "needs 28 bits"),
    ],
)
def test_refused(formulas, change, what):
    with pytest.raises(UsageError, match=what) as found:
        made(formulas, HARDWARE | change)
    assert found.value.where == "[data.derived] x"


def test_a_factor_of_many_digits_has_a_near_one_of_few():
    with pytest.raises(UsageError) as found:
        made({"x": "0.1 * eta"})
    assert "take 0.099609375, which is near, or 0.125, which is a shift" in found.value.mend


@pytest.mark.parametrize("occupied", ["", "jet_eta", "other"])
def test_it_must_be_known_which_slots_are_empty(occupied):
    with pytest.raises(UsageError, match="deta would not be zero in an empty slot") as found:
        made(occupied=occupied)
    assert found.value.mend == "name the one that is 0 there, of: pt, eta, phi"


def test_a_column_that_nothing_uses_is_no_port():
    with pytest.raises(UsageError, match="describes 'jet_phi', which no feature is made of"):
        made({"deta": "eta - jet_eta", "again": "phi - phi + phi"})
