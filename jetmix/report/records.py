"""Turning the JSON files of a run or a synthesised project into checked data."""

from typing import cast, get_args

from jetmix.report.checked import Checked, each
from jetmix.verification.levels.registry import LEVELS
from jetmix.verification.result import Mismatch, Status, VerificationResult


def verification(items: object, where: object) -> tuple[VerificationResult, ...]:
    """Return the content of a ``verification.json``; a pass without vectors is refused."""
    return tuple(_verification(entry) for entry in each(items, where))


def _verification(entry: Checked) -> VerificationResult:
    result = VerificationResult(
        reference=entry.text("reference"),
        candidate=entry.choice("candidate", LEVELS),
        status=cast(Status, entry.choice("status", get_args(Status))),
        n_vectors=entry.integer("n_vectors"),
        n_mismatch=entry.integer("n_mismatch"),
        max_diff_lsb=entry.number_or_none("max_diff_lsb"),
        lsb=entry.number_or_none("lsb"),
        first_mismatch=_mismatch(entry.part_or_none("first_mismatch")),
        vectors={
            name: entry.part("vectors").integer(name) for name in entry.part("vectors").content
        },
        seconds=entry.number_or_none("seconds"),
        reason=entry.text_or_none("reason"),
        latency_cycles=entry.integer_or_none("latency_cycles", 1),
        ii_cycles=entry.integer_or_none("ii_cycles", 1),
        latency_expected_cycles=entry.integer_or_none("latency_expected_cycles", 1),
    )
    if result.status == "passed" and (result.n_mismatch or not result.n_vectors):
        raise entry.fail("status", "'passed' only with vectors compared and none different")
    if result.status == "failed" and not (result.n_mismatch or result.latency_differs):
        raise entry.fail("status", "'failed' only where vectors or the latency differ")
    if result.status == "not-run" and result.n_vectors:
        raise entry.fail("status", "'not-run' only without vectors")
    if result.status != "not-run" and sum(result.vectors.values()) != result.n_vectors:
        raise entry.fail("vectors", f"counts that add up to {result.n_vectors}")
    return result


def _mismatch(entry: Checked | None) -> Mismatch | None:
    if entry is None:
        return None
    return Mismatch(
        vector=entry.integer("vector"),
        origin=entry.text("origin"),
        output=entry.integer("output"),
        reference=entry.number("reference", low=-1e300),
        candidate=entry.integer("candidate", low=-(2**63)),
        layer=entry.text_or_none("layer"),
    )
