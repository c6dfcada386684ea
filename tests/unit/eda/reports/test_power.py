from pathlib import Path

import pytest

from jetmix.eda.reports.readers import parse, read_report
from jetmix.errors import ReportReadError
from tests.unit.eda.reports.more_text import power

SYSTEM = "vendor_reports/vivado_2019_2_system/design_1_wrapper_power_routed.rpt"


def test_power_of_vivado_2019(reference):
    (report,) = read_report(reference / SYSTEM)
    assert (report.kind, report.design) == ("Vivado power", "design_1_wrapper")
    figures = report.resources
    assert (figures.origin, figures.part) == ("post-route", "xc7z020clg400-1")
    assert (figures.power_w, figures.power_static_w, figures.power_confidence) == (
        1.531, 0.138, "Medium"
    )  # fmt: skip
    assert (figures.lut, figures.tool_version) == (None, "Vivado 2019.2")
    assert figures.note == "junction 42.7 °C"


def test_too_hot_is_said():
    text = power("189.965 (Junction temp exceeded!)", dynamic="180.000", static="9.965")
    figures = parse(Path("power.rpt"), text)[0].resources
    assert figures.power_w == 189.965
    assert figures.note == "junction 42.7 °C; junction temp exceeded"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (power("1.631"), "1.631 W are not 1.393 W dynamic and 0.138 W static"),
        (power("lots"), "Total On-Chip Power (W) is 'lots', expected a number"),
        (power("1.5 3 1"), "Total On-Chip Power (W) is '1.5 3 1', expected a number"),
        (power("0", dynamic="-1", static="1"), "Dynamic (W) is below zero"),
        (power(level="Certain"), "the confidence level 'Certain' is none of Low, Medium, High"),
        (power(level="High", overall="Low"), "or not the overall level 'Low'"),
        (power().replace("Dynamic (W)", "Dynamo (W) "), "the row 'Dynamic (W)' is missing"),
        (power().replace("1.3 Confidence Level\n", "1.3 Trust\n"), "stands 0 times"),
        (power().replace(": routed", ": rooted"), "the design state 'rooted' is none of"),
    ],
)
def test_damage_names_what_is_wrong(text, said):
    with pytest.raises(ReportReadError) as caught:
        parse(Path("power.rpt"), text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("power.rpt:")
