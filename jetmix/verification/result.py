"""Comparing two levels of the ladder in integers of the output's least significant bit."""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jetmix.support.files import JSON

Level = Literal["ir", "csim", "rtl", "netlist"]
Status = Literal["passed", "failed", "not-run"]


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """The first vector and output where two levels part, in integers of the output's LSB.

    ``layer`` are the layers between which they part, where that could be traced.
    """

    vector: int
    origin: str
    output: int
    reference: float
    candidate: int
    layer: str | None = None


@dataclass(frozen=True, kw_only=True)
class VerificationResult:
    """Outcome of one comparison; ``vectors`` counts the vectors by origin.

    ``max_diff_lsb`` is the largest difference in units of the output's least significant bit
    (``lsb``), None when the level was not run. ``latency_cycles`` and ``ii_cycles`` are what
    a level with a clock measured, ``latency_expected_cycles`` what the project states.
    """

    reference: str
    candidate: Level
    status: Status
    n_vectors: int
    n_mismatch: int
    max_diff_lsb: float | None
    lsb: float | None
    first_mismatch: Mismatch | None
    vectors: dict[str, int]
    seconds: float | None
    reason: str | None = None
    latency_cycles: int | None = None
    ii_cycles: int | None = None
    latency_expected_cycles: int | None = None

    @property
    def latency_differs(self) -> bool:
        """Whether the latency is another one than the project states."""
        cycles, expected = self.latency_cycles, self.latency_expected_cycles
        return None not in (cycles, expected) and cycles != expected

    @property
    def difference(self) -> str:
        """What is wrong with a level that failed: where its bits or its latency differ."""
        first = self.first_mismatch
        if first is None:
            return (
                f"has a latency of {self.latency_cycles} cycles instead of "
                f"{self.latency_expected_cycles}"
            )
        place = f", parting at {first.layer}" if first.layer else ""
        return (
            f"differs from {self.reference} on {self.n_mismatch} of {self.n_vectors} vectors; "
            f"first: {first.origin} {first.vector}, output {first.output}: {first.candidate} "
            f"instead of {first.reference:g} LSB{place}"
        )

    def as_json(self) -> JSON:
        """Return the result as JSON-serialisable data."""
        return asdict(self)


def not_run(candidate: Level, reason: str) -> VerificationResult:
    """Return the result of a level that could not be run, never to be read as passed."""
    return VerificationResult(
        reference="keras", candidate=candidate, status="not-run", n_vectors=0, n_mismatch=0,
        max_diff_lsb=None, lsb=None, first_mismatch=None, vectors={}, seconds=None, reason=reason,
    )  # fmt: skip


def compare(
    reference: NDArray[np.floating],
    candidate: NDArray[np.floating],
    *,
    lsb: float,
    level: Level,
    origins: list[tuple[str, int]],
    seconds: float | None = None,
) -> VerificationResult:
    """Compare two (vector, output) arrays bit for bit.

    The reference is held against the grid too: a reference value that is no whole number of LSB
    cannot be what the firmware computes, and counts as a mismatch.

    Args:
        reference: outputs of the level above, (vector, output).
        candidate: outputs of the level under test, same shape.
        lsb: weight of the least significant bit of the candidate's output type.
        level: name of the level under test.
        origins: (name, count) of the vectors, in order; counts add up to the number of vectors.
        seconds: wall time the candidate took.
    """
    if reference.shape != candidate.shape:
        raise ValueError(f"shapes differ: {reference.shape} and {candidate.shape}")
    # float64 holds every output exactly: widths are far below 53 bits, NaN compares as different
    expected = reference.astype(np.float64) / lsb
    got = candidate.astype(np.float64) / lsb
    differs = ~(expected == got) | (got != np.rint(got))
    bad = differs.any(axis=1)
    first = _first_mismatch(expected, got, differs, origins) if bad.any() else None
    gap = np.abs(expected - got)
    return VerificationResult(
        reference="keras",
        candidate=level,
        status="failed" if bad.any() else "passed",
        n_vectors=len(bad),
        n_mismatch=int(bad.sum()),
        max_diff_lsb=float(np.nanmax(gap)) if gap.size and not np.isnan(gap).all() else None,
        lsb=lsb,
        first_mismatch=first,
        vectors=dict(origins),
        seconds=seconds,
    )


def _first_mismatch(
    expected: NDArray[np.float64],
    got: NDArray[np.float64],
    differs: NDArray[np.bool_],
    origins: list[tuple[str, int]],
) -> Mismatch:
    vector, output = (int(i) for i in np.argwhere(differs)[0])
    start = 0
    origin, index = "", vector
    for name, count in origins:
        if start <= vector < start + count:
            origin, index = name, vector - start
        start += count
    return Mismatch(
        vector=index,
        origin=origin,
        output=output,
        reference=float(expected[vector, output]),
        candidate=int(np.nan_to_num(got[vector, output])),
    )
