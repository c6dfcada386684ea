from pathlib import Path

import pytest

from jetmix.eda.reports.readers import parse, parse_any, read_any
from jetmix.eda.reports.record import CosimRun, Cycles
from jetmix.errors import ReportReadError
from tests.unit.eda.reports.more_text import cosim

NA = ("NA",) * 6
PASSED = ("Verilog", "Pass", 4, 5, 7, 1, 1, 1, 1023)
IDLE = ("VHDL", "NA", *NA, "NA")


def read(text, name="jetmix_tagger_cosim.rpt"):
    (report,) = parse_any(Path(name), text)
    return report


@pytest.mark.parametrize(("name", "status"), [("pass", "passed"), ("fail", "failed")])
def test_vivado_hls_2020(reference, name, status):
    path = reference / f"vendor_reports/cosim/{name}_2020_1_cosim.rpt"
    (report,) = read_any(path)
    assert (report.kind, report.design) == ("co-simulation", f"{name}_2020_1")
    assert report.status == status
    assert [(run.language, run.status) for run in report.runs] == [
        ("VHDL", "not run"), ("Verilog", status)
    ]  # fmt: skip
    assert all(run.latency is None and run.interval is None for run in report.runs)


def test_vitis_hls_states_cycles_and_their_total():
    report = read(cosim(PASSED, IDLE))
    assert report.design == "jetmix_tagger"
    assert report.runs[1] == CosimRun(
        language="Verilog",
        status="passed",
        latency=Cycles(min=4, avg=5, max=7),
        interval=Cycles(min=1, avg=1, max=1),
        total_cycles=1023,
    )


def test_without_the_total():
    run = read(cosim(PASSED, total=False)).runs[0]
    assert (run.latency.max, run.total_cycles) == (7, None)


def test_nothing_was_run():
    assert read(cosim(IDLE)).status == "not run"


def test_a_failure_beats_a_pass():
    report = read(cosim(PASSED, ("VHDL", "Fail", *NA, "NA")), name="copy.rpt")
    assert (report.status, report.design) == ("failed", "not stated")


def test_it_states_no_resources():
    with pytest.raises(ReportReadError, match="co-simulation, which states no resources"):
        parse(Path("a.rpt"), cosim(PASSED))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (cosim(("Verilog", "Passed", *NA, "NA")), "the status 'Passed' is none of Pass, Fail, NA"),
        (cosim(("Chisel", "Pass", *NA, "NA")), "'Chisel' is none of SystemC, VHDL, Verilog"),
        (cosim(PASSED, PASSED), "Verilog is here twice"),
        (cosim(), "the table holds no language"),
        (cosim(("Verilog", "Pass", 5, 4, 7, 1, 1, 1, 9)), "the latency 5, 4, 7 is not in order"),
        (cosim(("Verilog", "Pass", "NA", 4, 7, 1, 1, 1, 9)), "the min latency is 'NA', expected"),
        (cosim(("VHDL", "NA", *NA, 9)), "VHDL was not run, but has cycles"),
        (cosim(PASSED).replace("max", "MAX"), "the columns are not the expected ones"),
        (cosim(PASSED).replace("Latency(Clock", "Latency(Chalk"), "columns are not the expected"),
        (cosim(PASSED).replace(" 1023|", "1023|"), "not as wide as its table"),
        (cosim(PASSED)[:-30], "not as wide as its table"),
        (cosim(PASSED) + cosim(PASSED), "the table is here a second time"),
    ],
)
def test_damage_names_what_is_wrong(text, said):
    with pytest.raises(ReportReadError) as caught:
        read(text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("jetmix_tagger_cosim.rpt:")
