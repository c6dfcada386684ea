"""Jets in the form that a tagger takes them: particles, or features of the whole jet."""

from collections.abc import Sequence
from pathlib import Path

from jetmix.data.dataset import JetDataset, Normalisation
from jetmix.data.high_level import load_high_level
from jetmix.data.schema import HIGH_LEVEL_FEATURES, PARTICLE_FEATURES
from jetmix.support.files import JSON

# what a published 3-feature tagger was trained on: columns 5, 8 and 11 of the public set
THREE_FEATURES = ("pt", "etarel", "phirel")


def load_jets(
    path: Path,
    *,
    n_particles: int | None,
    features: Sequence[str],
    split: str,
    pt_gate_gev: float | None,
    normalisation: str | Normalisation,
) -> JetDataset:
    """Load one split: particles, or jet-level features if ``n_particles`` is None.

    Raises:
        DataError: if the file is broken or does not hold enough particles or features.
    """
    if n_particles is None:
        return load_high_level(path, features=features, split=split, normalisation=normalisation)
    return JetDataset.load(
        path,
        n_particles=n_particles,
        features=features,
        split=split,
        pt_gate_gev=pt_gate_gev,
        normalisation=normalisation,
    )


def features_of(dataset: JSON | None, input_shape: tuple[int, ...]) -> tuple[str, ...] | None:
    """Return the features of a tagger's last axis, or None where they are not known.

    Args:
        dataset: content of the run's ``dataset.json``; with None the features follow from the
            shape, as the taggers of the literature have them.
        input_shape: (particle, feature), or (feature,) for features of the whole jet.
    """
    if dataset is not None:
        return tuple(dataset["feature_names"])
    if len(input_shape) == 1:
        return HIGH_LEVEL_FEATURES if input_shape[0] == len(HIGH_LEVEL_FEATURES) else None
    known = {len(names): names for names in (PARTICLE_FEATURES, THREE_FEATURES)}
    return known.get(input_shape[1]) if len(input_shape) == 2 else None


def load_for_tagger(
    path: Path,
    *,
    dataset: JSON | None,
    features: Sequence[str],
    input_shape: tuple[int, ...],
    split: str,
) -> JetDataset:
    """Load one split as a trained tagger takes it.

    A tagger of jetmix brings its pT gate and normalisation constants with ``dataset``, the content
    of its ``dataset.json``. Any other one gets no gate, and constants from this file's training
    jets.

    Raises:
        DataError: if the file is broken or does not hold enough particles or features.
    """
    return load_jets(
        path,
        n_particles=input_shape[0] if len(input_shape) > 1 else None,
        features=features,
        split=split,
        pt_gate_gev=dataset["pt_gate_gev"] if dataset else None,
        normalisation=Normalisation.from_json(dataset["normalisation"]) if dataset else "standard",
    )
