"""Reports about runs and projects of many kinds, and what is refused."""

import json
import re
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from jetmix.cli.report import report as command
from jetmix.errors import RunConflictError, UsageError
from jetmix.report.build import write_report
from jetmix.report.render import page
from jetmix.verification.result import Mismatch
from tests.unit.report.folders import (
    SIXTEEN,
    THREE,
    edit,
    make_run,
    make_synth,
    resources,
    verification,
)
from tests.unit.report.page_reader import Page

EVIL = "<img src=x onerror=alert(1)>|`*$x$"
# the models of the test folders are no models
write = partial(write_report, bits=False)


@pytest.mark.usefixtures("no_drawing")
def test_a_public_run_shares_axes_with_rows_of_its_origin_only(tmp_path: Path):
    run = make_run(tmp_path / "pub", origin="public")
    routed = resources(origin="post-route", lut=50500.0, lut_low=None, lut_high=None)
    one = make_synth(tmp_path / "routed", run=run, reports=[resources(), routed])
    two = make_synth(tmp_path / "estimated", run=run)
    content = write([run, one, two], tmp_path / "out").content
    (field,) = content["fields"]
    assert field["comparable_with_published"] is True
    assert field["setting"]["caveat"] is None
    panels = {p["origin"]: p["points"] for p in field["panels"] if p["cost"] == "lut"}
    assert [p["id"] for p in panels["post-route"] if p["ours"]] == ["pub / routed"]
    assert [p["id"] for p in panels["estimate"]] == ["pub / estimated"]
    html = Page((tmp_path / "out" / "report.html").read_text()).text
    assert "not comparable" not in html


@pytest.mark.usefixtures("no_drawing")
def test_three_features_meet_three_features(tmp_path: Path):
    run = make_run(tmp_path / "three", origin="public", features=THREE)
    (field,) = write([run], tmp_path / "out").content["fields"]
    assert {row["n_features"] for row in field["published"]} == {3}
    assert {row["pt_gate_gev"] for row in field["published"]} == {0}
    assert len(field["published"]) == 10


@pytest.mark.parametrize("architecture", ["hlf-mlp", "hlf-mlp-qkeras"])
def test_a_run_on_jet_level_features_becomes_a_report(tmp_path: Path, architecture: str):
    names = [f"j_{name}" for name in SIXTEEN]
    run = make_run(
        tmp_path / "hlf",
        origin="public",
        features=names,
        architecture=architecture,
        n_particles=None,
    )
    content = write([run, make_synth(tmp_path / "s", run=run)], tmp_path / "out").content
    assert content["taggers"][0]["n_particles"] is None
    (field,) = content["fields"]
    assert field["published"] == []
    assert len(field["left_out"]) == 133
    text = (tmp_path / "out" / "report.md").read_text()
    assert "16 jet-level features" in text
    assert "Published: public jets" not in text


@pytest.mark.usefixtures("no_drawing")
def test_a_partial_run_says_what_is_missing(tmp_path: Path, run: Path):
    (run / "2-train" / "stage.json").unlink()
    content = write([run], tmp_path / "out").content
    assert [gap["what"] for gap in content["taggers"][0]["missing"]] == [
        "accuracy, AUC and confusion matrix",
        "resources, latency and bit-exactness",
    ]
    text = Page((tmp_path / "out" / "report.html").read_text()).text
    assert "2-train has no stage.json, so the stage did not finish" in text
    assert "What is missing" in (tmp_path / "out" / "report.md").read_text()


@pytest.mark.usefixtures("no_drawing")
def test_a_project_alone_that_knows_nothing_is_still_reported(tmp_path: Path):
    synth = make_synth(tmp_path / "s")
    content = write([synth], tmp_path / "out").content
    (field,) = content["fields"]
    assert "jets are not known" in field["setting"]["caveat"]
    assert content["taggers"][0]["glance"]["lut"] == 12500


@pytest.mark.usefixtures("no_drawing")
def test_differing_bits_are_told_first(tmp_path: Path, run: Path):
    first = Mismatch(
        vector=7, origin="jet", output=2, reference=5.0, candidate=4, layer="head -> output"
    )
    failed = verification(status="failed", n_mismatch=3, max_diff_lsb=1.0, first_mismatch=first)
    synth = make_synth(tmp_path / "s", run=run, checks=[failed])
    content = write([run, synth], tmp_path / "out").content
    assert content["taggers"][0]["glance"]["bits_differ"] == {"csim": 3}
    assert content["taggers"][0]["glance"]["bit_exact"] == {}
    text = Page((tmp_path / "out" / "report.html").read_text()).text
    assert (
        "3 of 3,500 jets and 500 other vectors differ. This firmware is not the trained tagger."
        in text
    )
    assert "jet vector 7, output 2: 4 instead of 5 LSB" in text
    assert "head -> output" in text
    (result,) = content["taggers"][0]["verification"]
    assert result["first_mismatch"]["layer"] == "head -> output"


