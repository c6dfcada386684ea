"""Reports of co-simulation and power that lie in the vendor's folder of a synthesis."""

import os
from pathlib import Path

import pytest

from jetmix.errors import ReportReadError
from jetmix.report.build import write_report
from jetmix.report.collect import collect
from jetmix.report.sections import trust, vendor
from tests.unit.eda.reports.more_text import cosim, hierarchy, power
from tests.unit.report.page_reader import Page

NA = ("NA",) * 7
PASSED = cosim(("VHDL", "NA", *NA), ("Verilog", "Pass", 4, 5, 7, 1, 1, 1, 1023))
FAILED = cosim(("Verilog", "Fail", *NA))


@pytest.fixture
def report_folder(synth: Path) -> Path:
    folder = synth / "vendor" / "work" / "sim" / "report"
    folder.mkdir(parents=True)
    return folder


def rows(synth):
    table = vendor.outcomes(collect([synth]))
    return [[cell.text for cell in row] for group in table.groups for row in group.rows]


def test_outcomes_are_found(synth: Path, report_folder: Path):
    (report_folder / "jetmix_tagger_cosim.rpt").write_text(PASSED)
    (synth / "vendor" / "a_copy.rpt").write_text(PASSED)
    (synth / "vendor" / "power.rpt").write_text(power())
    (synth / "vendor" / "drc.rpt").write_text("Report DRC")
    (synth / "vendor" / "hierarchy.rpt").write_text(hierarchy() + "damaged, but not asked for")
    copy = [
        ["Co-simulation of VHDL", "not stated", "not run", "", "a_copy.rpt"],
        [
            "Co-simulation of Verilog", "not stated", "passed",
            "latency 4 to 7 cycles (mean 5), interval 1 cycle, 1,023 cycles in all", "a_copy.rpt",
        ],
    ]  # fmt: skip
    assert rows(synth) == [
        *copy,
        [
            "Power, post-route", "jetmix_tagger", "1.531 W, 0.138 W static, confidence Medium",
            "junction 42.7 °C", "power.rpt",
        ],
    ]  # fmt: skip


def test_without_any_there_is_no_table(synth: Path):
    assert rows(synth) == []


def test_a_failure_is_a_warning(synth: Path, report_folder: Path):
    (report_folder / "jetmix_tagger_cosim.rpt").write_text(FAILED)
    section = trust.section(collect([synth]))
    assert section.warnings == (
        "demo-synth: the co-simulation of Verilog failed (jetmix_tagger_cosim.rpt)",
    )


def test_a_damaged_one_is_named(synth: Path, report_folder: Path):
    path = report_folder / "jetmix_tagger_cosim.rpt"
    path.write_text(PASSED.replace("Pass", "Past"))
    with pytest.raises(ReportReadError) as caught:
        collect([synth])
    assert str(caught.value).startswith(f"{path}:11: the status 'Past' is none of")


@pytest.mark.usefixtures("no_drawing")
def test_a_name_that_is_no_text(synth: Path, report_folder: Path, tmp_path: Path):
    (report_folder / os.fsdecode(b"top\xff_cosim.rpt")).write_text(PASSED)
    content = write_report([synth], tmp_path / "out", bits=False).content
    (report,) = content["taggers"][0]["vendor"]
    assert (report["design"], report["file"]) == ("top?", "top?_cosim.rpt")


@pytest.mark.usefixtures("no_drawing")
def test_page_and_data_show_them(synth: Path, run: Path, report_folder: Path, tmp_path: Path):
    (report_folder / "jetmix_tagger_cosim.rpt").write_text(PASSED)
    content = write_report([run, synth], tmp_path / "out", bits=False).content
    (report,) = content["taggers"][0]["vendor"]
    assert (report["status"], report["design"], report["file"]) == (
        "passed", "jetmix_tagger", "jetmix_tagger_cosim.rpt"
    )  # fmt: skip
    assert report["runs"][1]["latency"] == {"min": 4, "avg": 5, "max": 7}
    assert "Co-simulation of Verilog" in Page((tmp_path / "out" / "report.html").read_text()).text
