"""The sixteen particle features: definitions and symmetries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.data.schema import PARTICLE_FEATURES
from jetmix.data.simulation.features import mass, particle_features, polar, rotated, wrapped


def momenta(pt, eta, phi):
    """Return massless four-momenta (1, particle, 4)."""
    pt, eta, phi = (np.asarray(v, float) for v in (pt, eta, phi))
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], -1)


def named(jet):
    return dict(zip(PARTICLE_FEATURES, np.moveaxis(particle_features(jet), -1, 0), strict=True))


def test_two_prongs_by_hand():
    f = named(momenta([[600, 400]], [[0.3, 0.1]], [[0.0, 0.0]]))
    assert f["pt"][0].tolist() == pytest.approx([600, 400])
    assert f["px"][0].tolist() == pytest.approx([600, 400])
    assert f["py"][0].tolist() == pytest.approx([0, 0])
    assert f["ptrel"][0].tolist() == pytest.approx([0.6, 0.4])
    assert f["erel"][0].sum() == pytest.approx(1)
    assert f["e"][0].tolist() == pytest.approx([600 * np.cosh(0.3), 400 * np.cosh(0.1)])
    assert (f["etarel"][0, 0] - f["etarel"][0, 1]) == pytest.approx(0.2)
    assert f["deltaR"][0].tolist() == pytest.approx(abs(f["etarel"][0]).tolist())
    assert f["costheta"][0].tolist() == pytest.approx(np.tanh([0.3, 0.1]).tolist())
    # the second prong is turned onto the negative phi axis, 0.2 in eta away
    assert f["etarot"][0].tolist() == pytest.approx([0, 0], abs=1e-6)
    assert f["phirot"][0].tolist() == pytest.approx([0, -np.arctan(np.sinh(0.2))])
    np.testing.assert_allclose(f["costhetarel"], np.tanh(f["etarot"]), atol=1e-7)


def test_jets_across_the_phi_border_stay_together():
    f = named(momenta([[500, 500]], [[0, 0]], [[np.pi - 0.05, -np.pi + 0.05]]))
    assert f["phirel"][0].tolist() == pytest.approx([-0.05, 0.05])
    assert f["deltaR"][0].tolist() == pytest.approx([0.05, 0.05])


def test_padding_stays_zero():
    jet = np.concatenate([momenta([[600, 400]], [[0.3, 0.1]], [[0, 0.1]]), np.zeros((1, 3, 4))], 1)
    assert not particle_features(jet)[0, 2:].any()
    np.testing.assert_array_equal(particle_features(jet)[:, :2], particle_features(jet[:, :2]))


# Of two public jets (Zenodo 3602260, as kept by walkieq/GNN-JEDInet-FPGA) the hardest constituent,
# the hardest one beyond 0.1 and two more: px, py, pz, e in GeV -> etarot, phirot.
UNMIRRORED = [
    ((-27.414629, 165.657562, -239.268219, 292.306854), (0.0, 0.0)),
    ((-11.2328672, 63.6608391, -73.931015, 98.2073975), (0.0, -0.172482148)),
    ((-13.522646, 81.546051, -118.360718, 144.367233), (0.000571859651, 0.00394720305)),
    ((-5.39297581, 34.6067619, -39.200161, 52.5679016), (-0.0206581224, -0.187187135)),
]
MIRRORED = [
    ((-321.558899, 21.7492714, -49.3404999, 326.048523), (0.0, 0.0)),
    ((-73.525589, -1.09068, -15.7651196, 75.2062759), (0.0, -0.102009125)),
    ((-23.9295921, -0.179567084, -5.12353945, 24.4726028), (-0.00408343831, -0.09593229)),
    ((-17.4431343, -0.206815913, -4.44614649, 18.0025845), (-0.0334873497, -0.122770898)),
]


@pytest.mark.parametrize("jet", [UNMIRRORED, MIRRORED])
def test_rotation_is_that_of_the_public_jets(jet):
    momenta, expected = (np.array(column) for column in zip(*jet, strict=True))
    f = named(momenta[None])
    found = np.stack([f["etarot"][0], f["phirot"][0]], axis=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)
    np.testing.assert_allclose(f["costhetarel"][0], np.tanh(expected[:, 0]), rtol=0, atol=1e-7)


def test_all_constituents_of_the_public_jets_at_hand(reference):
    real = np.load(reference / "data/real/plf_5_jets_50x16.npz")["x"].astype(float)
    f = named(real[..., :4])
    # the other five features refer to the jet, which has more than the constituents given here
    for name in ("eta", "phi", "etarot", "phirot", "costheta", "costhetarel"):
        np.testing.assert_allclose(f[name], real[..., PARTICLE_FEATURES.index(name)], atol=1e-6)
    np.testing.assert_allclose(f["pt"], real[..., PARTICLE_FEATURES.index("pt")], rtol=1e-6)


def test_a_jet_without_a_far_constituent_is_only_mirrored():
    eta, there = np.array([[0.5, 0.45, 0.58]]), np.ones((1, 3), bool)
    phi = np.array([[1.0, 1.02, 0.97]])
    etarot, phirot = rotated(eta, phi, there)
    np.testing.assert_allclose(etarot, 0.5 - eta, atol=1e-12)
    np.testing.assert_allclose(phirot, phi - 1, atol=1e-12)


@given(seed=st.integers(0, 1000))
def test_rotation_keeps_angles_and_forgets_where_the_jet_was(seed):
    rng = np.random.default_rng(seed)
    eta, phi = rng.normal(0, 0.15, (2, 1, 12))
    there = np.ones((1, 12), bool)
    first = np.array(rotated(eta, phi, there))
    moved = rotated(eta + 0.7, wrapped(phi + 2.9), there)
    np.testing.assert_allclose(first, moved, atol=1e-9)
    np.testing.assert_allclose(first, rotated(-eta, phi, there), atol=1e-9)
    # a rotation about x: the angle to the hardest constituent stays
    (y, z), eta0, phi0 = first[::-1], eta - eta[:, :1], phi - phi[:, :1]
    before = np.cos(phi0) / np.cosh(eta0)
    np.testing.assert_allclose(np.cos(y) / np.cosh(z), before, atol=1e-9)


def test_mass_and_polar():
    jet = momenta([[100, 100]], [[0, 0]], [[0, 0.5]]).sum(axis=1)
    assert mass(jet)[0] == pytest.approx(np.sqrt(2 * 100 * 100 * (1 - np.cos(0.5))))
    assert mass(np.array([3.0, 0, 4.0, 4.999999])) == 0
    pt, eta, phi = polar(np.array([0.0, 2.0, 2 * np.sinh(1.5), 9.0]))
    assert (pt, eta, phi) == pytest.approx((2, 1.5, np.pi / 2))
    assert wrapped(np.array([3.5, -3.5])).tolist() == pytest.approx(
        [3.5 - 2 * np.pi, 2 * np.pi - 3.5]
    )
