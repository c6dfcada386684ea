"""Transverse momentum and mass of the test jets, for efficiencies against them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jetmix.data.dataset import JetDataset
from jetmix.data.jet_file import open_jet_table
from jetmix.data.normalise import Normalisation
from jetmix.data.record import DataUsed
from jetmix.data.schema import KINEMATICS, MASS, PT
from jetmix.errors import DataError, UsageError
from jetmix.report.tagger import Kinematics, Tagger
from jetmix.support.files import file_digest
from jetmix.training.metrics import softmax
from jetmix.training.scores import Scores

WORKING_FPR = 0.10
N_BINS = 8
AS_IT_IS = Normalisation(kind="standard", mean=(0.0,), std=(1.0,))


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
    found = tuple(
        _joined(tagger, read_kinematics(path, tagger.data), path)
        if tagger.data and tagger.data.sha256 == sha256
        else tagger
        for tagger in taggers
    )
    if not any(tagger.data and tagger.data.sha256 == sha256 for tagger in taggers):
        with open_jet_table(path):  # a broken file is named first
            raise UsageError(
                "no tagger of the report was tested on these jets",
                where=path,
                mend="give the file that the runs were trained with",
            )
    return found


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


def read_kinematics(path: Path, data: DataUsed) -> Kinematics:
    """Read pT and mass of a tagger's test jets, in the order of its test scores.

    Args:
        path: file of jets.
        data: what the tagger's run recorded of its jets.

    Raises:
        DataError: if the file is broken or holds neither.
    """
    # classes and split are the tagger's; of its features one is read, since none is needed
    selection = replace(
        data.selection,
        n_particles=None if data.n_particles is None else 1,
        features=data.selection.columns[:1],
        pt_gate_gev=None,
        targets=(),
        hardware={},
        derived={},
        occupied="",
    )
    jets = JetDataset.load(path, selection, split="test", normalisation=AS_IT_IS)
    known = {name: values for name, values in jets.columns.items() if name in KINEMATICS}
    if not known:
        raise DataError(
            f"no jet feature {' or '.join(KINEMATICS)}",
            where=path,
            mend="give a file with the jets' pT or mass, or leave out --data",
        )
    for name, values in known.items():
        if not np.isfinite(values).all():
            raise DataError(
                f"{name} is not finite", where=path, mend="simulate or import the file again"
            )
    wide = {name: values.astype(np.float64) for name, values in known.items()}
    return Kinematics(y=jets.y, pt_gev=wide.get(PT), mass_gev=wide.get(MASS))


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
