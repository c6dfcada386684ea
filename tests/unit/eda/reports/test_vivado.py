from pathlib import Path

import pytest

from jetmix.eda.reports.readers import parse, read_report
from jetmix.errors import ReportReadError
from tests.unit.eda.reports import vivado_text as make

LOGIC = make.site_table(
    ("CLB LUTs*", "12,345", 1728000),
    ("  LUT as Logic", "12,345", 1728000),
    ("CLB Registers", 6000, 3456000),
    ("CARRY8", 1500, 216000),
)
MEMORY = make.site_table(
    ("Block RAM Tile", 12.5, 2688), ("RAMB36/FIFO*", 10, 2688), ("RAMB18", 5, 5376), ("URAM", 3, 9)
)
DSP = make.site_table(("DSPs", 7, 12288), ("  DSP48E2 only", 7, 12288))
SECTIONS = {"CLB Logic": LOGIC, "BLOCKRAM": MEMORY, "ARITHMETIC": DSP}


def complaint(text):
    with pytest.raises(ReportReadError) as caught:
        parse(Path("util.rpt"), text)
    return str(caught.value)


def test_utilization_of_vivado_2024(reference):
    (report,) = read_report(reference / "vendor_reports/vitis_hls_2024_1_conv1d/vivado_synth.rpt")
    assert (report.kind, report.design) == ("Vivado utilization", "myproject")
    assert report.available == {
        "lut": 1728000, "ff": 3456000, "carry8": 216000, "bram18": 5376, "uram": 1280, "dsp": 12288
    }  # fmt: skip
    figures = report.resources
    assert figures.origin == "post-synthesis"
    assert figures.part == "xcu250-figd2104-2L-e"
    assert figures.tool_version == "Vivado 2024.1"
    assert (figures.lut, figures.ff, figures.carry8) == (8565, 4864, 790)
    assert (figures.dsp, figures.bram18, figures.uram) == (467, 24, 0)  # 12 tiles of two halves
    assert (figures.latency_cycles, figures.latency_ns, figures.ii_cycles) == (None, None, None)
    assert (figures.clock_target_ns, figures.clock_achieved_ns) == (None, None)


def test_halves_commas_and_footnotes():
    figures = parse(Path("util.rpt"), make.utilization(SECTIONS))[0].resources
    assert figures.origin == "post-route"
    assert (figures.lut, figures.ff, figures.carry8) == (12345, 6000, 1500)
    assert (figures.bram18, figures.uram, figures.dsp) == (25, 3, 7)


def test_seven_series_has_slices_and_no_carry8():
    logic = make.site_table(
        ("Slice LUTs", 36843, 133800), ("Slice Registers", 27522, 267600), prohibited=False
    )
    memory = make.site_table(
        ("Block RAM Tile", 211, 365), ("RAMB36/FIFO*", 1, 365), ("RAMB18", 420, 730),
        prohibited=False,
    )  # fmt: skip
    text = make.utilization(
        {"Slice Logic": logic, "Memory": memory}, device="7a200tfbg484-1", version="2018.2"
    )
    figures = parse(Path("util.rpt"), text)[0].resources
    assert (figures.lut, figures.ff, figures.carry8) == (36843, 27522, None)
    assert (figures.bram18, figures.uram, figures.dsp) == (422, None, None)  # no DSP section


@pytest.mark.parametrize(
    ("state", "origin", "note"),
    [
        ("Synthesized", "post-synthesis", None),
        ("Fully Placed", "post-synthesis", "placed, not routed"),
        ("Physopt postRoute", "post-route", None),
    ],
)
def test_state_of_the_design_gives_the_origin(state, origin, note):
    figures = parse(Path("util.rpt"), make.utilization(SECTIONS, state=state))[0].resources
    assert (figures.origin, figures.note) == (origin, note)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "Design State : Routed",
            "Design State : Half",
            "'Half' is none of Synthesized, Optimized",
        ),
        ("Design State : Routed", "Design Stage : Routed", "'| Design State :' is missing"),
        ("Vivado v.2022.2", "Quartus v.2022.2", "is not a version of Vivado"),
        ("2. BLOCKRAM\n---", "2. BLOCKS\n---", "util.rpt:15: the section '2. BLOCKRAM' stands 0"),
        ("| DSPs           |", "| DSQs           |", "the site type 'DSPs' is missing"),
        ("| 12.5 |", "| 12.0 |", "12 block RAM tiles are not 10 RAMB36 and 5 RAMB18"),
        ("| CLB LUTs*      | 12,345 |", "| CLB LUTs*      | 12,34  |", "CLB LUTs is '12,34'"),
        ("| CLB LUTs*      | 12,345 |", "| CLB LUTs*      | 12,345", "not as wide as its table"),
    ],
)
def test_damage_names_what_is_wrong(old, new, said):
    text = make.utilization(SECTIONS)
    assert text.count(old) == 1
    assert said in complaint(text.replace(old, new))


def test_a_report_cut_after_a_section_is_refused():
    text = make.utilization(SECTIONS)
    assert "the section '3. ARITHMETIC' stands 0 times" in complaint(
        text[: text.index("3. ARITHMETIC\n---")]
    )
