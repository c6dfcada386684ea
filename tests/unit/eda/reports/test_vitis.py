from pathlib import Path

import pytest

from jetmix.eda.reports.readers import parse, read_report
from jetmix.errors import ReportReadError

VITIS, VIVADO_HLS = "vitis_hls_2024_1_conv1d", "vivado_hls_2019_2_conv2d"


def report_of(reference, folder, suffix):
    (report,) = read_report(reference / "vendor_reports" / folder / f"myproject_csynth.{suffix}")
    return report


def text_of(reference, folder, suffix):
    return (reference / "vendor_reports" / folder / f"myproject_csynth.{suffix}").read_text()


@pytest.mark.parametrize(("suffix", "kind"), [("xml", "csynth XML"), ("rpt", "csynth text")])
def test_vitis_hls_2024(reference, suffix, kind):
    report = report_of(reference, VITIS, suffix)
    assert (report.kind, report.design) == (kind, "myproject")
    assert report.available == {
        "lut": 1728000, "ff": 3456000, "dsp": 12288, "bram18": 5376, "uram": 1280
    }  # fmt: skip
    figures = report.resources
    assert figures.origin == "csynth"
    assert figures.part == "xcu250-figd2104-2L-e"
    assert figures.tool_version == "HLS 2024.1"
    assert (figures.lut, figures.ff, figures.dsp) == (17966, 7123, 467)
    assert (figures.bram18, figures.uram, figures.carry8) == (29, 0, None)
    assert (figures.latency_min_cycles, figures.latency_cycles) == (395, 395)
    assert (figures.ii_min_cycles, figures.ii_cycles) == (390, 390)
    assert (figures.clock_target_ns, figures.clock_achieved_ns) == (5.0, 3.53)
    assert figures.latency_ns == 1975.0  # the report says 1.975 us
    assert figures.note is None


@pytest.mark.parametrize(("suffix", "kind"), [("xml", "csynth XML"), ("rpt", "csynth text")])
def test_vivado_hls_2019_tells_best_and_worst_apart(reference, suffix, kind):
    report = report_of(reference, VIVADO_HLS, suffix)
    assert (report.kind, report.design) == (kind, "myproject")
    assert report.available == {
        "lut": 274080, "ff": 548160, "dsp": 2520, "bram18": 1824, "uram": 0
    }  # fmt: skip
    figures = report.resources
    assert figures.origin == "csynth"
    assert figures.part == "xczu9eg-ffvb1156-2-e"
    assert figures.tool_version == "HLS 2019.2"
    assert (figures.lut, figures.ff, figures.dsp) == (58704, 124980, 512)
    assert (figures.bram18, figures.uram, figures.carry8) == (684, 0, None)
    assert (figures.latency_min_cycles, figures.latency_cycles) == (6939, 42189)
    assert (figures.ii_min_cycles, figures.ii_cycles) == (6427, 41677)
    assert (figures.clock_target_ns, figures.clock_achieved_ns) == (5.0, 3.893)
    assert figures.latency_ns == 210945.0  # the report says 0.211 ms


def complaint(text, suffix="xml"):
    with pytest.raises(ReportReadError) as caught:
        parse(Path(f"top_csynth.{suffix}"), text)
    assert caught.value.exit_code == 9
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<LUT>17966</LUT>", "", "top_csynth.xml:43: LUT is here 0 times, expected once"),
        ("<LUT>17966</LUT>", "<LUT></LUT>", "top_csynth.xml:47: <LUT> is '', expected a whole"),
        ("<LUT>17966</LUT>", "<LUT>-1</LUT>", ":47: <LUT> is '-1', expected a whole number"),
        ("<LUT>17966</LUT>", "<LUT>1,79</LUT>", ":47: <LUT> is '1,79', expected a whole number"),
        ("<DSP>467</DSP>", "<DSP>467</DSP><DSP48E>0</DSP48E>", "one of DSP or DSP48E, found 2"),
        ("<unit>clock cycles</unit>", "<unit>us</unit>", ":24: expected the unit 'clock cycles'"),
        ("<TargetClockPeriod>5.00<", "<TargetClockPeriod>0<", "is 0, expected more than zero"),
        ("<Best-caseLatency>395<", "<Best-caseLatency>396<", "best latency 396 is above the worst"),
        ("<Part>xcu250-figd2104-2L-e</Part>", "<Part/>", ":10: <Part> is empty"),
        ("<profile>", '<?xml version="1.0"?><!DOCTYPE a><profile>', ":1: a document type is not"),
        ("</profile>", "", ":201: not well-formed XML (no element found)"),
    ],
)
def test_damaged_xml_names_file_and_line(reference, old, new, said):
    text = text_of(reference, VITIS, "xml")
    assert text.count(old) == 1
    assert said in complaint(text.replace(old, new))


def test_commas_are_read(reference):
    text = text_of(reference, VITIS, "xml").replace(">17966<", ">17,966<")
    assert parse(Path("a.xml"), text)[0].resources.lut == 17966


@pytest.mark.parametrize("word", ["undef", "?"])
def test_latency_that_depends_on_data_is_unknown_and_said(reference, word):
    text = text_of(reference, VITIS, "xml").replace(
        "<Worst-caseLatency>395<", f"<Worst-caseLatency>{word}<"
    )
    figures = parse(Path("a.xml"), text)[0].resources
    assert (figures.latency_min_cycles, figures.latency_cycles) == (395, None)
    assert (figures.latency_ns, figures.note) == (None, "latency depends on the data")


def test_old_versions_do_not_count_uram(reference):
    text = text_of(reference, VIVADO_HLS, "xml").replace("<URAM>0</URAM>\n", "")
    assert parse(Path("a.xml"), text)[0].resources.uram is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("|ap_clk  |  5.00 ns|", "|ap_clk  |  5.00 mm|", "top_csynth.rpt:23: the target clock is"),
        ("|Total                |       29|", "|Total  |       29|", "not as wide as its table"),
        (
            "|Total                |       29|",
            "|Total                |        -|",
            "BRAM_18K is '-'",
        ),
        ("|Available            |", "|Available SLR        |", "the row 'Available' is missing"),
        ("|  DSP  |    FF   |", "|  XYZ  |    FF   |", "expected one of DSP or DSP48E, found 0"),
        ("== Utilization Estimates", "== Something else", "'Utilization Estimates' is missing"),
        ("* Version:        2024.1", "* Edition:        2024.1", "'* Version:' is missing"),
        (
            "|      395|      395|  1.975 us|",
            "|      395|      395|  1.975 xs|",
            "absolute latency",
        ),
    ],
)
def test_damaged_text_names_file_and_line(reference, old, new, said):
    text = text_of(reference, VITIS, "rpt")
    assert text.count(old) == 1
    message = complaint(text.replace(old, new), "rpt")
    assert said in message
    assert message.startswith("top_csynth.rpt:")


def test_two_reports_in_one_file(reference):
    text = text_of(reference, VITIS, "rpt")
    assert "the title is here a second time" in complaint(text + text, "rpt")
