"""Jets that stand for their class: matched to the hard process, isotropic decays of W and Z."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest

from jetmix.data.simulation.clustering import Jets, cluster
from jetmix.data.simulation.detector import counter_uniforms, observe
from jetmix.data.simulation.events import W, Z, next_events, start_pythia
from jetmix.data.simulation.features import mass
from jetmix.data.simulation.matching import choose, isotropic_odds, matched
from jetmix.data.simulation.presets import read_preset

PRESET = read_preset("public-like")
# the hard process and the decays of its bosons alone: hundreds of times faster
BARE = (
    "PartonLevel:ISR = off",
    "PartonLevel:FSR = off",
    "PartonLevel:Remnants = off",
    "HadronLevel:all = off",
    "Check:event = off",
)


def p4(pt, eta, phi):
    pt, eta, phi = (np.asarray(v, float) for v in (pt, eta, phi))
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], -1)


def events(name, n, *, bare):
    pythia = start_pythia((*PRESET.pythia[name], *(BARE if bare else ())), where="test")
    return next_events(pythia, n, first_event=0)


@pytest.fixture(scope="module")
def w_events():
    made = events("W", 250, bare=False)
    settings = replace(PRESET.jets, match_radius=0.0)
    jets = cluster(observe(made.particles, PRESET.detector, 1), settings)
    return made, jets


def test_the_hardest_jet_near_a_hard_parton_is_taken():
    partons = replace(
        events("q", 3, bare=True).partons,
        event=np.array([5, 5, 7, 7, 8, 8]),
        momenta=p4([1000] * 6, [0, 1, 0, 1, 0, 1], [3.1, 0, 3.1, 0, 3.1, 0]),
    )
    # event 5: the leading jet is radiated; 7: across the border in phi; 8: none is near
    jets = Jets(
        event=np.array([5, 5, 7, 7, 8]),
        momenta=p4([1100, 990, 1010, 990, 500], [2, 1.1, 0.1, 1, 0.5], [0, 0.1, -3.1, 0, 3.1])[
            :, None
        ],
    )
    rows, partner = matched(jets, partons, 0.3)
    assert rows.tolist() == [1, 2]
    assert partner.tolist() == [1, 2]


def test_matching_keeps_the_bosons_and_counts_what_it_drops(w_events):
    made, jets = w_events
    chosen = choose(jets, made, replace(PRESET.jets, w_anisotropy=0.0), 1)
    assert len(np.unique(chosen.jets.event)) == len(chosen.jets.event)
    assert len(chosen.jets.event) + len(chosen.unmatched) == made.n
    assert len(chosen.unmatched) <= 0.02 * made.n
    # the label is pure: both prongs of a W are inside but for a few soft ones
    assert (mass(chosen.jets.momenta.sum(axis=1)) > 60).mean() > 0.9
    partner = made.partons.kind[chosen.partner]
    assert set(partner) == {W}


def test_events_dropped_for_isotropy_are_counted(w_events):
    made, jets = w_events
    chosen = choose(jets, made, PRESET.jets, 1)
    dropped = len(chosen.anisotropic)
    assert len(chosen.jets.event) + len(chosen.unmatched) + dropped == made.n
    assert 0.08 < dropped / made.n < 0.3
    again = choose(jets, made, PRESET.jets, 1)
    np.testing.assert_array_equal(chosen.jets.event, again.jets.event)
    other = choose(jets, made, PRESET.jets, 2)
    assert chosen.anisotropic.tolist() != other.anisotropic.tolist()


def test_without_matching_every_jet_stays(w_events):
    made, jets = w_events
    chosen = choose(jets, made, read_preset("windowed").jets, 1)
    assert chosen.jets is jets
    assert len(chosen.unmatched) == len(chosen.anisotropic) == 0


@pytest.mark.parametrize(("name", "boson"), [("W", W), ("Z", Z)])
def test_accepted_decays_are_isotropic(name, boson):
    partons = events(name, 6000, bare=True).partons
    assert set(partons.kind) == {boson}
    cosine = partons.cos_theta
    assert abs(cosine).max() <= 1
    odds = isotropic_odds(partons, PRESET.jets)
    kept = counter_uniforms(3, partons.event, np.arange(len(odds))) <= odds
    assert 0.7 < kept.mean() < 0.9
    # Kolmogorov-Smirnov: 12,000 decays as Pythia makes them are far from flat, those kept are not
    assert kstest(abs(cosine), "uniform").pvalue < 1e-20
    assert kstest(abs(cosine[kept]), "uniform").pvalue > 1e-3


def test_only_bosons_have_decay_angles():
    top = events("t", 50, bare=True).partons
    assert set(top.kind) == {6}
    assert np.isnan(top.cos_theta).all()
    np.testing.assert_array_equal(isotropic_odds(top, PRESET.jets), 1)
    assert np.bincount(top.event).tolist() == [2] * 50


@pytest.mark.parametrize(("name", "pairs"), [("q", True), ("q", False), ("g", True)])
def test_quark_pairs_are_quark_and_antiquark(name, pairs):
    pythia = start_pythia((*PRESET.pythia[name], *BARE), where="test", quark_pairs_only=pairs)
    made = []
    for _ in range(100):
        assert pythia.next()
        made.append([pythia.event[row].id() for row in (5, 6)])
    opposite = np.array(made).sum(axis=1) == 0
    # without the setting most quarks scatter as they are; gluons are never touched
    assert opposite.mean() == 1 if name == "q" and pairs else opposite.mean() < 0.3
