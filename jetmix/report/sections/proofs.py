"""Tables of what was proven for all inputs, and of the faults that the vectors catch."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.render.model import Cell, Row, Table, columns, number, per_tagger, text
from jetmix.report.tagger import Tagger
from jetmix.verification.faults.score import FaultScore
from jetmix.verification.proofs.accumulators import Accumulator
from jetmix.verification.proofs.inputs import Wrapped
from jetmix.verification.proofs.linear import LinearProof
from jetmix.verification.proofs.proofs import Proofs
from jetmix.verification.proofs.ranges import RangeProof
from jetmix.verification.proofs.tables import TableProof

# how many of the inputs that wrap are named
NAMED = 3
SUMS = "Sums that keep all their bits"
WEIGHTS = "Adder graphs that equal the weight matrix"
ACCUMULATORS = "Accumulators that keep all their bits"
LOOKUPS = "Lookup tables that equal their layers"
JETS = "Jets that exceed an input range"
PROOFS_NOTE = (
    "Proven for every input that the ports can hold, not for samples. A quantiser that wraps turns "
    "a large value into a small one, in Keras and in firmware alike. The proof ignores that values "
    "depend on each other: a quantiser that may wrap need not ever do it. Particles are counted "
    "from 0."
)
FAULTS_NOTE = (
    "Each fault changes one place in a copy of the firmware: a bit of a weight, a shift, a sign, a "
    "constant, the width of a word, a register, or the order of the outputs. Caught: a vector of "
    "the ladder shows it. Missed: only other random vectors show it. Silent: no vector shows it, "
    "and it may change nothing. Score: caught faults per fault that was run."
)
SOURCES = {"hls4ml": "C++ of hls4ml", "rtl": "Verilog"}


def _synthesised(tagger: Tagger) -> bool:
    return bool(tagger.resources or tagger.verification)


def proofs(taggers: Sequence[Tagger]) -> Table:
    """Return what holds for all inputs, and how many jets exceed the range of an input port."""
    rows = [_proofs(tagger.proofs) if _synthesised(tagger) else [] for tagger in taggers]
    return Table(
        name="proofs",
        caption="Proofs for all inputs, and input overflow",
        columns=columns("Proof", "Outcome", "Covers", "Details"),
        groups=per_tagger(taggers, rows),
        note=PROOFS_NOTE,
    )


def _proofs(known: Proofs | None) -> list[Row]:
    if known is None:
        why = text("not run: run 'jetmix synth' on the model again")
        return [(text(name), _unrun(), text(words.UNKNOWN), why) for name in (SUMS, WEIGHTS, JETS)]
    return [
        _sums(known.proof),
        _quantisers(known.proof),
        _weights(known.linear),
        *_tables(known.tables),
        *_accumulators(known.accumulators),
        _overflow(known.data),
    ]


def _unrun() -> Cell:
    return text("not run", mark="unknown")


def _sums(proof: RangeProof) -> Row:
    n_narrow, n_taken = len(proof.overflows), len(proof.unproven)
    narrow = text(f"{words.count(n_narrow)} operations can overflow", mark="bad")
    return (
        text(SUMS),
        narrow if n_narrow else text("proven", mark="good"),
        text(f"{words.count(proof.operations)} operations"),
        text(f"{words.count(n_taken)} ranges are no narrower than their widths" if n_taken else ""),
    )


def _quantisers(proof: RangeProof) -> Row:
    layers = ", ".join(f"{name} {words.count(n)}" for name, n in proof.can_wrap_by_layer.items())
    return (
        text("Quantisers that cannot wrap"),
        text(f"{words.count(proof.quantisers - proof.can_wrap)} proven"),
        text(f"{words.count(proof.quantisers)} quantisers"),
        text(f"{words.count(proof.can_wrap)} may wrap: {layers}" if layers else ""),
    )


def _weights(linear: Sequence[LinearProof]) -> Row:
    compared = [proof for proof in linear if proof.reason is None]
    wrong = sum(proof.wrong for proof in compared)
    outcome = text("proven", mark="good") if compared else _unrun()
    if wrong:
        outcome = text(f"{words.count(wrong)} coefficients differ", mark="bad")
    others = "; ".join(f"{p.layer}: {p.reason}" for p in linear if p.reason is not None)
    coefficients = words.count(sum(proof.coefficients for proof in compared))
    return (
        text(WEIGHTS),
        outcome,
        text(f"{len(compared)} of {len(linear)} layers, {coefficients} coefficients"),
        text(f"not compared: {others}" if others else ""),
    )


def _tables(tables: Sequence[TableProof]) -> list[Row]:
    """Return the row of the lookup tables; none for a tagger that has no tables."""
    if not tables:
        return []
    shown = [proof for proof in tables if proof.reason is None]
    wrong = sum(proof.wrong for proof in shown)
    outcome = text("proven", mark="good") if shown else _unrun()
    if wrong:
        outcome = text(f"{words.count(wrong)} values differ", mark="bad")
    total, equal = (sum(proof.tables for proof in some) for some in (tables, shown))
    entries = words.count(sum(proof.entries for proof in shown))
    others = "; ".join(f"{p.layer}: {p.reason}" for p in tables if p.reason is not None)
    layers = ", ".join(f"{p.layer} {words.count(p.tables)}" for p in shown)
    covered = f"{words.count(equal)} of {words.count(total)} tables, {entries} entries"
    details = [f"compared: {layers}"] if layers else []
    details += [f"not compared: {others}"] if others else []
    return [(text(LOOKUPS), outcome, text(covered), text("; ".join(details)))]


def _accumulators(found: Sequence[Accumulator]) -> list[Row]:
    """Return the row of a folded tagger's accumulators; none for a tagger without any."""
    if not found:
        return []
    narrow = sum(one.overflows for one in found)
    bad = text(f"{words.count(narrow)} can overflow", mark="bad")
    return [
        (
            text(ACCUMULATORS),
            bad if narrow else text("proven", mark="good"),
            text(f"{words.count(len(found))} accumulators"),
            text("; ".join(words.accumulated(found))),
        )
    ]


