"""Climbing the ladder: each level against the Keras model, the one reference.

Levels are never judged against one another: a compiler that makes a wrong intermediate form and
wrong hardware from it would agree with itself.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.errors import BitsDifferError, ToolMissingError
from jetmix.firmware.plan import Flow
from jetmix.verification.compare import Level, VerificationResult, compare, not_run
from jetmix.verification.csim import CSim
from jetmix.verification.emulator import Emulator
from jetmix.verification.rtl import RtlSim, align
from jetmix.verification.vectors import VectorSet

# the levels that each flow can be judged at, lowest first
LEVELS_OF: dict[Flow, tuple[Level, ...]] = {"hls4ml": ("ir", "csim"), "rtl": ("ir", "rtl")}
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


def check_rtl(
    reference: NDArray[np.float32], simulation: RtlSim, vectors: VectorSet
) -> VerificationResult:
    """Compare the Verilog with Keras on all vectors, one fed every clock (II = 1).

    The latency is the shift at which the outputs agree with the reference.
    """
    start = time.monotonic()
    clocks = simulation.run(vectors.x)
    seconds = round(time.monotonic() - start, 3)
    shift, latency = align(clocks, reference)
    result = compare(
        reference,
        clocks[shift : shift + len(reference)],
        lsb=simulation.lsb,
        level="rtl",
        origins=vectors.origins,
        seconds=seconds,
    )
    if result.status != "passed":
        return result
    return replace(result, latency_cycles=latency, ii_cycles=1)


Check = Callable[[NDArray[np.float32], VectorSet], VerificationResult]


def climb(
    reference: NDArray[np.float32],
    vectors: VectorSet,
    *,
    checks: Mapping[Level, Check],
    levels: Sequence[Level],
) -> list[VerificationResult]:
    """Run the chosen levels; a level whose tool is missing is 'not-run' with the reason.

    Args:
        reference: Keras outputs for the vectors, float32 (vector, output).
        vectors: the input vectors.
        checks: how each level is built and compared; called only for the levels that are wanted.
        levels: the levels to run.
    """
    results = []
    for level in levels:
        try:
            results.append(checks[level](reference, vectors))
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
            place = f", parting at {first.layer}" if first.layer else ""
            raise BitsDifferError(
                f"{result.candidate} differs from keras on {result.n_mismatch} of "
                f"{result.n_vectors} vectors; first: {first.origin} {first.vector}, output "
                f"{first.output}: {first.candidate} instead of {first.reference:g} LSB{place}",
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