def test_names_cannot_inject_markup(tmp_path: Path):
    run = make_run(tmp_path / EVIL)
    edit(run / "1-data" / "dataset.json", path=f"/data/{EVIL}")
    edit(run / "provenance.json", command=[EVIL, "</script><script>alert(2)</script>"])
    (run / "recipe.toml").write_text("[tagger]\narchitecture = '</pre><script>alert(3)</script>'\n")
    reports = [resources(part=EVIL, note=EVIL, tool_version=EVIL)]
    checks = [verification(reference=EVIL, vectors={EVIL: 4000})]
    synth = make_synth(tmp_path / "s", run=run, reports=reports, checks=checks)
    write([run, synth], tmp_path / "out")
    seen = Page((tmp_path / "out" / "report.html").read_text())
    assert not [tag for tag, _ in seen.tags if tag == "img"]
    kinds = [attributes.get("type") for tag, attributes in seen.tags if tag == "script"]
    assert kinds == ["application/json"] * 4 + [None] * 2
    assert not [a for _, attributes in seen.tags for a in attributes if a.startswith("on")]
    assert EVIL in seen.text
    markdown = (tmp_path / "out" / "report.md").read_text()
    outside_blocks = "\n".join(line for line in markdown.splitlines() if line[:4].strip())
    assert not re.search(r"(?<!\\)<(?!/?details>|/?summary>)", outside_blocks)
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in rows]
    assert set(widths) <= {3, 4, 5, 6, 7, 8, 10, 15, 18}


def test_a_name_that_is_no_text_is_shown_replaced(tmp_path: Path):
    run = make_run(Path(f"{tmp_path}/bad\udcff\u4e2d\u6587"))
    content = write([run], tmp_path / "out").content
    assert content["taggers"][0]["name"] == "bad?\u4e2d\u6587"


def test_a_page_too_large_leaves_its_figures_in_their_files(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(page, "MAX_BYTES", 100_000)
    write([run], tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text()
    assert len(text.encode()) < 100_000
    assert "(figures/roc-1.svg)" in Page(text).text


@pytest.mark.usefixtures("no_drawing")
def test_mixed_data_sets_need_leave(tmp_path: Path):
    one, two = make_run(tmp_path / "a"), make_run(tmp_path / "b", origin="public")
    with pytest.raises(UsageError) as caught:
        write([one, two], tmp_path / "out")
    assert "'a' on simulated jets (simulated.h5, SHA-256 abababab) and 'b' on public jets" in str(
        caught.value
    )
    assert not (tmp_path / "out").exists()
    content = write([one, two], tmp_path / "out", allow_mixed=True).content
    assert [field["taggers"] for field in content["fields"]] == [["a"], ["b"]]


@pytest.mark.usefixtures("no_drawing")
def test_foreign_folders_are_refused_and_old_reports_replaced(
    tmp_path: Path, run: Path, synth: Path
):
    with pytest.raises(RunConflictError, match="not empty and was not made by this command"):
        write([run, synth], synth)
    write([run, synth], tmp_path / "out")
    (tmp_path / "out" / "figures" / "old.png").write_text("old")
    write([run], tmp_path / "out")
    assert not (tmp_path / "out" / "figures" / "old.png").exists()
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert told["taggers"][0]["resources"] == []


@pytest.mark.usefixtures("no_drawing")
def test_the_command_prints_the_figures(tmp_path: Path, run: Path, synth: Path):
    done = CliRunner().invoke(
        command, [str(run), str(synth), "--out", str(tmp_path / "out"), "--no-bits", "--json"]
    )
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    for words in (
        "62.80 ± 2.16%",
        "12,345",
        "3,500 jets and 500 other vectors",
        "11,800 to 13,400",
    ):
        assert any(words in line for line in lines), words
    assert any("9 cycles, 45.0 ns" in line and "estimate" in line for line in lines)
    assert str(tmp_path / "out" / "report.html") in lines[-2]
    assert json.loads(lines[-1])["taggers"][0]["lut"] == 12500


def test_a_notebook_shows_the_headline_and_the_main_figure(tmp_path: Path):
    run = make_run(tmp_path / "<b>demo")
    written = write([run, make_synth(tmp_path / "s", run=run)], tmp_path / "out")
    assert written.path == tmp_path / "out" / "report.html"
    assert (written.checks, written.passed) == ((), True)
    shown = written._repr_html_()
    seen = Page(shown)
    assert "62.80 ± 2.16%" in seen.text
    assert "12,500 (90%: 11,800 to 13,400) [estimate]" in seen.text
    assert "<b>demo" not in shown
    assert [tag for tag, _ in seen.tags].count("svg") == 1


def test_the_command_without_a_run_is_a_usage_error(tmp_path: Path):
    done = CliRunner().invoke(command, ["--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "Missing argument 'DIR...'" in done.output
