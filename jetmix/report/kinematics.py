"""Transverse momentum and mass of the test jets, for efficiencies against them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jetmix.data.dataset import block_rows, read_classes
from jetmix.data.jet_file import JetFile, open_jet_file
from jetmix.data.normalise import HASHED_CONSTITUENTS, HASHED_FEATURES, content_hash, in_split
from jetmix.errors import DataError, UsageError
from jetmix.report.tagger import Kinematics, Tagger
from jetmix.support.files import file_digest
from jetmix.training.metrics import softmax
from jetmix.training.scores import Scores

PT, MASS = "j_pt", "j_mass"
WORKING_FPR = 0.10
N_BINS = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Efficiency:
    """Signal efficiency of one class in bins of a variable, with binomial errors.

    ``centres`` and ``half_widths`` are in GeV, (bin,); a bin holds about as many jets as another.
    """

    name: str
    centres: NDArray[np.float64]
    half_widths: NDArray[np.float64]
    values: NDArray[np.float64]
    errors: NDArray[np.float64]


def with_kinematics(taggers: Sequence[Tagger], path: Path) -> tuple[Tagger, ...]:
    """Return the taggers with pT and mass of their test jets, where the file is theirs.

    Raises:
        DataError: if the file is broken, lacks pT or mass, or its test jets are others.
        UsageError: if no tagger of the report was tested on the file.
    """
    sha256 = file_digest(path) if path.is_file() else None
    found = read_kinematics(path)
    if not any(tagger.data and tagger.data.sha256 == sha256 for tagger in taggers):
        raise UsageError(
            "no tagger of the report was tested on these jets",
            where=path,
            mend="give the file that the runs were trained with",
        )
    return tuple(
        _joined(tagger, found, path) if tagger.data and tagger.data.sha256 == sha256 else tagger
        for tagger in taggers
    )


def _joined(tagger: Tagger, found: Kinematics, path: Path) -> Tagger:
    if tagger.scores is None:
        return tagger
    if not np.array_equal(tagger.scores.y, found.y):
        raise DataError(
            f"its test jets are not those of the scores of '{tagger.name}'",
            where=path,
            mend="evaluate the tagger again with this version of jetmix",
        )
    return replace(tagger, kinematics=found)


def read_kinematics(path: Path) -> Kinematics:
    """Read pT and mass of the test split of a jet file, in the order of the test scores.

    Raises:
        DataError: if the file is broken or lacks one of the two.
    """
    with open_jet_file(path) as jets:
        columns = [_column(jets, name) for name in (PT, MASS)]
        rows = block_rows(jets, HASHED_CONSTITUENTS)
        blocks = [
            _block(jets, start, min(start + rows, jets.n_jets), columns)
            for start in range(0, jets.n_jets, rows)
        ]
    y, values = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    if not np.isfinite(values).all():
        raise DataError(
            f"{PT} or {MASS} is not finite", where=path, mend="simulate or import the file again"
        )
    return Kinematics(y=y, pt_gev=values[:, 0], mass_gev=values[:, 1])


def _column(jets: JetFile, name: str) -> int:
    if name not in jets.jet_names:
        raise DataError(
            f"no jet feature '{name}'",
            where=jets.path,
            mend="give a file with the jets' pT and mass",
        )
    return jets.jet_names.index(name)


def _block(
    jets: JetFile, start: int, stop: int, columns: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    wide = min(HASHED_CONSTITUENTS, jets.n_constituents)
    leading = jets.read(start, stop, wide, jets.feature_columns(HASHED_FEATURES))
    chosen = in_split(content_hash(leading), "test")
    table = np.asarray(jets.read_jets(start, stop)[:, columns], np.float64)
    return read_classes(jets, start, stop)[chosen], table[chosen]


def efficiencies(
    scores: Scores, variable: NDArray[np.float64], class_names: tuple[str, ...]
) -> tuple[Efficiency, ...]:
    """Return the signal efficiency of each class in bins of ``variable`` (jet,).

    The cut on the class's score is the same in all bins: the one that 10% of all other jets pass.
    """
    chance = softmax(scores.logits)
    found = []
    for index, name in enumerate(class_names):
        signal = scores.y == index
        if signal.sum() < N_BINS or signal.all():
            continue
        cut = np.quantile(chance[~signal, index], 1 - WORKING_FPR)
        found.append(_binned(name, variable[signal], chance[signal, index] > cut))
    return tuple(found)


def _binned(name: str, values: NDArray[np.float64], passed: NDArray[np.bool_]) -> Efficiency:
    edges = np.unique(np.quantile(values, np.linspace(0, 1, N_BINS + 1)))
    places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0))
    counts = np.bincount(places, minlength=max(len(edges) - 1, 1))
    share = np.bincount(places, weights=passed, minlength=len(counts)) / np.maximum(counts, 1)
    low, high = (edges[:-1], edges[1:]) if len(edges) > 1 else (edges, edges)
    filled = counts > 0
    return Efficiency(
        name=name,
        centres=((low + high) / 2)[filled],
        half_widths=((high - low) / 2)[filled],
        values=share[filled],
        errors=np.sqrt(share * (1 - share) / np.maximum(counts, 1))[filled],
    )
