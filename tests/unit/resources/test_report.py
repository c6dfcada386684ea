import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix import words
from jetmix.errors import ReportReadError
from jetmix.firmware.parts import find_part
from jetmix.resources.origins import ORIGINS, PIPELINE_MODEL, Origin
from jetmix.resources.report import ResourceReport, add_resources, read_resources, write_resources
from jetmix.support.records import dump, load
from jetmix.synthesis.timing import best_resources

AMOUNT = st.none() | st.floats(0, 1e9)
CYCLES = st.none() | st.integers(1, 10**6)
REPORTS = st.builds(
    ResourceReport,
    origin=st.sampled_from(list(ORIGINS)),
    part=st.none() | st.text(),
    lut=AMOUNT,
    ff=AMOUNT,
    dsp=AMOUNT,
    latency_cycles=CYCLES,
    ii_cycles=CYCLES,
    clock_target_ns=AMOUNT,
    clock_achieved_ns=AMOUNT,
    note=st.none() | st.text(),
    latency_from=st.none() | st.sampled_from([*ORIGINS, PIPELINE_MODEL]),
    ff_unknown=st.none() | st.text(),
)


@given(REPORTS)
def test_what_is_written_reads_back_equal(report):
    content = json.loads(json.dumps(dump(report)))
    assert content["latency_ns"] == report.latency_ns
    assert load(ResourceReport, content, where="resources.json") == report


def test_files_from_before_the_new_fields_are_read(tmp_path):
    old = {"origin": "yosys", "part": None, "lut": 5, "latency_cycles": 4, "clock_target_ns": 5.0}
    (tmp_path / "resources.json").write_text(json.dumps([{**old, "latency_ns": 20.0}]))
    (report,) = read_resources(tmp_path)
    assert (report.latency_from, report.cycles_from) == (None, PIPELINE_MODEL)
    assert (report.lut, report.latency_ns) == (5.0, 20.0)


def test_reports_of_one_origin_replace_each_other(tmp_path):
    assert read_resources(tmp_path) is None
    estimate = ResourceReport(origin="estimate", part=None, lut=1.0)
    routed = ResourceReport(origin="post-route", part=None, lut=2.0)
    write_resources(tmp_path, [estimate, routed])
    add_resources(tmp_path, [replace(routed, lut=3.0)])
    assert read_resources(tmp_path) == (estimate, replace(routed, lut=3.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"origin": "guess"}, "'origin' should be one of post-route"),
        ({"lut": -1.0}, "lut = -1.0 must not be negative"),
        ({"lut": 9.0, "lut_low": 10.0}, "'lut' should be inside its interval from 10.0"),
        ({"ii_cycles": 0}, "ii_cycles = 0 must be an integer of at least 1"),
        ({"latency_cycles": 2.5}, "'latency_cycles' should be an integer"),
        ({"luts": 5}, "unknown key 'luts'"),
    ],
)
def test_edited_reports_are_refused(tmp_path, change, message):
    content = {"origin": "estimate", "part": None, **change}
    (tmp_path / "resources.json").write_text(json.dumps([content]))
    with pytest.raises(ReportReadError) as caught:
        read_resources(tmp_path)
    assert message in str(caught.value)


def test_a_new_origin_is_one_line(monkeypatch):
    own = Origin(name="quick", title="quick guess", trust=90, made_by="nobody", clock="expected")
    monkeypatch.setitem(ORIGINS, own.name, own)
    report = ResourceReport(
        origin="quick", part=None, lut=1728.0, latency_cycles=3, ii_cycles=1,
        clock_target_ns=5.0, clock_achieved_ns=4.0, latency_from="csynth",
    )  # fmt: skip
    routed = replace(report, origin="post-route")
    assert best_resources([routed, report]) == report
    assert load(ResourceReport, dump(report), where="x") == report
    lut, latency = words.resource_lines(report, find_part("xcvu13p"))
    assert lut == "LUT: 1,728, 0.10% of xcvu13p, 0.40% of one of its 4 SLRs [quick]"
    assert latency.startswith("Latency: 3 cycles, 12.0 ns at 4 ns (expected clock; target 5 ns)")
    assert words.origin("quick") == words.source("quick") == "quick guess"
    assert words.latency_origin(report) == "quick guess, cycles: HLS estimate (csynth)"


def test_the_latency_counts_in_the_clock_of_its_origin():
    csynth = ResourceReport(
        origin="csynth", part=None, latency_cycles=9, clock_target_ns=5.0, clock_achieved_ns=3.9
    )
    assert csynth.latency_ns == 45.0
    assert replace(csynth, origin="post-route").latency_ns == 35.1
    assert not csynth.modelled
    assert replace(csynth, origin="post-route", latency_from=PIPELINE_MODEL).modelled
