"""Accuracy of taggers that others trained on the public set, on simulated jets.

The older of the two scores of fidelity. It cannot see how much the pT alone gives away: a tagger
trained on the public set does not look for differences that the public jets do not have.
"""

import tomllib
from pathlib import Path

import numpy as np
from comparison import Figure, share

from jetmix.data.dataset import JetDataset
from jetmix.data.normalise import Moments, Normalisation
from jetmix.data.schema import PARTICLE_FEATURES
from jetmix.data.selection import Selection

TAGGERS = Path(__file__).parent / "reference_taggers.toml"


def taggers() -> list[dict]:
    """Return the entries of reference_taggers.toml."""
    return tomllib.loads(TAGGERS.read_text())["tagger"]


def accuracies(path: Path, models: Path) -> list[dict]:
    """Return the accuracy in percent of every tagger on the jets of a file."""
    return [
        {"tagger": tagger["name"], "published": tagger["published"]}
        | {"accuracy": measure(path, models, tagger)._asdict()}
        for tagger in taggers()
    ]


def measure(path: Path, models: Path, tagger: dict) -> Figure:
    """Return the accuracy of one tagger on all jets, standardised with their own constants."""
    import hgq  # noqa: F401 - registers the layers
    import keras

    features = PARTICLE_FEATURES if tagger["features"] == "all" else tuple(tagger["features"])
    data = standardised(path, tagger["n_particles"], features)
    model = keras.models.load_model(models / tagger["file"], compile=False)
    scores = model.predict(data.x, batch_size=2000, verbose=0)
    return share(np.asarray(scores).argmax(axis=-1) == data.y)


def standardised(path: Path, n_particles: int, features: tuple[str, ...]) -> JetDataset:
    """Load all jets, with constants from all of them."""
    raw = Normalisation(kind="standard", mean=np.zeros(len(features)), std=np.ones(len(features)))
    data = JetDataset.load(
        path,
        Selection(n_particles=n_particles, features=tuple(features)),
        split="all",
        normalisation=raw,
    )
    moments = Moments(len(features))
    moments.add(data.x)
    moments.normalisation("standard").apply(data.x, out=data.x)
    return data
