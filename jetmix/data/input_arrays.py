"""Vectors for any model, as plain arrays: ``.npz`` files with one array per input, by its name.

The values are taken as the model takes them: nothing is normalised or cut.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jetmix.data.array_file import SUFFIX
from jetmix.errors import DataError
from jetmix.models.signature import Port, joined
from jetmix.support.arrays import AnyArray, Reals


def is_for_inputs(path: Path, ports: Sequence[Port]) -> bool:
    """Return whether a file is to hold the inputs by name: always, for a model with several."""
    if len(ports) > 1:
        return True
    if path.suffix != SUFFIX:
        return False
    try:
        with np.load(path, allow_pickle=False) as content:
            return ports[0].name in content
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return False


def load_inputs(path: Path, ports: Sequence[Port]) -> Reals:
    """Return the vectors of a file, flat (vector, element), all inputs in the model's order.

    Args:
        path: the ``.npz`` file; arrays of other names in it are not looked at.
        ports: the inputs of the model.

    Raises:
        DataError: if the file cannot be read, or an array is missing, of another shape, empty, no
            numbers or not finite.
    """
    mend = f"write it with numpy.savez: {'; '.join(map(_described, ports))}"
    if path.suffix != SUFFIX:
        raise DataError(
            f"the model has {len(ports)} inputs, which no jet file holds", where=path, mend=mend
        )
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as content:
            arrays = {port.name: content[port.name] for port in ports if port.name in content}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        raise DataError("not a readable .npz file of numbers", where=path, mend=mend) from None
    for port in ports:
        _check(arrays.get(port.name), port, path, mend)
    try:
        return joined(arrays, ports)
    except DataError as error:
        raise DataError(error.what, where=path, mend=error.mend) from None


def element_names(ports: Sequence[Port]) -> tuple[str, ...] | None:
    """Return the names of all elements of several inputs in flat order, such as ``mu[2]``."""
    if len(ports) == 1:
        return None
    return tuple(f"{port.name}[{element}]" for port in ports for element in range(port.size))


def _described(port: Port) -> str:
    return f"'{port.name}' of shape ({', '.join(['vector', *map(str, port.shape)])})"


def _check(array: AnyArray | None, port: Port, path: Path, mend: str) -> None:
    if array is None:
        raise DataError(f"holds no array '{port.name}'", where=path, mend=mend)
    if array.dtype.kind not in "fiu" or not array.ndim or not len(array):
        raise DataError(f"'{port.name}' is not an array of numbers", where=path, mend=mend)
    if not np.isfinite(array).all():
        raise DataError(
            f"'{port.name}' holds NaN or infinity", where=path, mend="leave such vectors out"
        )
