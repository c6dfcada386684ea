import numpy as np

from jetmix.verification.vectors import InputRange, build_vectors, corners, uniform

RANGES = InputRange(
    low=np.array([-4.0, 0.0, 0.0], dtype=np.float32),
    high=np.array([3.5, 0.0, 7.0], dtype=np.float32),
    step=np.array([0.5, 1.0, 1.0], dtype=np.float32),
)


def test_corners_hold_all_ends_and_each_live_input_alone():
    got = {tuple(row) for row in corners(RANGES).tolist()}
    assert got == {
        (0.0, 0.0, 0.0),
        (-4.0, 0.0, 0.0),
        (3.5, 0.0, 7.0),
        (-4.5, -1.0, -1.0),
        (4.0, 1.0, 8.0),
        (3.5, 0.0, 0.0),
        (0.0, 0.0, 7.0),
    }


def test_uniform_fills_the_range_and_goes_beyond_when_stretched():
    rng = np.random.default_rng(1)
    inside = uniform(RANGES, 4000, rng, stretch=1.0)
    assert inside[:, 0].min() >= -4.0
    assert inside[:, 0].max() <= 3.5
    assert inside[:, 0].min() < -3.9
    assert np.any(inside[:, 1] != 0)  # a dead input gets values that the firmware must ignore
    outside = uniform(RANGES, 4000, rng, stretch=2.0)
    assert outside[:, 0].min() < -7.0
    assert outside[:, 2].max() > 9.0


def test_build_counts_by_origin_and_repeats_with_the_seed():
    jets = np.ones((2, 3, 1), dtype=np.float32)
    vectors = build_vectors(RANGES, (3, 1), jets=jets, n_random=10, seed=7)
    assert vectors.origins == [("jet", 2), ("corner", 9), ("random", 10), ("beyond-range", 10)]
    assert vectors.x.shape == (31, 3, 1)
    assert vectors.x.dtype == np.float32
    assert np.array_equal(vectors.x[:2], jets)
    again = build_vectors(RANGES, (3, 1), jets=jets, n_random=10, seed=7)
    assert np.array_equal(vectors.x, again.x)
