from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from jetmix.data.for_tagger import THREE_FEATURES, features_of, load_for_tagger
from jetmix.data.normalise import Normalisation
from jetmix.data.record import DataUsed
from jetmix.data.schema import HIGH_LEVEL_FEATURES, PARTICLE_FEATURES

UNIT = Normalisation(kind="standard", mean=(0.0, 0.0), std=(1.0, 1.0))


def used(normalisation, **changes):
    known = {
        "path": "jets.h5", "sha256": "ab" * 32, "origin": "simulated",
        "n_train": 7, "n_validation": 1, "n_test": 2, "class_names": ("g", "q"),
        "feature_names": ("pt",), "n_particles": 4, "pt_gate_gev": None,
    }  # fmt: skip
    return DataUsed(**known | changes, normalisation=normalisation)


@pytest.mark.parametrize(
    ("shape", "features"),
    [
        ((8, 16), PARTICLE_FEATURES),
        ((8, 3), THREE_FEATURES),
        ((16,), HIGH_LEVEL_FEATURES),
        ((8, 4), None),
        ((12,), None),
        ((2, 8, 16), None),
    ],
)
def test_features_follow_from_the_shape_of_a_foreign_tagger(shape, features):
    assert features_of(None, shape) == features


def test_a_run_names_its_features():
    assert features_of(used(UNIT, feature_names=("eta", "pt")), (8, 2)) == ("eta", "pt")


@pytest.mark.parametrize("shape", [(4, 3), (16,)])
def test_a_run_brings_its_constants(repository, shape):
    """The jets of a run are normalised by its constants, particles and whole jets alike."""
    sample = repository / "datasets" / "sample" / "jets.h5"
    features = features_of(None, shape)
    foreign = load_for_tagger(
        sample, trained_on=None, features=features, input_shape=shape, split="test"
    )
    constants = foreign.normalisation
    n_particles = shape[0] if len(shape) > 1 else None
    recorded = partial(
        used, feature_names=features, n_particles=n_particles, class_names=foreign.class_names
    )
    own = load_for_tagger(
        sample, trained_on=recorded(constants), features=features, input_shape=shape, split="test"
    )
    assert own.x.shape == (4074, *shape)
    assert np.array_equal(own.x, foreign.x)
    doubled = replace(constants, std=tuple(2 * value for value in constants.std))
    wider = load_for_tagger(
        sample,
        trained_on=recorded(doubled),
        features=features,
        input_shape=shape,
        split="test",
    )
    assert np.allclose(wider.x, foreign.x / 2)
