"""What a synthesis proved, which jets wrap, and which faults are caught."""

from dataclasses import asdict, dataclass
from pathlib import Path

from jetmix.report.checked import Checked
from jetmix.support.files import JSON
from jetmix.verification.proofs.linear import LinearProof
from jetmix.verification.proofs.proofs import RANGES_FILE

VERDICTS = ("caught", "missed", "silent")


@dataclass(frozen=True, kw_only=True)
class WrappedInput:
    """An input port that some jets wrap: its name, how many jets, and the range of the port."""

    feature: str
    particle: int | None
    jets: int
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Wrapped:
    """What the jets of a data file do at the input ports, the worst inputs first."""

    path: str
    n_jets: int
    n_jets_that_wrap: int
    n_values_that_wrap: int
    inputs: tuple[WrappedInput, ...]


@dataclass(frozen=True, kw_only=True)
class Proofs:
    """Content of a ``ranges.json``; ``data`` is None where no jets were looked at.

    ``overflows`` counts sums that are too narrow for some input, ``unproven`` the operations whose
    range was taken from da4ml, ``can_wrap`` the quantisers that some input may wrap.
    """

    operations: int
    overflows: int
    unproven: int
    quantisers: int
    can_wrap: int
    can_wrap_by_layer: dict[str, int]
    linear: tuple[LinearProof, ...]
    data: Wrapped | None

    def as_json(self) -> JSON:
        """Return the proofs as JSON-serialisable data."""
        return asdict(self)


def read_proofs(folder: Path) -> Proofs | None:
    """Return the content of a project's ``ranges.json``, None if it is absent.

    Raises:
        ReportReadError: if the file was damaged or edited.
    """
    path = folder / RANGES_FILE
    if not path.exists():
        return None
    content = Checked.read(path)
    proof, data = content.part("proof"), content.part_or_none("data")
    layers = proof.part("can_wrap_by_layer")
    result = Proofs(
        operations=proof.integer("operations"),
        overflows=proof.length("overflows"),
        unproven=proof.length("unproven"),
        quantisers=proof.integer("quantisers"),
        can_wrap=proof.integer("can_wrap"),
        can_wrap_by_layer={name: layers.integer(name) for name in layers.content},
        linear=tuple(_linear(entry) for entry in content.parts("linear")),
        data=_wrapped(data) if data else None,
    )
    if sum(result.can_wrap_by_layer.values()) != result.can_wrap:
        raise proof.fail("can_wrap", "the sum of 'can_wrap_by_layer'")
    if result.can_wrap > result.quantisers:
        raise proof.fail("can_wrap", f"at most the {result.quantisers} quantisers")
    return result


def _linear(entry: Checked) -> LinearProof:
    proof = LinearProof(
        layer=entry.text("layer"),
        outputs=entry.integer("outputs"),
        coefficients=entry.integer("coefficients"),
        wrong=entry.integer("wrong"),
        reason=entry.text_or_none("reason"),
    )
    if proof.reason is None and not proof.coefficients:
        raise entry.fail("coefficients", "more than 0 where no reason is given")
    return proof


def _wrapped(entry: Checked) -> Wrapped:
    result = Wrapped(
        path=entry.text("path"),
        n_jets=entry.integer("n_jets"),
        n_jets_that_wrap=entry.integer("n_jets_that_wrap"),
        n_values_that_wrap=entry.integer("n_values_that_wrap"),
        inputs=tuple(_input(part) for part in entry.parts("inputs")),
    )
    if result.n_jets_that_wrap > result.n_jets:
        raise entry.fail("n_jets_that_wrap", f"at most the {result.n_jets} jets")
    return result


def _input(entry: Checked) -> WrappedInput:
    low, high = entry.pair("port")
    return WrappedInput(
        feature=str(entry.content.get("feature")),
        particle=entry.integer_or_none("particle"),
        jets=entry.integer("jets"),
        low=low,
        high=high,
    )
