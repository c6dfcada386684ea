"""Jet-level features: their columns and their loader."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jetmix.data import checks
from jetmix.data.dataset import JetDataset, cached_digest, read_classes
from jetmix.data.jet_file import JetFile, JetTable, open_jet_table
from jetmix.data.normalise import (
    HASHED_CONSTITUENTS,
    HASHED_FEATURES,
    Moments,
    Normalisation,
    checked_normalisation,
    content_hash,
    in_split,
    mix,
)
from jetmix.data.record import JetSource
from jetmix.data.schema import (
    CLASS_NAMES,
    HIGH_LEVEL_FEATURES,
    JET_PREFIX,
    JETS,
    LABEL_COLUMNS,
    UNDEFINED_LABEL,
)
from jetmix.errors import DataError
from jetmix.support.arrays import Hashes, Reals

COLUMNS = (*(JET_PREFIX + n for n in HIGH_LEVEL_FEATURES), *LABEL_COLUMNS, UNDEFINED_LABEL)


def load_high_level(
    path: str | Path,
    *,
    features: Sequence[str] = HIGH_LEVEL_FEATURES,
    split: str,
    normalisation: str | Normalisation = "standard",
) -> JetDataset:
    """Load jet-level features of a simulated, public or imported high-level file.

    Splits are those of :meth:`JetDataset.load` where the file has constituents, else they hang
    on a hash of the sixteen features. Constants come from the training split.

    Args:
        path: a file with the columns, named with the prefix ``j_``.
        features: names without that prefix.
        split: train, validation, test or all.
        normalisation: 'standard', 'power-of-two', or the constants of a trained tagger.

    Returns:
        jets with x (jet, feature).

    Raises:
        DataError: if the file is broken or lacks a feature.
        UsageError: if the split or the normalisation has an unknown name.
    """
    path = Path(path)
    checked_normalisation(normalisation)
    with open_jet_table(path) as jets:
        columns = jets.jet_columns(features)
        table = jets.read_jets(0, jets.n_jets)
        y, hashes, origin = read_classes(jets, 0, jets.n_jets), _hashes(jets, table), jets.origin
    x = np.ascontiguousarray(table[:, columns], np.float32)
    checks.check_finite(x, path=path, dataset=JETS, start=0, columns=tuple(features))
    checks.check_all_classes(np.bincount(y, minlength=len(CLASS_NAMES)), path=path)
    rows = in_split(hashes, split)
    if not rows.any():
        raise DataError(
            f"none of the {len(y)} jets falls into the split {split}",
            where=path,
            mend="give a file with more jets",
        )
    if isinstance(normalisation, str):
        moments = Moments(len(columns))
        moments.add(x[in_split(hashes, "train")])
        normalisation = moments.normalisation(normalisation)
    return JetDataset(
        x=normalisation.apply(x[rows]),
        y=y[rows],
        feature_names=tuple(features),
        normalisation=normalisation,
        split=split,
        source=JetSource(path=str(path), sha256=cached_digest(path), origin=origin),
    )


def _hashes(jets: JetTable, table: Reals) -> Hashes:
    if isinstance(jets, JetFile):
        columns = jets.feature_columns(HASHED_FEATURES)
        wide = min(HASHED_CONSTITUENTS, jets.n_constituents)
        return content_hash(jets.read(0, jets.n_jets, wide, columns))
    values = table[:, jets.jet_columns(HIGH_LEVEL_FEATURES)].astype(np.float32)
    words = np.ascontiguousarray(values + np.float32(0)).view(np.uint32).astype(np.uint64)
    hashes = np.zeros(len(words), np.uint64)
    for column in words.T:
        hashes = mix(hashes ^ column)
    return hashes
