from pathlib import Path

import pytest

from jetmix.eda.reports.readers import parse
from jetmix.errors import ReportReadError
from tests.unit.eda.reports.vivado_text import timing

FAILING = (
    "     -0.821      -20.500                     41                 3362        0.042        0.000"
    "                      0                 3362        1.958        0.000"
    "                       0                  1513  "
)
UNCONSTRAINED = "         NA           NA" + "  NA" * 10


def read(text):
    (report,) = parse(Path("timing.rpt"), text)
    return report


def complaint(text):
    with pytest.raises(ReportReadError) as caught:
        parse(Path("timing.rpt"), text)
    return str(caught.value)


def test_met_timing():
    report = read(timing())
    assert (report.kind, report.design) == ("Vivado timing summary", "jetmix_tagger")
    figures = report.resources
    assert figures.origin == "post-route"
    assert (figures.part, figures.tool_version) == ("xcvu13p-flga2577", "Vivado 2022.2")
    assert (figures.clock_target_ns, figures.clock_achieved_ns) == (5.0, 4.731)
    assert figures.note == "worst slack 0.269 ns"
    assert (figures.lut, figures.latency_cycles) == (None, None)


def test_missed_timing_is_longer_than_the_target():
    figures = read(timing(row=FAILING)).resources
    assert (figures.clock_target_ns, figures.clock_achieved_ns) == (5.0, 5.821)
    assert figures.note == "worst slack -0.821 ns"


@pytest.mark.parametrize(
    ("net", "origin", "note"),
    [
        ("routed", "post-route", "worst slack 0.269 ns"),
        ("estimated", "post-synthesis", "placed, not routed; worst slack 0.269 ns"),
        ("unplaced", "post-synthesis", "worst slack 0.269 ns"),
    ],
)
def test_nets_tell_how_far_the_design_had_come(net, origin, note):
    figures = read(timing(net=f"net (fo=2, {net})   0.227     1.390    sum[9]")).resources
    assert (figures.origin, figures.note) == (origin, note)


def test_the_state_on_top_of_newer_reports_is_believed():
    figures = read(timing(state="Synthesized", version="2025.1", net=None)).resources
    assert (figures.origin, figures.tool_version) == ("post-synthesis", "Vivado 2025.1")


def test_several_clocks_leave_the_period_unknown():
    clocks = ("a   {0.000 2.500}  5.000  200.000", "  b   {0.000 1.000}  2.000  500.000")
    figures = read(timing(clocks=clocks)).resources
    assert (figures.clock_target_ns, figures.clock_achieved_ns) == (None, None)
    assert figures.note == "2 clocks (a, b), worst slack 0.269 ns"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (timing(net=None), "neither a design state nor a path shows whether this is routed"),
        (timing(row=UNCONSTRAINED), "the design has no timing: no clock constrains it"),
        (timing(row=FAILING.replace("-20.500", " 20.500")), "WNS -0.821 and TNS 20.5 contradict"),
        (timing(row="  0.269  0.000"), "2 figures, expected 12"),
        (timing(clocks=()), "there is no row below these columns"),
        (timing(clocks=("a {0.000 2.500} 5.000 100.000",)), "a period of 5 ns is not 100 MHz"),
        (timing(clocks=("a {0.000 2.500} 5.000 2e2",)), "the frequency is '2e2'"),
        (timing().replace("WNS(ns)", "WXS(ns)"), "the columns are not the expected ones"),
        (timing().replace("| Clock Summary", "| Clocks"), "'Clock Summary' is missing"),
        (timing() + timing(), "the title is here a second time"),
    ],
)
def test_damage_names_what_is_wrong(text, said):
    message = complaint(text)
    assert said in message
    assert message.startswith("timing.rpt:")
