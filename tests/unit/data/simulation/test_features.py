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
    # the second prong is turned onto the negative phi axis, 0.2 away
    assert f["etarot"][0].tolist() == pytest.approx([0, 0], abs=1e-6)
    assert f["phirot"][0].tolist() == pytest.approx([0, -0.2])
    np.testing.assert_allclose(f["costhetarel"], np.tanh(f["etarot"]), atol=1e-7)


def test_jets_across_the_phi_border_stay_together():
    f = named(momenta([[500, 500]], [[0, 0]], [[np.pi - 0.05, -np.pi + 0.05]]))
    assert f["phirel"][0].tolist() == pytest.approx([-0.05, 0.05])
    assert f["deltaR"][0].tolist() == pytest.approx([0.05, 0.05])


def test_padding_stays_zero():
    jet = np.concatenate([momenta([[600, 400]], [[0.3, 0.1]], [[0, 0.1]]), np.zeros((1, 3, 4))], 1)
    assert not particle_features(jet)[0, 2:].any()
    np.testing.assert_array_equal(particle_features(jet)[:, :2], particle_features(jet[:, :2]))


@given(angle=st.floats(-3, 3), seed=st.integers(0, 1000))
def test_rotated_coordinates_do_not_depend_on_the_orientation(angle, seed):
    rng = np.random.default_rng(seed)
    pt = -np.sort(-rng.exponential(30, (1, 12)))
    eta, phi = rng.normal(0, 0.15, (2, 1, 12))
    turned = (eta * np.cos(angle) - phi * np.sin(angle), eta * np.sin(angle) + phi * np.cos(angle))
    there = np.ones((1, 12), bool)
    first, second = rotated(pt, eta, phi, there), rotated(pt, *turned, there)
    np.testing.assert_allclose(first, second, atol=1e-9)
    mirrored = rotated(pt, -eta, phi, there)
    np.testing.assert_allclose(first, mirrored, atol=1e-9)


def test_mass_and_polar():
    jet = momenta([[100, 100]], [[0, 0]], [[0, 0.5]]).sum(axis=1)
    assert mass(jet)[0] == pytest.approx(np.sqrt(2 * 100 * 100 * (1 - np.cos(0.5))))
    assert mass(np.array([3.0, 0, 4.0, 4.999999])) == 0
    pt, eta, phi = polar(np.array([0.0, 2.0, 2 * np.sinh(1.5), 9.0]))
    assert (pt, eta, phi) == pytest.approx((2, 1.5, np.pi / 2))
    assert wrapped(np.array([3.5, -3.5])).tolist() == pytest.approx(
        [3.5 - 2 * np.pi, 2 * np.pi - 3.5]
    )
