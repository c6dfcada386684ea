from pathlib import Path

import pytest

from jetmix.eda.reports.readers import parse
from jetmix.errors import ReportReadError

HEAD_TOP = "|            Modules | Issue|      | Latency | Latency| Iteration|         | Trip |"
HEAD_BOTTOM = "|            & Loops | Type | Slack| (cycles)|  (ns)  |  Latency | Interval| Count|"
RULE = "+--------------------+------+------+---------+--------+----------+---------+------+"
TOP = "|+ tagger*           |Timing| -0.12|       12|  60.000|         -|        3|     -|"
LOOP = "| o VITIS_LOOP_11    |     -|  0.12|       10|  50.000|         5|        1|     2|"
INNER = "|  + dense_s         |     -|  0.60|        1|   5.000|         -|        1|     -|"
AMOUNTS = {
    HEAD_TOP: "          |        |     |           |           |     |",
    HEAD_BOTTOM: " Pipelined|  BRAM  | DSP |     FF    |     LUT   | URAM|",
    RULE: "----------+--------+-----+-----------+-----------+-----+",
    TOP: "        no|  3 (1%)|    2|  333 (~0%)|1460 (12%) |    -|",
    LOOP: "       yes|       -|    -|          -|          -|    -|",
    INNER: "       yes|       -|    1|          -|  618 (~0%)|    -|",
}


def summary(*rows):
    lines = (RULE, HEAD_TOP, HEAD_BOTTOM, RULE, *(rows or (TOP, LOOP, INNER)), RULE)
    return "\n".join(
        [
            "== Synthesis Summary Report of 'tagger'",
            "+ General Information: ",
            "    * Version:        2022.2 (Build 3670227 on Oct 13 2022)",
            "    * Target device:  xcvu13p-flga2577-2-e",
            "+ Performance & Resource Estimates: ",
            "    ",
            "    PS: '+' for module; 'o' for loop; '*' for dataflow",
            *(f"    {line}{AMOUNTS[line]}" for line in lines),
            "",
        ]
    )


def read(text):
    (report,) = parse(Path("csynth.rpt"), text)
    return report


def test_the_first_module_is_the_top(reference):
    path = reference / "vendor_reports/vitis_hls_2024_1_summary/csynth.rpt"
    report = read(path.read_text())
    assert (report.kind, report.design) == ("csynth summary", "myproject")
    figures = report.resources
    assert (figures.part, figures.tool_version) == ("xcu50-fsvh2104-2-e", "HLS 2024.1")
    assert (figures.lut, figures.ff, figures.dsp, figures.bram18, figures.uram) == (
        1460, 333, 0, 0, 0
    )  # fmt: skip
    assert (figures.latency_cycles, figures.ii_cycles, figures.latency_ns) == (4, 1, None)
    assert figures.note == "slack 0.31 ns; latency 20 ns; issue: II"
    assert [block.amounts["lut"] for block in report.blocks] == [618, 96, 123, 23, 80, 48, 282]


def test_it_agrees_with_the_report_of_the_top(reference):
    folder = reference / "vendor_reports/vitis_hls_2024_1_summary"
    one, other = (
        read((folder / name).read_text()).resources
        for name in ("csynth.rpt", "myproject_csynth.rpt")
    )
    for name in ("lut", "ff", "dsp", "bram18", "uram", "latency_cycles", "ii_cycles", "part"):
        assert getattr(one, name) == getattr(other, name)


def test_loops_and_dataflow():
    report = read(summary())
    assert report.resources.note == "slack -0.12 ns; latency 60 ns; issue: Timing"
    assert (report.resources.lut, report.resources.bram18, report.resources.uram) == (1460, 3, 0)
    (block,) = report.blocks
    assert (block.name, block.depth, block.amounts["dsp"]) == ("dense_s", 2, 1)


def test_without_a_slack():
    figures = read(summary().replace("|Timing| -0.12|", "|Timing|     -|")).resources
    assert figures.note == "latency 60 ns; issue: Timing"


def test_latency_that_depends_on_data():
    text = summary().replace("       12|  60.000|", "        -|       -|")
    figures = read(text).resources
    assert (figures.latency_cycles, figures.ii_cycles) == (None, 3)
    assert "latency depends on the data" in figures.note


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("of 'tagger'", "of 'other'", "the first row is not the top function 'other'"),
        ("|+ tagger* ", "|+ taggers ", "the first row is not the top function 'tagger'"),
        ("|+ tagger* ", "|- tagger* ", "neither a module ('+') nor a loop ('o')"),
        ("1460 (12%) ", "14x0 (12%) ", "LUT is '14x0', expected a whole number"),
        ("1460 (12%) ", "1460 (12) % ", "the line is not as wide as its table"),
        ("     FF    |", "    FFs    |", "the column 'FF' is here 0 times, not once"),
        ("  60.000|", "       -|", "a latency of 12 cycles is not '-' ns"),
        ("* Target device:  x", "* Target part:  x", "the line '* Target device:' is missing"),
        ("+ Performance &", "+ Performances &", "Resource Estimates:' is missing"),
    ],
)
def test_damage_names_what_is_wrong(old, new, said):
    assert summary().count(old) == 1
    with pytest.raises(ReportReadError) as caught:
        read(summary().replace(old, new))
    assert said in str(caught.value)
    assert str(caught.value).startswith("csynth.rpt:")


def test_the_top_twice():
    with pytest.raises(ReportReadError, match="the top function 'tagger' is here twice"):
        read(summary(TOP, LOOP, TOP))


def test_a_table_without_modules():
    with pytest.raises(ReportReadError, match="the first row is not the top"):
        read(summary(LOOP))
