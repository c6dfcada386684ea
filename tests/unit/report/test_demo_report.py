"""The report about one run with its project, on simulated jets."""

import json
import re
from functools import partial
from pathlib import Path

import pytest

from jetmix.report.build import write_report
from tests.unit.report.folders import make_run, make_synth
from tests.unit.report.page_reader import Page

# the models of the test folders are no models
write = partial(write_report, bits=False)
ELEMENTS_WITH_ADDRESS = {"img", "script", "link", "iframe", "object", "embed", "source", "image"}


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
