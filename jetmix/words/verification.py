"""Levels, vectors, proofs and faults as people read them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jetmix.verification.faults.score import FaultScore
from jetmix.verification.proofs.accumulators import Accumulator
from jetmix.verification.proofs.inputs import Wrapped, WrappedInput
from jetmix.verification.proofs.linear import LinearProof
from jetmix.verification.proofs.proofs import RANGES_FILE, Proofs
from jetmix.verification.proofs.ranges import RangeProof
from jetmix.verification.proofs.tables import TableProof
from jetmix.verification.result import VerificationResult
from jetmix.words.numbers import count, cycles, source

if TYPE_CHECKING:
    pass

VECTOR_WORDS = {
    "jet": "jets",
    "rare-jet": "rare jets",
    "extreme": "vectors at the ends of internal ranges",
    "corner": "corner cases",
    "random": "random vectors",
    "beyond-range": "vectors beyond the range",
}


def compared(result: VerificationResult) -> str:
    """Return how many vectors a level was compared on, jets apart from made-up ones."""
    jets = result.vectors.get("jet", 0)
    others = result.n_vectors - jets
    if not jets:
        return f"{count(others)} vectors other than jets"
    return f"{count(jets)} jets" + (f" and {count(others)} other vectors" if others else "")


def rung(result: VerificationResult) -> str:
    """Return the outcome of one level of the ladder."""
    level = source(result.candidate)
    if result.status == "passed":
        return f"{level}: bit-exact on {compared(result)}"
    if result.status == "failed" and not result.n_mismatch:
        return f"{level} {result.difference}"
    if result.status == "failed":
        return f"{level}: {count(result.n_mismatch)} of {compared(result)} differ"
    return f"{level}: not run"


def exactness(results: Sequence[VerificationResult]) -> str:
    """Return the levels that were run in one line; a level that was not run is not counted.

    Levels that are exact on the same vectors share one entry.
    """
    exact: dict[str, list[str]] = {}
    for result in results:
        if result.status == "passed":
            exact.setdefault(compared(result), []).append(source(result.candidate))
    found = [rung(result) for result in results if result.status == "failed"]
    found += [f"{_listed(names)}: bit-exact on {vectors}" for vectors, names in exact.items()]
    return "; ".join(found) if found else "not verified"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def reference(result: VerificationResult) -> str:
    """Return what a level was compared with."""
    name = "Keras" if result.reference == "keras" else result.reference
    return f"{name} in float64" if result.precision == "float64" else name


def vectors(result: VerificationResult) -> str:
    """Return how many vectors of each origin a level was compared on."""
    return ", ".join(
        f"{count(n)} {VECTOR_WORDS.get(name, name)}" for name, n in result.vectors.items()
    )


def level_line(result: VerificationResult) -> str:
    """Return one line on a level of the ladder, with the latency it measured."""
    if result.status == "not-run":
        return f"{result.candidate}: not run ({result.reason})"
    line = (
        f"{result.candidate}: {result.status}, {count(result.n_mismatch)} of "
        f"{count(result.n_vectors)} vectors differ ({vectors(result)})"
    )
    if result.precision == "float64":
        line += f" from {reference(result)}"
    if result.latency_cycles is None:
        return line
    line += f"; measured latency {cycles(result.latency_cycles)}, II {result.ii_cycles}"
    expected = result.latency_expected_cycles
    return f"{line} (the project states {cycles(expected)})" if result.latency_differs else line


def proof_lines(proofs: Proofs | None) -> list[str]:
    """Return what was proven of a tagger, one line per proof; nothing where nothing was."""
    if proofs is None:
        return []
    lines = [_range_line(proofs.proof), _weights_line(proofs.linear)]
    lines += [_tables_line(proofs.tables)] if proofs.tables else []
    lines += [_accumulators_line(proofs.accumulators)] if proofs.accumulators else []
    return lines if proofs.data is None else [*lines, _overflow_line(proofs.data)]


def _range_line(proof: RangeProof) -> str:
    narrow = count(len(proof.overflows)) if proof.overflows else "none"
    return (
        f"Value ranges: {narrow} of {count(proof.operations)} operations can overflow; "
        f"{count(proof.can_wrap)} of {count(proof.quantisers)} quantisers can wrap [{RANGES_FILE}]"
    )


def _weights_line(layers: Sequence[LinearProof]) -> str:
    equal = [layer for layer in layers if layer.reason is None and not layer.wrong]
    coefficients = count(sum(layer.coefficients for layer in layers))
    return (
        f"Weights: in {len(equal)} of {len(layers)} layers the adder graph equals the weight "
        f"matrix exactly ({coefficients} coefficients compared)"
    )


def _tables_line(proofs: Sequence[TableProof]) -> str:
    shown = [proof for proof in proofs if proof.reason is None]
    total, equal = (sum(proof.tables for proof in some) for some in (proofs, shown))
    wrong = sum(proof.wrong for proof in proofs)
    line = (
        f"Lookup tables: {count(equal)} of {count(total)} were compared with their layers for "
        f"every input value ({count(sum(proof.entries for proof in shown))} entries); "
        f"{count(wrong) if wrong else 'no'} values differ"
    )
    others = "; ".join(f"not shown for {p.layer}: {p.reason}" for p in proofs if p.reason)
    return f"{line}; {others}" if others else line


def _accumulators_line(found: Sequence[Accumulator]) -> str:
    narrow = sum(one.overflows for one in found)
    return (
        f"Accumulators: {count(narrow) if narrow else 'none'} of {count(len(found))} can overflow; "
        + "; ".join(accumulated(found))
    )


def accumulated(found: Sequence[Accumulator]) -> list[str]:
    """Return what the accumulators of each layer hold, in as few words as there are layers."""
    lines = []
    for layer in dict.fromkeys(one.layer for one in found):
        own = [one for one in found if one.layer == layer]
        low, high = min(one.reached[0] for one in own), max(one.reached[1] for one in own)
        bits = max(one.bits for one in own)
        lines.append(f"{layer} reaches {low:g} to {high:g} in up to {bits} bits")
    return lines


def _overflow_line(data: Wrapped) -> str:
    exceed = "exceeds" if data.n_jets_that_wrap == 1 else "exceed"
    line = (
        f"Input overflow: {count(data.n_jets_that_wrap)} of {count(data.n_jets)} jets {exceed} an "
        "input range"
    )
    if not data.inputs:
        return line
    worst = data.inputs[0]
    return f"{line}. Worst: {exceeded(worst)}; first: jet {data.first_jets[0]}"


def exceeded(port: WrappedInput) -> str:
    """Return how many jets exceed the range of an input port."""
    place = f" of particle {port.particle}" if port.particle is not None else ""
    low, high = port.port
    ends = f"[{low:g}, {high:g}]" if port.step is None else f"[{low:g}, {high + port.step:g})"
    jets = "jet" if port.jets == 1 else "jets"
    return f"{port.feature}{place}, {count(port.jets)} {jets} outside {ends}"


def fault_line(score: FaultScore) -> str:
    """Return how many planted faults the vectors of a verification caught."""
    late = score.planted - score.judged
    return (
        f"Planted faults ({score.flow}): {count(score.caught)} of {count(score.judged)} caught by "
        f"{count(score.n_vectors)} vectors, {count(score.missed)} missed, {count(score.silent)} "
        f"without effect even on {count(score.n_fresh)} other vectors"
        + (f"; {count(late)} not tried within the time limit" if late else "")
    )
