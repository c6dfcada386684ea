"""High-level features: by hand for few constituents, against FastJet's contrib for many."""

import itertools

import awkward as ak
import fastjet
import numpy as np
import pytest

from jetmix.data.schema import HIGH_LEVEL_FEATURES
from jetmix.data.simulation.features import mass
from jetmix.data.simulation.highlevel import groom, high_level_features


def massless(pt, eta, phi):
    pt, eta, phi = (np.asarray(v, float) for v in (pt, eta, phi))
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], -1)


def named(momenta):
    values = high_level_features(momenta)
    return dict(zip(HIGH_LEVEL_FEATURES, values.T, strict=True))


def random_jets(n_jets=12, n=14, seed=4):
    rng = np.random.default_rng(seed)
    pt = -np.sort(-rng.exponential(60, (n_jets, n)))
    return massless(pt, *rng.normal(0, 0.12, (2, n_jets, n)))


def test_three_prongs_by_hand():
    z, place = np.array([0.4, 0.35, 0.25]), [(0.0, 0.0), (0.2, 0.0), (0.0, 0.3)]
    f = named(massless(1000 * z, *zip(*place, strict=True))[None])
    angles = [np.hypot(*np.subtract(a, b)) for a, b in itertools.combinations(place, 2)]
    pairs = [a * b for a, b in itertools.combinations(z, 2)]
    e2 = {b: sum(w * t**b for w, t in zip(pairs, angles, strict=True)) for b in (0, 1, 2)}
    zzz, least = z.prod(), sorted(angles)
    e3 = {b: zzz * np.prod(angles) ** b for b in (1, 2)}
    expected = {
        "zlogz": np.sum(z * np.log(z)),
        "c1_b0_mmdt": e2[0], "c1_b1_mmdt": e2[1], "c1_b2_mmdt": e2[2],
        "c2_b1_mmdt": e3[1] / e2[1] ** 2, "c2_b2_mmdt": e3[2] / e2[2] ** 2,
        "d2_b1_mmdt": e3[1] / e2[1] ** 3, "d2_b2_mmdt": e3[2] / e2[2] ** 3,
        "d2_a1_b1_mmdt": e3[1] / e2[1] ** 3, "d2_a1_b2_mmdt": e3[1] / e2[2] ** 1.5,
        "m2_b1_mmdt": zzz * least[0] / e2[1], "m2_b2_mmdt": zzz * least[0] ** 2 / e2[2],
        "n2_b1_mmdt": zzz * least[0] * least[1] / e2[1] ** 2,
        "n2_b2_mmdt": zzz * (least[0] * least[1]) ** 2 / e2[2] ** 2,
        "multiplicity": 3,
    }  # fmt: skip
    for name, value in expected.items():
        assert f[name][0] == pytest.approx(value, rel=1e-4), name


@pytest.mark.parametrize(
    ("name", "function", "arguments"),
    [
        ("c1_b1_mmdt", "c1", {"beta": 1}),
        ("c1_b2_mmdt", "c1", {"beta": 2}),
        ("c2_b1_mmdt", "c2", {"beta": 1}),
        ("d2_b2_mmdt", "d2", {"beta": 2}),
        ("d2_a1_b2_mmdt", "generalizedd2", {"alpha": 1, "beta": 2}),
        ("m2_b1_mmdt", "mseries", {"npoint": 2, "beta": 1}),
        ("n2_b2_mmdt", "nseries", {"npoint": 2, "beta": 2}),
    ],
)
def test_same_as_fastjet_contrib(name, function, arguments):
    jets = random_jets()
    groomed, sizes = groom(jets.reshape(-1, 4), np.full(len(jets), jets.shape[1]))
    columns = {key: groomed[:, i].copy() for i, key in enumerate(("px", "py", "pz", "E"))}
    events = ak.unflatten(ak.zip(columns, with_name="Momentum4D"), sizes)
    sequence = fastjet.ClusterSequence(
        events, fastjet.JetDefinition(fastjet.cambridge_algorithm, 100.0)
    )
    expected = sequence.exclusive_jets_energy_correlator(njets=1, func=function, **arguments)
    np.testing.assert_allclose(named(jets)[name], np.asarray(expected), rtol=2e-3)


def test_grooming_drops_a_soft_wide_constituent():
    f = named(massless([[500, 450, 20]], [[0, 0.1, 0.35]], [[0, 0, 0]]))
    kept = massless([500, 450], [0, 0.1], [0, 0]).sum(axis=0)
    assert f["mass_mmdt"][0] == pytest.approx(mass(kept), rel=1e-5)
    assert f["multiplicity"][0] == 3
    assert f["d2_b1_mmdt"][0] == 0  # two constituents have no triple


def test_a_lone_constituent_and_padding():
    jets = np.zeros((2, 5, 4))
    jets[0, :1] = massless([900], [0.1], [0.2])
    jets[1, :3] = massless([400, 350, 250], [0, 0.2, 0], [0, 0, 0.3])
    values = high_level_features(jets)
    assert np.isfinite(values).all()
    assert values[0].tolist() == pytest.approx([0] * 15 + [1], abs=0.1)
    np.testing.assert_allclose(values[1], high_level_features(jets[1:, :3])[0], rtol=1e-6)


def test_grooming_leaves_the_same_as_fastjet_contrib():
    jets = random_jets(n_jets=40, n=30, seed=9)
    sizes = np.random.default_rng(1).integers(1, 31, len(jets))
    flat = jets[np.arange(30) < sizes[:, None]]
    columns = {key: flat[:, i].copy() for i, key in enumerate(("px", "py", "pz", "E"))}
    sequence = fastjet.ClusterSequence(
        ak.unflatten(ak.zip(columns, with_name="Momentum4D"), sizes),
        fastjet.JetDefinition(fastjet.cambridge_algorithm, 100.0),
    )
    theirs = sequence.exclusive_jets_softdrop_grooming(symmetry_cut=0.1)["constituents"]
    ours, left = groom(flat, sizes)
    assert left.tolist() == ak.num(theirs["px"]).tolist()
    assert len(set(left.tolist())) > 5
    ends = np.cumsum(left)
    for first, end, px in zip(ends - left, ends, theirs["px"].tolist(), strict=True):
        assert sorted(ours[first:end, 0].tolist()) == sorted(px)


def test_a_jet_has_the_same_features_in_any_company():
    jets = random_jets(n_jets=70, n=25, seed=2)
    sizes = np.random.default_rng(3).integers(1, 26, len(jets))
    jets[np.arange(25) >= sizes[:, None]] = 0
    together = high_level_features(jets)
    np.testing.assert_array_equal(together[5:6], high_level_features(jets[5:6]))
    np.testing.assert_array_equal(together[::3], high_level_features(jets[::3]))
