"""Utilization of the parts of a design: instances, SLRs and kernels."""

from pathlib import Path

import pytest

from jetmix.eda.reports.readers import parse, read_report
from jetmix.errors import ReportReadError
from tests.unit.eda.reports.more_text import hierarchy

TOP = ("tagger", "(top)", 900, 700, 150, 50, 400, 2, 1, 1, 9)
OWN = ("  (tagger)", "(top)", 100, 100, 0, 0, 40, 0, 0, 0, 0)
DENSE = ("  dense", "dense_s", 820, 620, 150, 50, 360, 2, 1, 1, 9)
MUL = ("    mul", "mul_s", 400, 400, 0, 0, 9, 0, 0, 0, 4)
KERNEL = "vendor_reports/vitis_2022_2_kernel/impl_1_kernel_util_routed.rpt"
SLR = "vendor_reports/vitis_2022_2_kernel/impl_1_slr_util_routed.rpt"


def read(text):
    (report,) = parse(Path("util.rpt"), text)
    return report


def complaint(text):
    with pytest.raises(ReportReadError) as caught:
        read(text)
    assert str(caught.value).startswith("util.rpt:")
    return str(caught.value)


def changed(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1
    return text.replace(old, new)


def test_hierarchy():
    report = read(hierarchy(TOP, OWN, DENSE, MUL))
    assert (report.kind, report.design) == ("Vivado hierarchical utilization", "tagger")
    figures = report.resources
    assert (figures.origin, figures.tool_version) == ("post-synthesis", "Vivado 2023.2")
    assert (figures.lut, figures.ff, figures.dsp, figures.bram18, figures.uram) == (
        900, 400, 9, 5, 1
    )  # fmt: skip
    assert [(block.name, block.depth) for block in report.blocks] == [
        ("(tagger)", 1), ("dense", 1), ("mul", 2)
    ]  # fmt: skip


def test_hierarchy_of_seven_series_with_shares():
    row = [f"{n}(1.25%)" if isinstance(n, int) else n for n in TOP[:9]]
    report = read(hierarchy((*row, "9(<0.01%)"), dsp="DSP48 Blocks", uram=False))
    assert (report.resources.lut, report.resources.dsp) == (900, 9)
    assert report.resources.uram is None
    assert report.blocks == ()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((TOP, MUL), "the indentation is not that of an instance below the row above"),
        ((TOP, TOP), "the indentation is not that of an instance"),
        ((TOP, DENSE, DENSE), "the instance 'dense' is here a second time"),
        ((OWN, TOP), "the indentation is not that of an instance"),
        ((TOP, (*DENSE[:-1], 10)), "'dense' takes more dsp than the instance it is in"),
        ((("tagger", "(top)", 901, *TOP[3:]),), "901 LUT in all are not 700 + 150 + 50"),
        (((*TOP[:-1], "?"),), "DSP Blocks is '?', expected a whole number"),
        ((), "1 tables in this section, expected one with rows"),
    ],
)
def test_damaged_hierarchy(rows, said):
    assert said in complaint(hierarchy(*rows))


def test_slr_of_vivado_2022(reference):
    (report,) = read_report(reference / SLR)
    assert (report.kind, report.design) == ("Vivado SLR utilization", "level0_wrapper")
    figures = report.resources
    assert (figures.origin, figures.part) == ("post-route", "xcu55c-fsvh2892-2L-e")
    assert (figures.lut, figures.ff, figures.dsp) == (204475, 238042, 104)
    assert (figures.bram18, figures.uram, figures.carry8) == (1804, 0, 8275)
    assert [(block.name, block.amounts["lut"]) for block in report.blocks] == [
        ("SLR0", 82653), ("SLR1", 96278), ("SLR2", 25544)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("|    411 |   441 |", "|    412 |   441 |", "412 block RAM tiles are not 397 RAMB36"),
        ("| CLB LUTs    ", "| CLB LUT     ", "the site type 'CLB LUTs' is missing"),
        ("|  82653 |", "|  826x3 |", "CLB LUTs is '826x3', expected a whole number"),
        ("|  SLR0  |  SLR1 |", "|  SLR0  |  SLR0 |", "the columns are not site types by SLR"),
        ("Design State : Routed", "Design State : Rooted", "the design state 'Rooted' is none"),
    ],
)
def test_damaged_slr(reference, old, new, said):
    assert said in complaint(changed(reference / SLR, old, new))


def test_kernels_of_vitis_2022(reference):
    (report,) = read_report(reference / KERNEL)
    assert (report.kind, report.design) == ("Vitis kernel utilization", "level0_wrapper")
    figures = report.resources
    assert (figures.origin, figures.part, figures.tool_version) == (
        "post-route", "xcu55c", "Vivado 2022.2"
    )  # fmt: skip
    assert (figures.lut, figures.ff, figures.dsp) == (76870, 59342, 100)
    assert (figures.bram18, figures.uram) == (1400, 0)  # 700 tiles of two halves
    assert figures.note == "kernels alone, without the platform"
    assert report.available["lut"] == 1176075
    assert [(block.name, block.depth) for block in report.blocks] == [
        ("kernel_wrapper", 1), *((f"kernel_wrapper_{n}", 2) for n in (1, 2, 3, 4))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("|   19247 [", "|   19248 [", "76870 lut of 'kernel_wrapper' are not the 76871"),
        ("| 1099205 [", "| 1099204 [", "1176075 lut of 'User Budget' are not the 1176074"),
        ("|  175 [  9.64%] |   0 [  0.00%] |   25 [  0.28%] |\n|    kernel_wrapper_2",
         "|  17x [  9.64%] |   0 [  0.00%] |   25 [  0.28%] |\n|    kernel_wrapper_2",
         "BRAM is '17x', expected a number"),
        ("| User Budget ", "| Your Budget ", "the rows are not Platform, User Budget"),
        ("| LUTAsMem ", "| LUTAsRAM ", "the columns are not the expected ones"),
    ],
)  # fmt: skip
def test_damaged_kernels(reference, old, new, said):
    assert said in complaint(changed(reference / KERNEL, old, new))
