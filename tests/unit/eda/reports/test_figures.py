import json
from pathlib import Path

import pytest

from jetmix.eda.reports.readers import parse, read_report
from jetmix.errors import ReportReadError

# what one reads in the files: LUT, FF, CARRY8, cycles, achieved period in ns
PUBLISHED = {
    "8-particle-16-feature": (51670, 27626, 4793, 19, 2.781),
    "8-particle-3-feature-perminv": (136497, 73345, 14806, 24, 3.303),
    "16-particle-16-feature": (37675, 20106, 2931, 20, 2.62),
    "16-particle-3-feature": (43809, 22438, 4046, 19, 2.822),
    "32-particle-16-feature-perminv": (146655, 71289, 13634, 24, 3.282),
    "32-particle-3-feature": (45299, 25668, 4063, 19, 3.325),
    "64-particle-16-feature": (84326, 46736, 7552, 22, 3.051),
    "64-particle-3-feature-perminv": (163904, 92662, 15721, 24, 3.257),
    "64-particle-3-feature": (70704, 38305, 5647, 20, 3.045),
    "128-particle-16-feature-perminv": (242979, 110726, 21163, 26, 4.212),
}
ENTRY = {
    "clock_period": 2.0, "latency": 20, "WNS(ns)": -0.62, "actual_period": 2.62,
    "LUT as Logic": 37060, "LUT as Memory": 615, "LUT": 37675, "LUT_available": 1728000,
    "CLB Registers": 20106, "FF": 20106, "FF_available": 3456000,
    "DSPs": 1, "DSP": 1, "DSPs_available": 12288, "CARRY8": 2931, "CARRY8_available": 216000,
    "RAMB18": 3, "RAMB18_available": 5376, "RAMB36/FIFO*": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures(reference, name):
    path = reference / "vendor_reports" / "vivado_impl_jedi_linear" / f"{name}.json"
    (report,) = read_report(path)
    figures = report.resources
    read = (figures.lut, figures.ff, figures.carry8, figures.latency_cycles)
    assert (*read, figures.clock_achieved_ns) == PUBLISHED[name]
    assert report.kind == "post-route figures"
    assert report.design.startswith("epoch=")
    assert (figures.origin, figures.part, figures.tool_version) == ("post-route", None, None)
    assert (figures.dsp, figures.bram18, figures.uram) == (0, 0, None)
    assert (figures.clock_target_ns, figures.ii_cycles) == (2.0, None)
    assert figures.latency_ns == pytest.approx(PUBLISHED[name][3] * PUBLISHED[name][4], abs=1e-3)
    assert report.available["lut"] == 1728000


def test_several_designs_and_halves_of_bram():
    reports = parse(Path("a.json"), json.dumps({"one": ENTRY, "two": ENTRY}))
    assert [report.design for report in reports] == ["one", "two"]
    assert [report.resources.bram18 for report in reports] == [7, 7]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"LUT": None}, "a.json:2: 'LUT' is None, expected a number"),
        ({"LUT": True}, "'LUT' is True, expected a number"),
        ({"LUT": float("nan")}, "'LUT' is nan, expected a number"),
        ({"LUT": 37676}, "'LUT' is 37676, but LUT as Logic + LUT as Memory is 37675"),
        ({"latency": -1}, "'latency' is -1, expected a whole number"),
        ({"latency": 2.5}, "'latency' is 2.5, expected a whole number"),
        ({"actual_period": 2.0}, "'actual_period' is 2, but clock_period - WNS(ns) is 2.62"),
        ({"clock_period": 0}, "'clock_period' is 0, expected more than zero"),
        ({"CARRY8": "12"}, "'CARRY8' is 12, expected a number"),
    ],
)
def test_damaged_figures(change, said):
    with pytest.raises(ReportReadError) as caught:
        parse(Path("a.json"), json.dumps({"one": {**ENTRY, **change}}, indent=1))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "a.json:1: the file holds no design"),
        ('{"a": 1}', "'a' is not an object with figures"),
        ('{"a": {}}', "'clock_period' is missing"),
        ('{"a": {}, "a": {}}', "'a' is here twice"),
        ('{\n"a": ', "a.json:2: not well-formed JSON"),
        ('{"a":' * 50000, "not readable JSON (RecursionError)"),
    ],
)
def test_other_json(text, said):
    with pytest.raises(ReportReadError) as caught:
        parse(Path("a.json"), text)
    assert said in str(caught.value)
