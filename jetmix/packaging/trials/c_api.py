"""The C library of a package, called with integers and with real numbers."""

import ctypes
import time
from pathlib import Path

import numpy as np

from jetmix.errors import ToolFailedError
from jetmix.firmware.dais import width_of
from jetmix.packaging.trials.trial import Trial
from jetmix.support import libraries
from jetmix.support.arrays import AnyArray
from jetmix.verification.bench import Outputs


def run(trial: Trial) -> Outputs:
    """Return the answers to real numbers, and those to integers where only they are wrong.

    Raises:
        ToolFailedError: if the library cannot be loaded, or answers with an error.
    """
    path = trial.folder / "lib" / f"lib{trial.label}.so"
    try:
        library = libraries.load(path)
    except OSError as error:
        mend = "verify the package on a machine of the kind that it was made on"
        raise ToolFailedError(
            f"the library cannot be loaded ({error})", where=path, mend=mend
        ) from None
    steps_in, steps_out = (
        [2.0 ** -width_of(grid).fraction for grid in grids]
        for grids in (trial.graph.inp_qint, trial.graph.out_qint)
    )
    start = time.monotonic()
    real = _called(library, f"{trial.label}_predict_double", trial, trial.x)
    # as the lowest 32 bits, to which the library's own integers wrap
    integers = np.floor(trial.x / steps_in).astype(np.int64).astype(np.int32)
    exact = _called(library, f"{trial.label}_predict", trial, integers) * np.array(steps_out)
    seconds = time.monotonic() - start
    return trial.outputs(np.where(real == trial.reference, exact, real), seconds)


def _called(library: ctypes.CDLL, name: str, trial: Trial, x: AnyArray) -> AnyArray:
    x = np.ascontiguousarray(x)
    y = np.zeros((len(x), trial.graph.shape[1]), dtype=x.dtype)
    status = library[name](
        ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data), ctypes.c_size_t(len(x))
    )
    if status:
        raise ToolFailedError(
            f"{name} returned {status}", where=Path(trial.folder), mend="report the model"
        )
    return y
