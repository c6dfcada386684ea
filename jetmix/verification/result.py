"""Comparing two levels of the ladder in integers of the output's least significant bit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from jetmix.models.float64 import Precision
from jetmix.models.signature import Port, slices
from jetmix.support import records
from jetmix.support.arrays import Bools, Float64, Reals
from jetmix.support.records import NOT_EMPTY, NOT_NEGATIVE, POSITIVE, Check, checked, rule
from jetmix.verification.bench import Outputs
from jetmix.verification.levels.registry import LEVELS
from jetmix.verification.vectors import VectorSet

VERIFICATION_FILE = "verification.json"
# the one level of a package, which stands above those of a synthesis
PACKAGE_LEVEL = "package"
COUNTS = rule(lambda counts: all(n >= 0 for n in counts.values()), "must hold no negative count")

Status = Literal["passed", "failed", "not-run"]


def _candidate(name: str) -> str:
    names = (*LEVELS, PACKAGE_LEVEL)
    return "" if name in names else f"must be one of {', '.join(names)}"


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """The first vector and output at which two levels differ, in integers of the output's LSB.

    Attributes:
        vector: number of the vector among those of its origin.
        origin: kind of vector, such as ``jet`` or ``corner``.
        output: number of the output.
        reference: value of the reference, which may lie between integers.
        candidate: value of the level.
        layer: layers between which the two first differ, where that could be traced.
        head: name of the model's output, where it has several.
    """

    vector: int
    origin: str
    output: int
    reference: float
    candidate: int
    layer: str | None = None
    head: str | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_NEGATIVE, "vector", "output"),
        "origin": NOT_EMPTY,
    }


@dataclass(frozen=True, kw_only=True)
class HeadResult:
    """How often one of several outputs of a model differs.

    Attributes:
        name: name of the output.
        n_mismatch: vectors of which it differs.
        n_values: values of it that differ, in all vectors.
    """

    name: str
    n_mismatch: int
    n_values: int

    CHECKS: ClassVar[dict[str, Check]] = {
        "name": NOT_EMPTY,
        **checked(NOT_NEGATIVE, "n_mismatch", "n_values"),
    }


@dataclass(frozen=True, kw_only=True)
class VerificationResult:
    """Outcome of one comparison.

    Attributes:
        reference: what the level was compared with: ``keras``.
        candidate: name of the level.
        status: ``not-run`` never counts as passed.
        n_vectors: vectors compared.
        n_mismatch: vectors that differ.
        max_diff_lsb: largest difference in units of ``lsb``, None when the level was not run.
        lsb: weight of the output's least significant bit.
        first_mismatch: where they differ first.
        vectors: number of vectors by origin.
        seconds: wall time of the level.
        reason: why the level was not run.
        latency_cycles: latency that a level with a clock measured.
        ii_cycles: initiation interval that it measured.
        latency_expected_cycles: latency that the project states.
        precision: what Keras computed in, float64 where sums need more than 24 bits.
        heads: each of several outputs by itself.
    """

    reference: str
    candidate: str
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
    precision: Precision | None = None
    heads: tuple[HeadResult, ...] = ()

    CHECKS: ClassVar[dict[str, Check]] = {
        "candidate": _candidate,
        **checked(NOT_NEGATIVE, "n_vectors", "n_mismatch", "max_diff_lsb", "lsb", "seconds"),
        **checked(NOT_NEGATIVE, "latency_cycles", "latency_expected_cycles"),
        "ii_cycles": POSITIVE,
        "reference": NOT_EMPTY,
        "vectors": COUNTS,
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what must hold between the fields and does not: no pass without vectors."""
        differs = self.n_mismatch or self.latency_differs
        if self.status == "passed" and (differs or not self.n_vectors):
            yield "status", "'passed' only with vectors compared and none different"
        if self.status == "failed" and not differs:
            yield "status", "'failed' only where vectors or the latency differ"
        if self.status == "not-run" and self.n_vectors:
            yield "status", "'not-run' only without vectors"
        worst = max((head.n_mismatch for head in self.heads), default=0)
        if worst > self.n_mismatch:
            yield "heads", f"outputs that differ on at most {self.n_mismatch} vectors"
        if self.status != "not-run" and sum(self.vectors.values()) != self.n_vectors:
            yield "vectors", f"counts that add up to {self.n_vectors}"

    @property
    def passed(self) -> bool:
        """Whether the level was run and equals Keras in every bit."""
        return self.status == "passed"

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
        place = f", first at {first.layer}" if first.layer else ""
        head = f" ({first.head})" if first.head else ""
        return (
            f"differs from {self.reference} on {self.n_mismatch} of {self.n_vectors} vectors; "
            f"first: {first.origin} {first.vector}, output {first.output}{head}: {first.candidate} "
            f"instead of {first.reference:g} LSB{place}"
        )


