"""Climbing the ladder: each level against the Keras model, the one reference.

Levels are never judged against one another: a compiler that makes a wrong intermediate form and
wrong hardware from it would agree with itself.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.errors import BitsDifferError, ToolMissingError
from jetmix.verification.compare import Level, VerificationResult, compare, not_run
from jetmix.verification.csim import CSim
from jetmix.verification.emulator import Emulator
from jetmix.verification.vectors import VectorSet

LEVELS: tuple[Level, ...] = ("ir", "csim")
KERAS_BATCH = 1024


def keras_logits(model: Any, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the Keras model's outputs as float32 (vector, output)."""
    logits = model.predict(x, batch_size=KERAS_BATCH, verbose=0)
    return np.asarray(logits, dtype=np.float32).reshape(len(x), -1)


def check_ir(
    reference: NDArray[np.float32], emulator: Emulator, vectors: VectorSet
) -> VerificationResult:
    """Compare the DA graph with Keras on all vectors."""
    start = time.monotonic()
    candidate = emulator.predict(vectors.x)
    seconds = round(time.monotonic() - start, 3)
    return compare(
        reference, candidate, lsb=emulator.lsb, level="ir", origins=vectors.origins, seconds=seconds
    )


def check_csim(
    reference: NDArray[np.float32], csim: CSim, vectors: VectorSet
) -> VerificationResult:
    """Compare the compiled C++ with Keras on all vectors."""
    start = time.monotonic()
    candidate = csim.run(vectors.x) * csim.lsb
    seconds = round(time.monotonic() - start, 3)
    return compare(
        reference, candidate, lsb=csim.lsb, level="csim", origins=vectors.origins, seconds=seconds
    )


def climb(
    reference: NDArray[np.float32],
    vectors: VectorSet,
    *,
    emulator: Emulator,
    csim: Callable[[], CSim],
    levels: Sequence[Level],
) -> list[VerificationResult]:
    """Run the chosen levels; a level whose tool is missing is 'not-run' with the reason.

    Args:
        reference: Keras outputs for the vectors, float32 (vector, output).
        vectors: the input vectors.
        emulator: runs the DA graph.
        csim: builds the C simulation; called only if that level is wanted.
        levels: the levels to run.
    """
    results = []
    for level in levels:
        if level == "ir":
            results.append(check_ir(reference, emulator, vectors))
        else:
            try:
                results.append(check_csim(reference, csim(), vectors))
            except ToolMissingError as error:
                results.append(not_run(level, str(error)))
    return results


def require_exact(results: Sequence[VerificationResult], where: object) -> None:
    """Raise if any level differs, naming the first vector and output that does.

    Raises:
        BitsDifferError: exit code 7.
    """
    for result in results:
        first = result.first_mismatch
        if result.status == "failed" and first is not None:
            raise BitsDifferError(
                f"{result.candidate} differs from keras on {result.n_mismatch} of "
                f"{result.n_vectors} vectors; first: {first.origin} {first.vector}, output "
                f"{first.output}: {first.candidate} instead of {first.reference:g} LSB",
                where=where,
                mend="do not use this firmware; keep the folder and report the model",
            )


def missing_tool(results: Sequence[VerificationResult]) -> ToolMissingError | None:
    """Return the error of the first level that could not be run, or None."""
    for result in results:
        if result.status == "not-run":
            return ToolMissingError(
                f"level {result.candidate} was not run ({result.reason})",
                mend="install the tool, or leave the level out with --level",
            )
    return None
