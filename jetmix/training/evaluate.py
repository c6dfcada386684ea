"""Measures any trained tagger on a file of jets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jetmix import keras_env
from jetmix.data.dataset import JetDataset, Normalisation
from jetmix.data.schema import HIGH_LEVEL_FEATURES, PARTICLE_FEATURES
from jetmix.data.tabular import load_high_level
from jetmix.errors import UsageError
from jetmix.runs import JSON
from jetmix.training.engine import hgq_variables
from jetmix.training.finish import predict
from jetmix.training.loop import Jets
from jetmix.training.metrics import metrics

# what a published 3-feature tagger was trained on: columns 5, 8 and 11 of the public set
THREE_FEATURES = ("pt", "etarel", "phirel")


def evaluate(model_path: Path, data: Path, *, split: str, dataset: JSON | None) -> JSON:
    """Return the metrics of a tagger on one split of a file.

    Args:
        model_path: the model file.
        data: HDF5 file of jets.
        split: train, validation, test or all.
        dataset: content of the run's ``dataset.json``; with None the features follow from the
            number of inputs, and the normalisation is standard, from this file's training jets.

    Raises:
        LoweringError: if the model cannot be loaded.
        UsageError: if its input is no (particle, feature) that jetmix can fill.
        DataError: if the data cannot be read or do not hold enough particles or features.
    """
    model = keras_env.load_tagger(model_path, quantised_only=False)
    jets = _load(model, model_path, data, split, dataset)
    n_classes = len(jets.class_names)
    if model.output_shape[1:] != (n_classes,):
        raise UsageError(
            f"the model answers with shape {model.output_shape[1:]}, not with {n_classes} classes",
            where=model_path,
            mend="give a five-class jet tagger",
        )
    sample = Jets(x=jets.x, y=jets.y)
    return {
        "model": str(model_path),
        "data": jets.provenance,
        "split": split,
        **metrics(predict(model, sample), jets.y, jets.class_names, ebops=_ebops(model)),
    }


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


def _load(model: Any, where: Path, data: Path, split: str, dataset: JSON | None) -> JetDataset:
    particles = model.input_shape[1:-1]
    normalisation: str | Normalisation = "standard"
    if dataset is not None:
        normalisation = Normalisation.from_json(dataset["normalisation"])
        features = dataset["feature_names"]
    else:
        features = _features(model.input_shape[1:], where)
    return load_jets(
        data,
        n_particles=particles[0] if particles else None,
        features=features,
        split=split,
        pt_gate_gev=None if dataset is None else dataset["pt_gate_gev"],
        normalisation=normalisation,
    )


def _features(shape: tuple[int, ...], where: Path) -> tuple[str, ...]:
    """Return the features that a model of this input shape was most likely trained on."""
    if len(shape) == 1 and shape[0] == len(HIGH_LEVEL_FEATURES):
        return HIGH_LEVEL_FEATURES
    known = {len(names): names for names in (PARTICLE_FEATURES, THREE_FEATURES)}
    if len(shape) != 2 or shape[1] not in known:
        raise UsageError(
            f"the model takes inputs of shape {shape}, and which features they are is not recorded",
            where=where,
            mend="give a run directory, or a model with 16 or 3 particle or 16 jet features",
        )
    return known[shape[1]]


def _ebops(model: Any) -> int | None:
    """Return the EBOPs that the model file holds, None in full precision."""
    if not keras_env.has_hgq_layers(model):
        return None
    return sum(int(np.asarray(v)) for v in hgq_variables(model, "_ebops"))
