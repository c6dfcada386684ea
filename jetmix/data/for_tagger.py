"""Jets in the form that a tagger takes them: particles, or features of the whole jet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jetmix.data.array_file import is_array_file, load_arrays
from jetmix.data.constants import read_constants
from jetmix.data.dataset import JetDataset, Normalisation
from jetmix.data.record import DataUsed
from jetmix.data.schema import HIGH_LEVEL_FEATURES, PARTICLE_FEATURES, THREE_FEATURES
from jetmix.data.selection import Selection
from jetmix.errors import UsageError


def load_jets(
    path: Path,
    selection: Selection,
    *,
    split: str,
    normalisation: str | Normalisation = "standard",
    scaling: Mapping[str, Any] | None = None,
    class_names: tuple[str, ...] | None = None,
) -> JetDataset:
    """Load one split of a file, normalised for a tagger.

    Args:
        path: an HDF5 file of jets, or an .npz file of arrays.
        selection: what is read of each jet.
        split: train, validation, test or all.
        normalisation: 'standard', 'power-of-two', or the constants of a trained tagger.
        scaling: the normalisation of single features.
        class_names: the tagger's classes, where they are known; the file must have them.

    Raises:
        DataError: if the file is broken or does not hold what is asked for.
        UsageError: if the split or the normalisation has an unknown name.
    """
    if is_array_file(path):
        return load_arrays(
            path, selection, split=split, normalisation=normalisation, class_names=class_names
        )
    jets = JetDataset.load(
        path, selection, split=split, normalisation=normalisation, scaling=scaling
    )
    _require_classes(jets, class_names, path)
    return jets


def _require_classes(jets: JetDataset, names: tuple[str, ...] | None, path: Path) -> None:
    if names is not None and jets.class_names != names:
        raise UsageError(
            f"the classes of the file are {' '.join(jets.class_names)}, the tagger's are "
            f"{' '.join(names)}",
            where=path,
            mend="give jets with the classes that the tagger was trained on",
        )


def features_of(
    trained_on: DataUsed | None, input_shape: tuple[int, ...]
) -> tuple[str, ...] | None:
    """Return the features of a tagger's last axis, or None where they are not known.

    Args:
        trained_on: what the run recorded; with None the features follow from the shape, as the
            taggers of the literature have them.
        input_shape: (particle, feature), or (feature,) for features of the whole jet.
    """
    if trained_on is not None:
        return trained_on.feature_names
    if len(input_shape) == 1:
        return HIGH_LEVEL_FEATURES if input_shape[0] == len(HIGH_LEVEL_FEATURES) else None
    known = {len(names): names for names in (PARTICLE_FEATURES, THREE_FEATURES)}
    return known.get(input_shape[1]) if len(input_shape) == 2 else None


def load_for_tagger(
    path: Path,
    *,
    trained_on: DataUsed | None,
    features: tuple[str, ...],
    input_shape: tuple[int, ...],
    split: str,
    constants: Path | None = None,
) -> JetDataset:
    """Load one split as a trained tagger takes it.

    A tagger of jetmix brings all of this in what its run recorded. Any other one gets no gate, and
    the constants of a file, or else of these training jets.

    Args:
        path: an HDF5 file of jets, or an .npz file of arrays.
        trained_on: what the tagger's run recorded, None for a tagger of others.
        features: names in the tagger's order.
        input_shape: (particle, feature) or (feature,).
        split: train, validation, test or all.
        constants: JSON file of normalisation constants, for a tagger of others.

    Raises:
        DataError: if the file is broken or does not hold enough particles or features.
        UsageError: if constants are named for a tagger that brings its own.
    """
    if trained_on is None:
        n_particles = input_shape[0] if len(input_shape) > 1 else None
        return load_jets(
            path,
            Selection(n_particles=n_particles, features=tuple(features)),
            split=split,
            normalisation="standard" if constants is None else read_constants(constants, features),
        )
    if constants is not None:
        raise UsageError(
            "the run brings its own normalisation constants",
            where=constants,
            mend="leave out --constants, or name a model file instead of a run",
        )
    return load_jets(
        path,
        trained_on.selection,
        split=split,
        normalisation=trained_on.normalisation,
        class_names=trained_on.class_names,
    )
