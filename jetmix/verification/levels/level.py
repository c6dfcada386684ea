"""Climbing the ladder: each level against the Keras model, the one reference.

Levels are never judged against one another: a compiler that makes a wrong intermediate form and
wrong hardware from it would agree with itself.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jetmix.errors import BitsDifferError, ToolMissingError
from jetmix.firmware.project import Flow
from jetmix.verification.levels.rtl import RtlSim, align
from jetmix.verification.result import Level, VerificationResult, compare, not_run
from jetmix.verification.vectors import VectorSet

# the levels that each flow can be judged at, lowest first
LEVELS_OF: dict[Flow, tuple[Level, ...]] = {
    "hls4ml": ("ir", "csim"),
    "rtl": ("ir", "rtl", "netlist"),
}
# levels that take minutes, and are climbed only where they are asked for
ON_REQUEST: tuple[Level, ...] = ("netlist",)
KERAS_BATCH = 1024


def keras_logits(model: Any, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the Keras model's outputs as float32 (vector, output)."""
    logits = model.predict(x, batch_size=KERAS_BATCH, verbose=0)
    return np.asarray(logits, dtype=np.float32).reshape(len(x), -1)


class Function(Protocol):
    """A level without a clock: what gives the firmware's outputs for vectors."""

    @property
    def lsb(self) -> float:
        """Weight of the least significant bit of the outputs."""

    def predict(self, x: NDArray[np.float32]) -> NDArray[np.floating]:
        """Return the outputs (vector, output) for inputs (vector, ...)."""


def check(
    reference: NDArray[np.float32], function: Function, vectors: VectorSet, *, level: Level
) -> VerificationResult:
    """Compare a level without a clock with Keras on all vectors."""
    start = time.monotonic()
    candidate = function.predict(vectors.x)
    seconds = round(time.monotonic() - start, 3)
    return compare(
        reference,
        candidate,
        lsb=function.lsb,
        level=level,
        origins=vectors.origins,
        seconds=seconds,
    )


def check_clocked(
    reference: NDArray[np.float32], simulation: RtlSim, vectors: VectorSet, *, level: Level
) -> VerificationResult:
    """Compare the Verilog, or its netlist, with Keras on all vectors, one fed every clock (II = 1).

    The latency is the shift at which the outputs agree with the reference. Another one than the
    project states is a failure: whatever takes the outputs would take them at the wrong clock.
    """
    start = time.monotonic()
    clocks = simulation.run(vectors.x)
    seconds = round(time.monotonic() - start, 3)
    latency = align(clocks, reference, expected=simulation.latency_cycles)
    result = compare(
        reference,
        clocks[latency - 1 : latency - 1 + len(reference)],
        lsb=simulation.lsb,
        level=level,
        origins=vectors.origins,
        seconds=seconds,
    )
    result = replace(result, latency_expected_cycles=simulation.latency_cycles)
    if result.status != "passed":
        return result
    result = replace(result, latency_cycles=latency, ii_cycles=1)
    return replace(result, status="failed") if result.latency_differs else result


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
        if result.status == "failed":
            raise BitsDifferError(
                f"{result.candidate} {result.difference}",
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
