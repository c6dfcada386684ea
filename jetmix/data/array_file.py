"""Jets as plain arrays: ``.npz`` files with ``x``, ``y`` and names, all of them test jets.

``x`` is (jet, particle, feature) with constituents of falling pT and zeros behind them, or (jet,
feature) for features of the whole jet; ``y`` counts classes from 0. ``feature_names`` and
``class_names`` say what they are. Without them three features are pt, etarel, phirel and sixteen
are those of the public set, as taggers of the literature take them, and classes are g q W Z t.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.data import checks
from jetmix.data.dataset import JetDataset, cached_digest
from jetmix.data.normalise import Moments, Normalisation, apply_pt_gate, checked_normalisation
from jetmix.data.record import JetSource
from jetmix.data.schema import (
    CLASS_NAMES,
    HIGH_LEVEL_FEATURES,
    PARTICLE_FEATURES,
    THREE_FEATURES,
    nearest,
)
from jetmix.data.selection import Selection, as_delivered
from jetmix.errors import DataError
from jetmix.support.arrays import AnyArray, Ints, Reals

SUFFIX = ".npz"
KEYS = ("x", "y", "feature_names", "class_names")
_AXES = (2, 3)
_GIVE = "write it with numpy.savez(PATH, x=..., y=..., feature_names=[...], class_names=[...])"


@dataclass(frozen=True, kw_only=True, eq=False)
class JetArrays:
    """The content of a file: values as they were given, neither cut nor normalised."""

    path: Path
    x: Reals
    y: Ints
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]

    def columns(self, wanted: Sequence[str]) -> list[int]:
        """Return where the wanted features stand in the last axis of ``x``.

        Raises:
            DataError: naming a feature that the file does not hold.
        """
        for name in wanted:
            if name not in self.feature_names:
                raise DataError(
                    f"holds no feature {name!r}{nearest(name, self.feature_names)}; "
                    f"it holds {', '.join(self.feature_names)}",
                    where=self.path,
                    mend="give jets with the features that the tagger was trained on",
                )
        return [self.feature_names.index(name) for name in wanted]


def is_array_file(path: Path) -> bool:
    """Return whether a path names a file of arrays."""
    return path.suffix == SUFFIX


def load_arrays(
    path: Path,
    selection: Selection,
    *,
    split: str,
    normalisation: str | Normalisation = "standard",
    class_names: tuple[str, ...] | None = None,
) -> JetDataset:
    """Load all jets of an ``.npz`` file, normalised for a tagger.

    Args:
        path: the file.
        selection: what is read of each jet.
        split: test or all, which are the same: arrays are not split.
        normalisation: constants of a trained tagger, or 'standard' or 'power-of-two' for
            constants of these very jets.
        class_names: the tagger's classes; None for those of the file.

    Raises:
        DataError: if the file is broken, or is not what the tagger takes.
        UsageError: if the normalisation has an unknown name.
    """
    checked_normalisation(normalisation)
    if split not in ("test", "all"):
        raise DataError(
            f"arrays are test jets and have no split {split!r}",
            where=path,
            mend="leave out --split, or give an HDF5 file of jets",
        )
    if selection.jet_columns:
        raise DataError(
            f"arrays hold no columns of the jet, and the tagger takes "
            f"{', '.join(selection.jet_columns)}",
            where=path,
            mend="give an HDF5 file of jets",
        )
    jets = read_arrays(path, class_names)
    x = _cut(jets, selection.n_particles)
    if selection.pt_gate_gev is not None:
        x = x.copy()
        apply_pt_gate(x, x[..., jets.columns(["pt"])[0]], selection.pt_gate_gev)
    x = np.ascontiguousarray(x[..., jets.columns(selection.columns)], np.float32)
    as_delivered(x, selection.columns, selection.hardware)
    if isinstance(normalisation, str):
        moments = Moments(len(selection.features))
        moments.add(selection.of_tagger(x))
        normalisation = moments.normalisation(normalisation)
    return JetDataset(
        x=normalisation.apply(x) if selection.derivation is None else x,
        y=jets.y,
        feature_names=selection.features,
        class_names=jets.class_names,
        normalisation=normalisation,
        split="all",
        source=JetSource(path=str(path), sha256=cached_digest(path), origin="unknown"),
        pt_gate_gev=selection.pt_gate_gev,
        columns={},
        selection=selection,
    )


def read_arrays(path: Path, class_names: tuple[str, ...] | None = None) -> JetArrays:
    """Read and check an ``.npz`` file of jets.

    Args:
        path: the file.
        class_names: the tagger's classes; None for those of the file, or g q W Z t.

    Raises:
        DataError: naming the array, row and column of whatever is wrong.
    """
    arrays = _arrays(path)
    x, y = (_numbers(path, arrays, name) for name in ("x", "y"))
    if x.ndim not in _AXES or y.shape != x.shape[:1] or not len(y):
        raise DataError(
            f"x has shape {x.shape} and y {y.shape}; x must be (jet, particle, feature) or "
            "(jet, feature), y (jet,)",
            where=path,
            mend=_GIVE,
        )
    names = _feature_names(path, arrays, x)
    checks.check_finite(x, path=path, dataset="x", start=0, columns=names)
    if x.ndim == _AXES[1] and "pt" in names:
        checks.check_sorted(x[..., names.index("pt")], path=path, start=0, dataset="x")
    known = _texts(path, arrays, "class_names")
    # the public five in another order were numbered for another tagger
    mixed = known is not None and {*map(str.lower, known)} == {*map(str.lower, CLASS_NAMES)}
    classes = class_names or (CLASS_NAMES if mixed or known is None else known)
    if known is not None and known != classes:
        raise DataError(
            f"the classes are {' '.join(known)}, the tagger's are {' '.join(classes)}",
            where=path,
            mend="number the labels in the tagger's order",
        )
    return JetArrays(
        path=path,
        x=x,
        y=checks.class_numbers(y, len(classes), path=path, dataset="y"),
        feature_names=names,
        class_names=classes,
    )


def _arrays(path: Path) -> dict[str, AnyArray]:
    if not path.is_file():
        raise DataError("no such file", where=path, mend="name a file of jets")
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as content:
            return {key: content[key] for key in KEYS if key in content}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        # NumPy's own words speak of pickles, which are never loaded here
        raise DataError("not a readable .npz file of numbers", where=path, mend=_GIVE) from None


def _numbers(path: Path, arrays: dict[str, AnyArray], name: str) -> AnyArray:
    if name not in arrays:
        raise DataError(f"holds no array '{name}'", where=path, mend=_GIVE)
    if arrays[name].dtype.kind not in "fiu":
        raise DataError(f"'{name}' is not an array of numbers", where=path, mend=_GIVE)
    return arrays[name]


def _texts(path: Path, arrays: dict[str, AnyArray], name: str) -> tuple[str, ...] | None:
    if name not in arrays:
        return None
    if arrays[name].ndim != 1 or arrays[name].dtype.kind not in "US":
        raise DataError(f"'{name}' is not a list of names", where=path, mend=_GIVE)
    return tuple(np.char.decode(arrays[name], "utf-8", "replace").tolist()
                 if arrays[name].dtype.kind == "S" else arrays[name].tolist())  # fmt: skip


def _feature_names(path: Path, arrays: dict[str, AnyArray], x: AnyArray) -> tuple[str, ...]:
    names = _texts(path, arrays, "feature_names")
    if names is None:
        of_particles = {len(known): known for known in (THREE_FEATURES, PARTICLE_FEATURES)}
        of_jets = {len(HIGH_LEVEL_FEATURES): HIGH_LEVEL_FEATURES}
        names = (of_jets if x.ndim == _AXES[0] else of_particles).get(x.shape[-1])
    if names is None or len(names) != x.shape[-1] or len(set(names)) != len(names):
        found = "no 'feature_names'" if names is None else f"{len(set(names))} feature names"
        raise DataError(f"{found} for {x.shape[-1]} features in x", where=path, mend=_GIVE)
    return names


def _cut(jets: JetArrays, n_particles: int | None) -> Reals:
    """Return the leading constituents, or the jets' features where the tagger takes those."""
    if (n_particles is None) != (jets.x.ndim == _AXES[0]):
        kind = "features of whole jets" if n_particles is None else "constituents"
        raise DataError(
            f"x has shape {jets.x.shape}, and the tagger takes {kind}",
            where=jets.path,
            mend="give the data that the tagger was trained for",
        )
    if n_particles is None:
        return jets.x
    if jets.x.shape[1] < n_particles:
        raise DataError(
            f"holds {jets.x.shape[1]} constituents per jet, the tagger takes {n_particles}",
            where=jets.path,
            mend="pad with zeros if the jets have no more constituents",
        )
    return jets.x[:, :n_particles]
