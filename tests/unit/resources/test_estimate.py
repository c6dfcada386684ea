import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.resources.estimate import adders_per_stage
from jetmix.resources.lut import (
    Costs,
    calibration,
    conversions,
    leave_one_out,
    lut_from_cost,
    lut_of,
    per_adder_cost,
    per_table_cost,
    table_designs,
    tables_leave_one_out,
)


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


def test_lut_of_tables_come_from_the_published_taggers_with_lut_layers():
    for engine in ("da4ml", "alkaid"):
        ratio = per_table_cost(engine)
        assert ratio.low < ratio.value < ratio.high
        # three designs only: the interval is wide
        assert 1.3 < ratio.high / ratio.value < 2.5
        for lut, seen in tables_leave_one_out(engine):
            assert abs(seen / lut - 1) < 0.25
        for costs, lut in table_designs(engine):
            interval = lut_of(costs)
            assert interval.low < lut < interval.high


def test_the_cost_of_alkaid_is_converted_with_a_wider_interval():
    da4ml, alkaid = per_adder_cost("da4ml"), per_adder_cost("alkaid")
    assert alkaid.value == pytest.approx(da4ml.value, rel=0.1)
    assert alkaid.high / alkaid.low > da4ml.high / da4ml.low
    assert alkaid.value / da4ml.value == pytest.approx(np.exp(np.log(conversions()).mean()))


def test_sums_and_tables_add_up():
    both = lut_of(Costs(adders=100.0, tables=50.0))
    apart = lut_of(Costs(adders=100.0)), lut_of(Costs(adders=0.0, tables=50.0))
    assert both.value == pytest.approx(sum(one.value for one in apart), abs=0.2)
    assert both.high == pytest.approx(sum(one.high for one in apart), abs=0.2)
    assert lut_from_cost(100.0) == apart[0]
