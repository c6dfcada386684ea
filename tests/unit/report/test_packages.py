"""Packages in the report: beside the synthesis that they were made of."""

import os
import shutil
from pathlib import Path

import pytest

from jetmix.errors import BitsDifferError, ReportReadError
from jetmix.packaging.package import PACKAGE_FILE, Package
from jetmix.report.build import write_report
from jetmix.report.collect import collect
from jetmix.report.sections import packages
from jetmix.report.summary import summary
from jetmix.resources.report import RESOURCES_FILE, ResourceReport, write_resources
from jetmix.support.files import file_digest, tree_digest
from jetmix.support.records import write
from jetmix.synthesis.synth_dir import LOWERED
from jetmix.verification.result import write_results
from tests.unit.report.folders import verification


@pytest.fixture
def package(synth: Path) -> Path:
    """A package of the synthesis, as ``jetmix package`` leaves it."""
    folder = synth.parent / "package"
    folder.mkdir()
    network = ResourceReport(
        origin="estimate", part="xcvu13p", lut=900, lut_low=800, lut_high=1000, ff=300,
        latency_cycles=7, part_of="network",
    )  # fmt: skip
    wrapper = ResourceReport(
        origin="yosys", part="xcvu13p", lut=40, lut_memory=32, ff=11, latency_cycles=1,
        part_of="wrapper",
    )  # fmt: skip
    write_resources(folder, [network, wrapper])
    record = Package(
        target="axi-stream",
        name="mine",
        version=2,
        synth_sha256=tree_digest(synth, list(LOWERED)),
        synth=os.path.relpath(synth, folder),
        files={RESOURCES_FILE: file_digest(folder / RESOURCES_FILE)},
    )
    write(folder / PACKAGE_FILE, record)
    return folder


def rows(*folders):
    table = packages.packages(collect(folders))
    return [[cell.text for cell in row] for group in table.groups for row in group.rows]


def test_network_and_wrapper_are_told_apart(package: Path):
    shown = rows(package)
    assert shown == [
        ["mine_v2", "axi-stream", "not run", "network", "900 (90%: 800 to 1,000)", "300", "7",
         "estimate"],
        ["mine_v2", "axi-stream", "not run", "wrapper", "40", "11", "1", "Yosys synthesis"],
    ]  # fmt: skip
    write_results(package, [verification("package")])
    assert {row[2] for row in rows(package)} == {"passed"}


def test_a_package_joins_its_synthesis_and_run_once(package: Path, synth: Path, run: Path):
    (alone,) = collect([package])
    (joined,) = collect([run, synth, package])
    assert [tagger.packages[0].record.label for tagger in (alone, joined)] == ["mine_v2"] * 2
    assert (joined.folders, alone.folders) == ((run, synth), (package / alone_path(package),))
    assert rows(synth) == []
    (line,) = [line for line in summary([joined]) if line.startswith("Package:")]
    assert "mine_v2 (axi-stream); network: 900 LUT, 300 FF [estimate], 7 cycles" in line
    assert "wrapper: 40 LUT (32 of them memory), 11 FF [Yosys synthesis], 1 cycle" in line


def alone_path(package: Path) -> str:
    return os.path.relpath(package.parent / "demo-synth", package)


@pytest.mark.usefixtures("no_drawing")
def test_page_and_data_hold_the_packages(package: Path, tmp_path: Path):
    written = write_report([package], tmp_path / "report", bits=False)
    (tagger,) = written.content["taggers"]
    (found,) = tagger["packages"]
    assert (found["target"], found["version"]) == ("axi-stream", 2)
    assert [report["part_of"] for report in found["resources"]] == ["network", "wrapper"]
    assert "Packages: what network and wrapper take" in (tmp_path / "report/report.md").read_text()


def test_a_package_without_its_synthesis_is_refused(package: Path, synth: Path, tmp_path: Path):
    moved = shutil.move(synth, tmp_path / "elsewhere")
    with pytest.raises(ReportReadError, match="name its folder"):
        collect([package])
    assert rows(Path(moved), package)
    (package / RESOURCES_FILE).write_text("[]")
    with pytest.raises(BitsDifferError, match=RESOURCES_FILE):
        collect([Path(moved), package])
