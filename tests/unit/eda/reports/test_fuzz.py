"""Damaged reports give the figures that stand in them or exit 9, never a traceback."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jetmix.eda.reports.readers import parse_any
from jetmix.eda.reports.record import VendorReport
from jetmix.errors import ReportReadError
from tests.unit.eda.reports import more_text
from tests.unit.eda.reports.test_summary import summary
from tests.unit.eda.reports.vivado_text import timing

FILES = [
    "vitis_hls_2024_1_conv1d/myproject_csynth.xml",
    "vitis_hls_2024_1_conv1d/myproject_csynth.rpt",
    "vitis_hls_2024_1_conv1d/vivado_synth.rpt",
    "vivado_hls_2019_2_conv2d/myproject_csynth.xml",
    "vivado_hls_2019_2_conv2d/myproject_csynth.rpt",
    "vivado_impl_jedi_linear/8-particle-16-feature.json",
    "cosim/pass_2020_1_cosim.rpt",
    "vitis_2022_2_kernel/impl_1_kernel_util_routed.rpt",
    "vitis_2022_2_kernel/impl_1_slr_util_routed.rpt",
]
OURS = {
    "timing": timing(),
    "summary": summary(),
    "power": more_text.power(),
    "cosim": more_text.cosim(("Verilog", "Pass", 4, 5, 7, 1, 1, 1, 99), ("VHDL", *["NA"] * 8)),
    "hierarchy": more_text.hierarchy(
        ("tagger", "(top)", 90, 70, 15, 5, 40, 2, 1, 1, 9),
        ("  dense", "dense_s", 82, 62, 15, 5, 36, 2, 1, 1, 9),
        ("  relu", "relu_s", 4, 4, 0, 0, 3, 0, 0, 0, 0),
    ),
}
PLACE = re.compile(r"report:\d+: .*; ")
STARTS = [
    *("<profile>", "{", " HLS Report for '", "Timing Summary Report\n"),
    *("== Synthesis Summary Report of '", "+ RTL + Status +", "Power Report\nOn-Chip"),
    *("Accelerator Utilization Design Information\n", "Utilization Design Information\n"),
    "Utilization Design Information\n1. SLR \n",
    "Utilization Design Information\n1. Utilization by Hierarchy\n",
]
GARBAGE = st.text(max_size=40) | st.sampled_from(
    ["|", "+---+", "<LUT>", "-", "\0", "=" * 40, "== Interface", "1e999", "\r\n", "&a;", '"', "{}"]
)


@pytest.fixture(scope="module", params=[*FILES, *OURS])
def whole(request, reference):
    name = request.param
    return OURS[name] if name in OURS else _load(reference, name)


def _load(reference, name):
    return (reference / "vendor_reports" / name).read_text()


def ordered(report):
    """Return a report with its blocks sorted and once: a module may stand twice, in any order."""
    if not isinstance(report, VendorReport):
        return report
    return replace(report, blocks=sorted({str(block) for block in report.blocks}))


def outcome(text):
    """Return the reports, None where reading was refused; any other error is a bug."""
    try:
        return tuple(map(ordered, parse_any(Path("report"), text)))
    except ReportReadError as error:
        complaint = str(error)
    assert PLACE.match(complaint)
    return None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cut(whole, data):
    at = data.draw(st.integers(0, len(whole)))
    assert outcome(whole[:at]) in (None, outcome(whole))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_piece_missing_from_the_middle(whole, data):
    lines = whole.split("\n")
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines)))
    got = outcome("\n".join(lines[:first] + lines[last:]))
    if got is not None and whole.startswith("\n"):  # csynth text: every figure has its own table
        assert got == outcome(whole)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_duplicated_lines(whole, data):
    lines = whole.split("\n")
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines)))
    assert outcome("\n".join(lines[:last] + lines[first:])) in (None, outcome(whole))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_reordered_lines(whole, data):
    lines = whole.split("\n")
    one, two = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    lines[one], lines[two] = lines[two], lines[one]
    got = outcome("\n".join(lines))
    if not whole.startswith("<"):  # equal tags of two places of XML cannot be told apart
        assert got in (None, outcome(whole))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_garbage_within(whole, data):
    at = data.draw(st.integers(0, len(whole)))
    outcome(whole[:at] + data.draw(GARBAGE) + whole[at:])


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary().map(lambda b: b.decode(errors="replace")))
def test_garbage_alone(text):
    assert outcome(text) is None


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(STARTS), st.text())
def test_garbage_that_looks_like_a_report(start, text):
    assert outcome(start + text) is None
