"""Tiny taggers that fold: 8 particles of 4 features, calibrated on random jets."""

import dataclasses
from functools import cache

import numpy as np

from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training.engine import Tracing

PARTICLES, FEATURES = 8, 4
OPTIONS = {
    "mixer": {"width": 4, "head": [4]},
    "gnn": {"width": 4, "head": [4]},
    "deepsets": {"phi": [4], "rho": [4]},
}


def jets(n: int = 200, seed: int = 1):
    """Jets (n, particle, feature), some beyond the ranges that the taggers were calibrated on."""
    return np.random.default_rng(seed).normal(0, 1.5, (n, PARTICLES, FEATURES)).astype(np.float32)


@cache
def tagger(architecture: str, fold: int, seed: int = 1, *, uniform: bool = False):
    """A tagger that was never trained, with the bit widths of a fold."""
    import keras

    recipe = load_recipe(
        "mixer-8-demo",
        {
            "tagger": {"architecture": architecture, "n_particles": PARTICLES},
            "quantiser": {
                "fold": fold,
                "uniform_particles": uniform,
                "activation_fraction_bits": 2,
                "weight_fraction_bits": 2,
            },
            "data": {"features": ["pt", "etarel", "phirel", "e"]},
        },
    )
    section = dataclasses.replace(recipe.tagger, options=OPTIONS[architecture])
    keras.utils.set_random_seed(seed)
    model = build_tagger(spec_from(dataclasses.replace(recipe, tagger=section), n_classes=5))
    model(jets(), training=Tracing())
    return model
