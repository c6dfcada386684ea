"""Jets in the form that a tagger takes them: particles, or features of the whole jet."""

from collections.abc import Sequence
from pathlib import Path

from jetmix.data.array_file import is_array_file, load_arrays
from jetmix.data.constants import read_constants
from jetmix.data.dataset import JetDataset, Normalisation
from jetmix.data.high_level import load_high_level
from jetmix.data.record import DataUsed
from jetmix.data.schema import HIGH_LEVEL_FEATURES, PARTICLE_FEATURES, THREE_FEATURES
from jetmix.errors import UsageError


def load_jets(
    path: Path,
    *,
    n_particles: int | None,
    features: Sequence[str],
    split: str,
    pt_gate_gev: float | None = None,
    normalisation: str | Normalisation = "standard",
) -> JetDataset:
    """Load one split of a file, normalised for a tagger.

    Args:
        path: an HDF5 file of jets, or an .npz file of arrays.
        n_particles: number of leading constituents; None for jet-level features.
        features: names of particle features, or of jet-level features.
        split: train, validation, test or all; fixed by a hash of each jet.
        pt_gate_gev: set softer constituents to zero; None for no gate.
        normalisation: 'standard', 'power-of-two', or the constants of a trained tagger.

    Raises:
        DataError: if the file is broken or does not hold enough particles or features.
        UsageError: if the split or the normalisation has an unknown name.
    """
    if is_array_file(path):
        return load_arrays(
            path,
            n_particles=n_particles,
            features=features,
            split=split,
            pt_gate_gev=pt_gate_gev,
            normalisation=normalisation,
        )
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
    features: Sequence[str],
    input_shape: tuple[int, ...],
    split: str,
    constants: Path | None = None,
) -> JetDataset:
    """Load one split as a trained tagger takes it.

    A tagger of jetmix brings its pT gate and normalisation constants in what its run recorded. Any
    other one gets no gate, and the constants of a file, or else of these training jets.

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
    normalisation: str | Normalisation = "standard"
    if trained_on is not None:
        normalisation = trained_on.normalisation
    if constants is not None:
        if trained_on is not None:
            raise UsageError(
                "the run brings its own normalisation constants",
                where=constants,
                mend="leave out --constants, or name a model file instead of a run",
            )
        normalisation = read_constants(constants, features)
    return load_jets(
        path,
        n_particles=input_shape[0] if len(input_shape) > 1 else None,
        features=features,
        split=split,
        pt_gate_gev=trained_on.pt_gate_gev if trained_on else None,
        normalisation=normalisation,
    )
