"""Descriptions: figures of files whose content is known, and the page of plots."""

import errno
import re

import numpy as np
import pytest
from PIL import Image

from jetmix import words
from jetmix.data.describing.describe import describe
from jetmix.data.describing.plot import plot
from jetmix.data.describing.separation import bayes_accuracy, mass_peak
from jetmix.data.describing.survey import survey
from jetmix.data.schema import PARTICLE_FEATURES
from jetmix.errors import DataError
from jetmix.support.packaged import shipped
from tests.unit.data.conftest import JET_COLUMNS, random_jets, write_jets

SAMPLE = shipped("datasets/sample/jets.h5")


def test_counts_padding_duplicates_and_bad_values(tmp_path):
    x, jets = random_jets(n_jets=100, n_constituents=20)
    x[7], jets[7, :3] = x[5], jets[5, :3]
    x[3, 2, PARTICLE_FEATURES.index("etarot")] = np.nan
    jets[4, JET_COLUMNS.index("j_mass")] = np.inf
    found = describe(write_jets(tmp_path / "jets.h5", x, jets))
    assert found.n_jets == 100
    assert found.counts == dict.fromkeys("gqWZt", 20)
    assert sum(found.splits.values()) == 100
    assert (found.n_duplicates, found.n_not_finite) == (1, 2)
    padding = (x[..., PARTICLE_FEATURES.index("pt")] == 0).mean()
    assert found.padding_share == pytest.approx(padding)
    assert found.multiplicity_median["all"] == np.median(jets[:, 2])
    assert found.bayes_accuracy == {"mass": None, "mass and multiplicity": None, "jet pT": None}
    real = x[x[..., PARTICLE_FEATURES.index("pt")] > 0][:, PARTICLE_FEATURES.index("px")]
    expected = (real.min(), real.mean(), real.max())
    assert found.feature_ranges["px"] == pytest.approx(expected, rel=1e-4)


def test_the_shipped_sample_is_what_its_page_says():
    found = describe(SAMPLE)
    assert found.origin == "simulated"
    assert found.counts == dict.fromkeys("gqWZt", 4000)
    assert (found.n_constituents, found.n_duplicates, found.n_not_finite) == (16, 0, 0)
    for name, public in (("all", 46), ("g", 64), ("q", 35)):
        assert found.multiplicity_median[name] == pytest.approx(public, rel=0.1)
    assert found.mass_peak_gev["W"] == pytest.approx(80, abs=2)
    assert found.mass_peak_gev["Z"] == pytest.approx(91, abs=2)
    assert found.bayes_accuracy["mass"] == pytest.approx(0.677, abs=0.02)
    assert found.bayes_accuracy["jet pT"] < 0.6
    text = SAMPLE.with_name("README.md").read_text()
    assert found.sha256 in text
    assert f"{SAMPLE.stat().st_size:,} bytes" in text
    assert SAMPLE.stat().st_size <= 10_000_000


def test_lines_name_the_public_figures():
    lines = words.description(describe(SAMPLE))
    assert "jets per class: g 4000  q 4000  W 4000  Z 4000  t 4000" in lines
    assert any(re.search(r"all \d+ \(public 46\)", line) for line in lines)
    assert any("(public 67.7%)" in line and "(public 73.6%)" in line for line in lines)


def test_bayes_accuracy_of_known_distributions():
    rng = np.random.default_rng(0)
    y = np.arange(50_000) % 5
    useless, perfect = rng.normal(size=len(y)), y + rng.uniform(0, 0.5, len(y))
    assert bayes_accuracy(y, [useless], [50]) == pytest.approx(0.2, abs=0.01)
    assert bayes_accuracy(y, [perfect], [50]) == pytest.approx(1, abs=0.001)
    pair = np.where(y < 2, 0, 1) + rng.uniform(0, 0.5, len(y))
    assert bayes_accuracy(y, [pair], [50]) == pytest.approx(0.4, abs=0.01)
    assert bayes_accuracy(y[:80], [useless[:80]], [50]) is None


def test_mass_peak_ignores_a_shoulder():
    rng = np.random.default_rng(1)
    mass = np.r_[rng.normal(80.4, 2, 600), rng.uniform(20, 120, 400)]
    assert mass_peak(mass, (60, 100)) == pytest.approx(80.4, abs=0.5)
    assert mass_peak(np.array([200.0]), (60, 100)) is None


def test_plot_is_a_page_with_all_classes_on_it(tmp_path):
    out = tmp_path / "page.png"
    found = survey(SAMPLE)
    plot(found, describe(SAMPLE, found), out)
    with Image.open(out) as picture:
        assert picture.width > 1500
        assert picture.height > 900
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    for colour in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (0x00, 0x9E, 0x73)):
        assert (pixels == colour).all(axis=1).sum() > 500
    assert [p.name for p in tmp_path.iterdir()] == ["page.png"]


def test_a_panel_with_nothing_to_show_is_left_out(tmp_path):
    x, jets = random_jets(n_jets=100, n_constituents=20)
    gluons = jets[:, JET_COLUMNS.index("j_g")] == 1
    x[..., PARTICLE_FEATURES.index("deltaR")] = -1  # outside of the histogram
    path = write_jets(tmp_path / "jets.h5", x[~gluons], jets[~gluons])
    found = survey(path)
    plot(found, describe(path, found), tmp_path / "page.svg")
    # matplotlib draws glyphs, and tells the text in a comment before them
    page = (tmp_path / "page.svg").read_text()
    assert "<!-- Constituents -->" in page
    assert "<!-- Best accuracy from jet-level quantities alone [%] -->" not in page


def test_full_disk_leaves_no_plot(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    found = survey(SAMPLE)
    with pytest.raises(DataError, match="the disk is full") as error:
        plot(found, describe(SAMPLE, found), tmp_path / "page.png")
    assert error.value.where == str(tmp_path)
    assert not list(tmp_path.iterdir())
