import json
import re
from functools import partial
from html.parser import HTMLParser
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

EVIL = "<img src=x onerror=alert(1)>|`*$x$"
# the models of the test folders are no models
write = partial(write_report, bits=False)
ELEMENTS_WITH_ADDRESS = {"img", "script", "link", "iframe", "object", "embed", "source", "image"}


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report about one run with its project, on simulated jets."""
    place = tmp_path_factory.mktemp("demo")
    run = make_run(place / "demo")
    synth = make_synth(place / "demo-synth", run=run)
    write([run, synth], place / "out")
    return place / "out"


@pytest.fixture(scope="module")
def told(demo: Path) -> dict:
    content: dict = json.loads((demo / "report.json").read_text())
    return content


def test_the_numbers_of_the_report(told: dict):
    assert told["format"] == "jetmix-report-2"
    (tagger,) = told["taggers"]
    assert tagger["glance"] == {
        "accuracy": 0.628,
        "accuracy_error": pytest.approx(0.0216155, abs=1e-6),
        "ebops": 12345,
        "origin": "estimate",
        "lut": 12500.0,
        "lut_low": 11800.0,
        "lut_high": 13400.0,
        "ff": None,
        "ff_low": None,
        "ff_high": None,
        "dsp": 0,
        "latency_cycles": 9,
        "latency_ns": 45.0,
        "ii_cycles": 1,
        "part": "xcvu13p-flga2577-2-e",
        "bit_exact": {"ir": 4000, "csim": 4000},
        "bits_differ": {},
    }
    assert tagger["mean_auc"] == pytest.approx(0.8861, abs=1e-4)
    assert tagger["metrics"]["auc"]["W"] == pytest.approx(0.9030, abs=1e-4)
    assert tagger["metrics"]["tpr_at_fpr10"]["W"] == pytest.approx(0.6, abs=0.2)
    assert tagger["missing"] == []
    assert tagger["provenance"]["git_revision"] == "0123abc"


def test_simulated_jets_stand_apart_from_published_rows(told: dict):
    (field,) = told["fields"]
    assert field["comparable_with_published"] is False
    assert "not comparable with published ones" in field["setting"]["caveat"]
    assert len(field["published"]) == 16
    assert len(field["published"]) + len(field["left_out"]) == 133
    assert {row["dataset"] for row in field["published"]} == {"jsc_plf"}
    panels = {(p["cost"], p["data"], p["origin"]): p["points"] for p in field["panels"]}
    for (_, data, origin), points in panels.items():
        ours = {point["ours"] for point in points}
        assert len(ours) == 1
        assert ours == {data.startswith("simulated jets")}
        assert origin == ("estimate" if ours == {True} else "post-route")
    assert [len(points) for points in panels.values()] == [12, 1, 12, 1]


def test_the_published_front_of_sixteen_features(told: dict):
    (panel,) = [
        p for p in told["fields"][0]["panels"] if p["cost"] == "lut" and p["data"] == "public jets"
    ]
    best = sorted((p["cost"], p["accuracy_pct"]) for p in panel["points"] if p["nondominated"])
    assert best == [(37675, 77.6), (39765, 81.0), (84326, 81.77), (192063, 82.36), (244515, 82.4)]


def test_the_page_is_one_file_without_network(demo: Path):
    text = (demo / "report.html").read_text()
    assert len(text.encode()) < 5_000_000
    seen = Page(text)
    for tag, attributes in seen.tags:
        if tag in ELEMENTS_WITH_ADDRESS:
            for key in ("src", "href", "xlink:href", "data"):
                assert not str(attributes.get(key) or "data:").startswith("http"), (tag, attributes)
        if tag == "a":
            assert re.match(r"(#|https://(arxiv|doi)\.org/)", attributes["href"] or "")
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_the_page_can_be_read_without_seeing_it(demo: Path):
    seen = Page((demo / "report.html").read_text())
    pictures = [attributes for tag, attributes in seen.tags if attributes.get("role") == "img"]
    assert len(pictures) == 10
    assert all(len(attributes["aria-label"] or "") > 40 for attributes in pictures)
    assert ("html", {"lang": "en"}) in seen.tags
    ids = [attributes["id"] for _, attributes in seen.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    assert sum(tag == "h1" for tag, _ in seen.tags) == 1


def test_the_page_says_what_it_should(demo: Path):
    text = Page((demo / "report.html").read_text()).text
    for words in (
        "62.80 ± 2.16% (500 test jets)",
        "C simulation: bit-exact on 3,500 jets and 500 other vectors",
        "12,500 (90%: 11,800 to 13,400) [estimate]",
        "9 cycles, 45.0 ns at 5 ns (target clock) [estimate]",
        "not run: Verilator is not installed",
        "Published: public jets (Zenodo 3602260); not comparable with the rows above",
        "direct [",
        "quoted [",
        "0123abc",
        "jetmix train demo",
    ):
        assert words in text, words


def test_markdown_holds_the_same_facts(demo: Path):
    text = (demo / "report.md").read_text()
    assert "| Accuracy | 62.80 ± 2.16% (500 test jets) |" in text
    assert "> **Note:** Accuracies measured on simulated jets" in text
    assert "| JEDI-linear | 64 | 82.36 | 192,063 | 91,667 | 0 | 93.2 | 1 |" in text
    assert "[arXiv:2508.15468](https://arxiv.org/abs/2508.15468)" in text
    assert "](figures/roc-1.png)" in text


def test_figures_are_files_too(demo: Path):
    names = sorted(path.name for path in (demo / "figures").iterdir())
    stems = [
        "confusion-1", "front-1", "headline", "lut-by-layer-1", "pareto-latency-1-1",
        "pareto-latency-1-2",        "pareto-lut-1-1", "pareto-lut-1-2", "roc-1", "scores-1",
    ]  # fmt: skip
    assert names == sorted(f"{stem}.{kind}" for stem in stems for kind in ("png", "svg"))
    assert (demo / "figures" / "roc-1.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, demo: Path):
    write([demo.parent / "demo", demo.parent / "demo-synth"], tmp_path / "again")
    files = [path for path in demo.rglob("*") if path.is_file()]
    assert len(files) == 24
    for path in files:
        again = tmp_path / "again" / path.relative_to(demo)
        assert path.read_bytes() == again.read_bytes(), path.name


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
