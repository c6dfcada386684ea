"""Statistics of the fidelity benchmark on made-up jets whose answers are known."""

import numpy as np
import pytest

from benchmarks.comparison import (
    SIMPLE_VARIABLES,
    auc,
    cross_validated,
    ks_distance,
    leak,
    moments,
    real_or_simulated,
    share,
    simple_variables,
)


def jets(n, seed, scale=1.0):
    """Return jets (n, 32, 3) of random constituents whose pT is ``scale`` times 1 TeV in all."""
    rng = np.random.default_rng(seed)
    pt = -np.sort(-rng.exponential(1, (n, 32)), axis=1)
    pt *= scale * rng.normal(1000, 20, (n, 1)) / pt.sum(axis=1, keepdims=True)
    return np.stack([pt, *rng.normal(0, 0.1, (2, n, 32))], axis=-1).astype(np.float32)


def test_simple_variables_by_hand():
    two = np.zeros((1, 32, 3), np.float32)
    two[0, :2] = [[600, 0.08, 0.0], [400, -0.12, 0.0]]
    found = dict(zip(SIMPLE_VARIABLES, simple_variables(two)[0], strict=True))
    assert found["sum_pt"] == pytest.approx(1000)
    assert found["mass"] == pytest.approx(np.sqrt(2 * 600 * 400 * (np.cosh(0.2) - 1)), rel=1e-5)
    assert found["count"] == 2
    assert (found["pt_1"], found["pt_2"], found["pt_3"]) == (600, 400, 0)
    assert (found["dr_1"], found["dr_2"], found["dr_12"]) == pytest.approx((0.08, 0.12, 0.2))
    assert found["girth"] == pytest.approx(0.6 * 0.08 + 0.4 * 0.12)
    assert found["ptd"] == pytest.approx(np.hypot(0.6, 0.4))
    assert found["within_0.1"] == pytest.approx(0.6)
    assert found["e2"] == pytest.approx(0.6 * 0.4 * 0.2)
    assert found["axis_ratio"] == pytest.approx(0, abs=1e-6)


def test_auc_and_its_error():
    rng = np.random.default_rng(1)
    repeated = [auc(rng.normal(0.5, 1, 300), rng.normal(0, 1, 1000)) for _ in range(200)]
    values = np.array([figure.value for figure in repeated])
    assert values.mean() == pytest.approx(0.638, abs=0.004)  # Phi(0.5 / sqrt 2)
    assert np.mean([figure.error for figure in repeated]) == pytest.approx(values.std(), rel=0.15)
    assert auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])).value == 1
    assert auc(np.ones(4), np.ones(3)).value == 0.5


def test_jets_of_one_kind_are_not_told_apart_and_others_are():
    real, same, harder = (simple_variables(jets(n, s, k)) for n, s, k in
                          ((100, 1, 1.0), (200, 2, 1.0), (200, 3, 1.05)))  # fmt: skip
    alike = real_or_simulated(real, same, seed=1)
    assert abs(alike.value - 0.5) < 3 * alike.error
    assert 0.02 < alike.error < 0.05
    assert real_or_simulated(real, harder, seed=1).value > 0.7
    assert ks_distance(real[:, 0], same[:, 0])[1] > 0.01
    assert ks_distance(real[:, 0], harder[:, 0])[1] < 1e-6


def test_the_last_bits_of_a_distance_do_not_count():
    exact, columns = jets(5, 4).astype(np.float64), [SIMPLE_VARIABLES.index("dr_12")]
    found, moved = simple_variables(exact), simple_variables(exact * (1 + 1e-9))
    np.testing.assert_array_equal(found[:, columns], moved[:, columns])


def test_leak_sees_windows_of_the_classes():
    rng = np.random.default_rng(5)
    y = np.arange(1500) % 5
    blind, seen = rng.normal(1000, 20, 1500), rng.normal(1000, 20, 1500) + 60 * y
    assert leak(blind, y, seed=1).value == pytest.approx(20, abs=4)
    assert leak(seen, y, seed=1).value > 75


def test_accuracies_have_binomial_errors():
    assert share(np.arange(100) < 80) == pytest.approx((80, 4))
    x = np.random.default_rng(6).normal(size=(100, 2)) + 5 * np.eye(2)[np.arange(100) % 2]
    assert cross_validated(x, np.arange(100) % 2, seed=1).value > 95


def test_moments_are_exact_and_their_errors_those_of_whole_jets():
    rng = np.random.default_rng(7)
    # ten equal constituents per jet: only the jets are independent
    x = np.repeat(rng.normal(3, 2, (4000, 1, 2)), 10, axis=1)
    mean, mean_error, std, std_error = moments(x, seed=1)
    np.testing.assert_allclose(mean, x.mean(axis=(0, 1)))
    np.testing.assert_allclose(std, x.std(axis=(0, 1)))
    assert mean_error == pytest.approx(2 / np.sqrt(4000), rel=0.35)
    assert std_error == pytest.approx(2 / np.sqrt(8000), rel=0.35)
