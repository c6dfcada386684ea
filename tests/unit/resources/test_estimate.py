import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.resources.estimate import adders_per_stage, calibration, leave_one_out, lut_from_cost


def test_calibration_holds_what_the_published_reports_say(reference):
    reports = (reference / "vendor_reports" / "vivado_impl_jedi_linear").glob("*.json")
    published = set()
    for path in reports:
        (entry,) = json.loads(path.read_text()).values()
        published.add((entry["cost"], float(entry["LUT"])))
    ours = set(zip(*(column.tolist() for column in calibration()), strict=True))
    assert published <= ours


def test_interval_covers_nine_in_ten_of_designs_not_seen():
    outcomes = leave_one_out()
    covered = [interval.low <= lut <= interval.high for lut, interval in outcomes]
    assert np.mean(covered) >= 0.9


def test_error_on_designs_not_seen_is_within_ten_percent():
    errors = [abs(interval.value / lut - 1) for lut, interval in leave_one_out()]
    assert max(errors) < 0.12
    assert np.mean(errors) < 0.05


@given(st.floats(1, 1e6))
def test_prediction_is_proportional_and_ordered(cost):
    interval = lut_from_cost(cost)
    assert interval.low <= interval.value <= interval.high
    assert interval.value / cost == pytest.approx(lut_from_cost(1e6).value / 1e6, abs=0.1)


@pytest.mark.parametrize("cost", [-1.0, float("nan"), float("inf")])
def test_impossible_costs(cost):
    with pytest.raises(ValueError, match="the cost must be"):
        lut_from_cost(cost)


def test_adders_between_registers():
    assert [adders_per_stage(ns) for ns in (0.9, 2.0, 2.5, 5.0, 10.0)] == [2, 2, 2, 5, 10]