def not_run(candidate: str, reason: str) -> VerificationResult:
    """Return the result of a level that could not be run, never to be read as passed."""
    return VerificationResult(
        reference="keras", candidate=candidate, status="not-run", n_vectors=0, n_mismatch=0,
        max_diff_lsb=None, lsb=None, first_mismatch=None, vectors={}, seconds=None, reason=reason,
    )  # fmt: skip


def judged(
    level: str,
    outputs: Outputs,
    vectors: VectorSet,
    reference: Reals,
    *,
    heads: Sequence[Port] = (),
    precision: Precision = "float32",
) -> VerificationResult:
    """Compare the outputs of a level with those of Keras.

    Another latency than the project states is a failure too: whatever takes the outputs would take
    them at the wrong clock.

    Args:
        level: its name.
        outputs: what it gave for the vectors.
        vectors: the inputs.
        reference: Keras outputs for them, (vector, output).
        heads: the outputs of the model.
        precision: what Keras computed in.
    """
    result = compare(
        reference,
        outputs.values,
        lsb=outputs.lsb,
        level=level,
        origins=vectors.origins,
        seconds=outputs.seconds,
        heads=heads,
    )
    expected = outputs.latency_expected_cycles
    result = replace(result, latency_expected_cycles=expected, precision=precision)
    if result.status != "passed":
        return result  # wrong outputs measure no latency
    result = replace(result, latency_cycles=outputs.latency_cycles, ii_cycles=outputs.ii_cycles)
    return replace(result, status="failed") if result.latency_differs else result


def compare(
    reference: Reals,
    candidate: Reals,
    *,
    lsb: float,
    level: str,
    origins: list[tuple[str, int]],
    seconds: float | None = None,
    heads: Sequence[Port] = (),
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
        heads: the outputs of the model; each is judged by itself where there are several.
    """
    if reference.shape != candidate.shape:
        raise ValueError(f"shapes differ: {reference.shape} and {candidate.shape}")
    # float64 holds every output exactly: none has more than 53 bits, NaN compares as different
    expected = reference.astype(np.float64) / lsb
    got = candidate.astype(np.float64) / lsb
    differs = ~(expected == got) | (got != np.rint(got))
    bad = differs.any(axis=1)
    first = _first_mismatch(expected, got, differs, origins) if bad.any() else None
    if first is not None and len(heads) > 1:
        first = replace(first, head=_head_of(first.output, heads))
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
        heads=_per_head(differs, heads) if len(heads) > 1 else (),
    )


def _per_head(differs: Bools, heads: Sequence[Port]) -> tuple[HeadResult, ...]:
    return tuple(
        HeadResult(
            name=port.name,
            n_mismatch=int(differs[:, place].any(axis=1).sum()),
            n_values=int(differs[:, place].sum()),
        )
        for port, place in zip(heads, slices(heads), strict=True)
    )


def _head_of(output: int, heads: Sequence[Port]) -> str:
    places = zip(heads, slices(heads), strict=True)
    return next(port.name for port, place in places if place.start <= output < place.stop)


def _first_mismatch(
    expected: Float64,
    got: Float64,
    differs: Bools,
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


def write_results(folder: Path, results: Sequence[VerificationResult]) -> None:
    """Write the results of a synthesis; levels that were not climbed this time are kept."""
    kept = {result.candidate: result for result in read_results(folder)}
    kept |= {result.candidate: result for result in results}
    records.write(folder / VERIFICATION_FILE, list(kept.values()))


def read_results(folder: Path) -> tuple[VerificationResult, ...]:
    """Return the results of a synthesis, none where it was never verified.

    Raises:
        ReportReadError: if the file is damaged or edited, such as a pass without vectors.
    """
    path = folder / VERIFICATION_FILE
    return records.read(tuple[VerificationResult, ...], path) if path.exists() else ()
