"""Jets in the form that a tagger was trained on, for verification and test benches."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jetmix.data.dataset import JetDataset
from jetmix.data.preprocess import Normalisation
from jetmix.data.schema import PARTICLE_FEATURES
from jetmix.errors import DataError
from jetmix.runs import JSON

# the 3-feature taggers of the literature (arXiv 2503.03103, 2508.15468)
THREE_FEATURES = ("pt", "etarel", "phirel")


def load_test_jets(
    path: Path, *, dataset: JSON | None, input_shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return the test jets of a file as the tagger takes them, float32 (jet, *input_shape).

    A tagger of jetmix brings its features, pT gate and normalisation constants. Any other one gets
    the 16 features of the public set (or pt, etarel, phirel), standardised on the file.

    Raises:
        DataError: if the file is broken, or the tagger does not take constituents.
    """
    if dataset is not None:
        return JetDataset.load(
            path,
            n_particles=int(dataset["n_particles"]),
            features=dataset["feature_names"],
            split="test",
            pt_gate_gev=dataset["pt_gate_gev"],
            normalisation=Normalisation.from_json(dataset["normalisation"]),
        ).x
    names = feature_names(None, input_shape)
    if names is None:
        raise DataError(
            f"it is not known which features a tagger of input shape {input_shape} takes",
            where=path,
            mend="leave out --data (random and corner vectors are used), or lower a jetmix run",
        )
    return JetDataset.load(path, n_particles=input_shape[0], features=names, split="test").x


def feature_names(dataset: JSON | None, input_shape: tuple[int, ...]) -> tuple[str, ...] | None:
    """Return the features of a tagger's particles, or None where they are not known."""
    if dataset is not None:
        return tuple(dataset["feature_names"])
    known = {len(PARTICLE_FEATURES): PARTICLE_FEATURES, len(THREE_FEATURES): THREE_FEATURES}
    return known.get(input_shape[1]) if len(input_shape) == 2 else None
