"""Tables of what was proven for all inputs, and of the estimate beside what tools say."""

from collections.abc import Sequence

from jetmix import words
from jetmix.report.proven import Proofs, Wrapped
from jetmix.report.render.model import Cell, Row, Table, columns, number, per_tagger, text
from jetmix.report.tagger import Tagger
from jetmix.verification.faults.score import FaultScore
from jetmix.verification.proofs.linear import LinearProof

# how many of the inputs that wrap are named
NAMED = 3
PROOFS_NOTE = (
    "Proven for every input that the ports can hold, not for samples. A quantiser that wraps "
    "turns a large value into a small one, in Keras and firmware alike; the intervals ignore "
    "that values depend on each other, so not every quantiser that may wrap ever does. "
    "Constituents are counted from 0."
)
FAULTS_NOTE = (
    "Each fault is one wrong place in a copy of the firmware: a flipped bit of a weight, a shift, "
    "a sign, a constant, a narrower word, a dropped register, swapped outputs. Caught: a vector of "
    "the ladder shows it. Missed: only fresh random vectors do. Silent: neither does, and it may "
    "change nothing at all. The score is the caught part of those run."
)
SOURCES = {"hls4ml": "C++ of hls4ml", "rtl": "Verilog"}


def _synthesised(tagger: Tagger) -> bool:
    return bool(tagger.resources or tagger.verification)


def proofs(taggers: Sequence[Tagger]) -> Table:
    """Return what holds for all inputs, and how many jets wrap at the input ports."""
    rows = [_proofs(tagger.proofs) if _synthesised(tagger) else [] for tagger in taggers]
    return Table(
        name="proofs",
        caption="Proofs for all inputs, and inputs that would wrap",
        columns=columns("Proof", "Outcome", "Covers", "Details"),
        groups=per_tagger(taggers, rows),
        note=PROOFS_NOTE,
    )


def _proofs(known: Proofs | None) -> list[Row]:
    if known is None:
        why = text("not run: run 'jetmix synth' on the model again")
        names = ("Sums keep all their bits", "Adders are the layers' matrices", "Jets that wrap")
        return [(text(name), _unrun(), text(words.UNKNOWN), why) for name in names]
    return [_sums(known), _quantisers(known), _matrices(known.linear), _jets(known.data)]


def _unrun() -> Cell:
    return text("not run", mark="unknown")


def _sums(known: Proofs) -> Row:
    taken = f"{words.count(known.unproven)} ranges are da4ml's own" if known.unproven else ""
    wrong = f"{words.count(known.overflows)} sums are too narrow"
    return (
        text("Sums keep all their bits"),
        text(wrong, mark="bad") if known.overflows else text("proven", mark="good"),
        text(f"{words.count(known.operations)} operations"),
        text(taken),
    )


def _quantisers(known: Proofs) -> Row:
    layers = ", ".join(f"{name} {words.count(n)}" for name, n in known.can_wrap_by_layer.items())
    return (
        text("Quantisers that never wrap"),
        text(f"{words.count(known.quantisers - known.can_wrap)} proven"),
        text(f"{words.count(known.quantisers)} quantisers"),
        text(f"{words.count(known.can_wrap)} may wrap: {layers}" if layers else ""),
    )


def _matrices(linear: Sequence[LinearProof]) -> Row:
    compared = [proof for proof in linear if proof.reason is None]
    wrong = sum(proof.wrong for proof in compared)
    outcome = text("proven", mark="good") if compared else _unrun()
    if wrong:
        outcome = text(f"{words.count(wrong)} coefficients differ", mark="bad")
    others = "; ".join(f"{p.layer}: {p.reason}" for p in linear if p.reason is not None)
    coefficients = words.count(sum(proof.coefficients for proof in compared))
    return (
        text("Adders are the layers' matrices"),
        outcome,
        text(f"{len(compared)} of {len(linear)} layers, {coefficients} coefficients"),
        text(f"not compared: {others}" if others else ""),
    )


def _jets(data: Wrapped | None) -> Row:
    name = text("Jets that wrap at the input ports")
    if data is None:
        why = text("not run: name jets with 'jetmix synth --data' or 'jetmix verify --data'")
        return (name, _unrun(), text(words.UNKNOWN), why)
    listed = "; ".join(
        f"{entry.feature}{_particle(entry.particle)}: {words.count(entry.jets)} jets outside of "
        f"{entry.low:g} to {entry.high:g}"
        for entry in data.inputs[:NAMED]
    )
    more = f"; and {len(data.inputs) - NAMED} other inputs" if len(data.inputs) > NAMED else ""
    wrapping = words.count(data.n_jets_that_wrap)
    if data.n_jets_that_wrap:
        wrapping += f", by {words.count(data.n_values_that_wrap)} values"
    return (
        name,
        text(wrapping, mark="" if data.n_jets_that_wrap else "good"),
        text(f"{words.count(data.n_jets)} jets of {data.path}"),
        text(listed + more),
    )


def _particle(index: int | None) -> str:
    return "" if index is None else f" of constituent {index}"


def faults(taggers: Sequence[Tagger]) -> Table:
    """Return how many faults that were planted on purpose the vectors caught."""
    rows = [_faults(tagger.faults) if _synthesised(tagger) else [] for tagger in taggers]
    titles = ("Faults in", "Caught", "Missed", "Silent", "Score")
    return Table(
        name="faults",
        caption="Faults planted on purpose",
        columns=columns(*titles, "Details", numeric=titles[1:]),
        groups=per_tagger(taggers, rows),
        note=FAULTS_NOTE,
    )


def _faults(scores: Sequence[FaultScore]) -> list[Row]:
    if not scores:
        why = text("not run: 'jetmix verify DIR --faults 200' plants and counts them")
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
    vectors = f"{words.count(score.n_vectors)} vectors, {words.count(score.n_fresh)} fresh ones"
    told = [f"{vectors}, seed {score.seed}"]
    for verdict in ("missed", "silent"):
        kinds = [f"{kind} {n[verdict]}" for kind, n in score.by_kind.items() if n[verdict]]
        told += [f"{verdict}: {', '.join(kinds)}"] if kinds else []
    late = score.planted - score.judged
    return [*told, f"{words.count(late)} more were not run in time"] if late else told


def _share(caught: int, judged: int) -> Cell:
    share = caught / judged if judged else None
    return Cell(text=words.percent(share), sort=share)


def matrices(taggers: Sequence[Tagger]) -> Table:
    """Return the linear proof layer by layer."""
    rows = [[_matrix(p) for p in (t.proofs.linear if t.proofs else ())] for t in taggers]
    titles = ("Layer", "Outputs", "Coefficients", "Differing", "Outcome")
    return Table(
        name="matrices",
        caption="Adders against matrices, layer by layer",
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
