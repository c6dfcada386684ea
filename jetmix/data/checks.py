"""Checks of the values of a jet file, block by block; every error names the row."""

from pathlib import Path

import numpy as np

from jetmix.data.schema import CLASS_NAMES, CONSTITUENTS, JETS, LABEL_COLUMNS
from jetmix.errors import DataError
from jetmix.support.arrays import Ints, Reals

# float16 files and sums of rounded momenta leave ties that look unsorted by this much
SORT_TOLERANCE = 2e-3


def check_finite(
    values: Reals, *, path: Path, dataset: str, start: int, columns: tuple[str, ...]
) -> None:
    """Refuse NaN and infinity in a block whose last axis is named by ``columns``.

    Raises:
        DataError: naming file, dataset, row and column of the first bad value.
    """
    # a sum is far cheaper than a mask of every value; only a bad block pays for the search
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum(dtype=np.float64)):
            return
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    first = np.argwhere(bad)[0]
    kind = "NaN" if np.isnan(values[tuple(first)]) else "infinity"
    raise DataError(
        f"{kind} in column {columns[int(first[-1])]}",
        where=f"{path} {dataset} row {start + int(first[0])}",
        mend="remove such jets, or import or simulate the file again",
    )


def check_sorted(pt: Reals, *, path: Path, start: int) -> None:
    """Refuse constituents that are not in falling order of pT (jet, particle).

    Raises:
        DataError: naming the first jet that is out of order.
    """
    limit = pt[:, :-1] * (1 + SORT_TOLERANCE)
    rising = (pt[:, 1:] > limit).any(axis=1)
    if rising.any():
        raise DataError(
            "the constituents are not sorted by falling pT",
            where=f"{path} {CONSTITUENTS} row {start + int(np.argmax(rising))}",
            mend="sort the constituents of every jet by pT and pad with zeros at the end",
        )


def classes_of(labels: Reals, *, path: Path, start: int) -> Ints:
    """Return the class index of each row of one-hot ``labels`` (jet, 5) in the order g q W Z t.

    Raises:
        DataError: naming the first row that is not one-hot.
    """
    one_hot = ((labels == 0) | (labels == 1)).all(axis=1) & (labels.sum(axis=1) == 1)
    if not one_hot.all():
        row = int(np.argmin(one_hot))
        raise DataError(
            f"the labels {' '.join(LABEL_COLUMNS)} are {labels[row].tolist()}, not one-hot",
            where=f"{path} {JETS} row {start + row}",
            mend="give each jet a 1 for its class and 0 elsewhere",
        )
    return np.asarray(labels.argmax(axis=1), np.int64)


def check_all_classes(counts: Ints, *, path: Path) -> None:
    """Refuse a file in which a class has no jets.

    Raises:
        DataError: naming the classes without jets.
    """
    missing = [name for name, count in zip(CLASS_NAMES, counts, strict=True) if count == 0]
    if missing:
        raise DataError(
            f"no jets of class {', '.join(missing)}",
            where=f"{path} {JETS}",
            mend="give a file with all of g q W Z t, or simulate more jets",
        )