def _overflow(data: Wrapped | None) -> Row:
    if data is None:
        why = text("not run: name jets with 'jetmix synth --data' or 'jetmix verify --data'")
        return (text(JETS), _unrun(), text(words.UNKNOWN), why)
    listed = "; ".join(map(words.exceeded, data.inputs[:NAMED]))
    more = f"; and {len(data.inputs) - NAMED} other inputs" if len(data.inputs) > NAMED else ""
    wrapping = words.count(data.n_jets_that_wrap)
    if data.n_jets_that_wrap:
        wrapping += f", in {words.count(data.n_values_that_wrap)} values"
    return (
        text(JETS),
        text(wrapping, mark="" if data.n_jets_that_wrap else "good"),
        text(f"{words.count(data.n_jets)} jets of {data.path}"),
        text(listed + more),
    )


def faults(taggers: Sequence[Tagger]) -> Table:
    """Return how many planted faults the vectors caught."""
    rows = [_faults(tagger.faults) if _synthesised(tagger) else [] for tagger in taggers]
    titles = ("Faults in", "Caught", "Missed", "Silent", "Score")
    return Table(
        name="faults",
        caption="Planted faults",
        columns=columns(*titles, "Details", numeric=titles[1:]),
        groups=per_tagger(taggers, rows),
        note=FAULTS_NOTE,
    )


def _faults(scores: Sequence[FaultScore]) -> list[Row]:
    if not scores:
        why = text("not run: run 'jetmix verify DIR --faults 200'")
        return [(text("C++ and Verilog"), _unrun(), *(number(None) for _ in range(3)), why)]
    return [_score(score) for score in scores]


def _score(score: FaultScore) -> Row:
    counts = (score.caught, score.missed, score.silent)
    return (
        text(SOURCES[score.flow]),
        *(number(count) for count in counts),
        _share(score.caught, score.judged),
        text("; ".join(_fault_details(score))),
    )


def _fault_details(score: FaultScore) -> list[str]:
    vectors = (
        f"{words.count(score.n_vectors)} vectors, {words.count(score.n_fresh)} other random ones"
    )
    details = [f"{vectors}, seed {score.seed}"]
    for verdict in ("missed", "silent"):
        kinds = [f"{kind} {n[verdict]}" for kind, n in score.by_kind.items() if n[verdict]]
        details += [f"{verdict}: {', '.join(kinds)}"] if kinds else []
    late = score.planted - score.judged
    return [*details, f"{words.count(late)} not run within the time limit"] if late else details


def _share(caught: int, judged: int) -> Cell:
    share = caught / judged if judged else None
    return Cell(text=words.percent(share), sort=share)


def matrices(taggers: Sequence[Tagger]) -> Table:
    """Return the linear proof layer by layer."""
    rows = [[_matrix(p) for p in (t.proofs.linear if t.proofs else ())] for t in taggers]
    titles = ("Layer", "Outputs", "Coefficients", "Differing", "Outcome")
    return Table(
        name="matrices",
        caption="Adder graph and weight matrix, layer by layer",
        columns=columns(*titles, numeric=titles[1:4]),
        groups=per_tagger(taggers, rows),
        sortable=True,
    )


def _matrix(proof: LinearProof) -> Row:
    bad = text(f"{words.count(proof.wrong)} differ", mark="bad")
    outcome = bad if proof.wrong else text("proven", mark="good")
    if proof.reason is not None:
        outcome = text(f"not compared: {proof.reason}", mark="unknown")
    there = proof.reason is None
    return (
        text(proof.layer),
        number(proof.outputs),
        number(proof.coefficients if there else None),
        number(proof.wrong if there else None),
        outcome,
    )
