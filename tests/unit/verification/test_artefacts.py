"""What a verification writes reads back equal, whatever it found."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from jetmix.firmware.verilog import Ports, read_ports
from jetmix.support import records
from jetmix.verification.faults.score import FAULTS_FILE, VERDICTS, FaultScore, read_faults
from jetmix.verification.proofs import proofs
from jetmix.verification.proofs.inputs import Wrapped, WrappedInput
from jetmix.verification.proofs.linear import LinearProof
from jetmix.verification.proofs.ranges import Quantiser, RangeProof
from jetmix.verification.proofs.tables import TableProof

NAME = st.text(min_size=1, max_size=9)
COUNT = st.integers(0, 10**7)
NUMBER = st.floats(-1e9, 1e9)
ENDS = st.tuples(NUMBER, NUMBER).map(lambda ends: (min(ends), max(ends)))
KIF = st.tuples(st.integers(0, 1), st.integers(-9, 9), st.integers(-9, 9))
PORTS = st.builds(
    Ports,
    inputs=st.lists(KIF, min_size=1, max_size=5).map(tuple),
    outputs=st.lists(KIF, min_size=1, max_size=5).map(tuple),
    adders_per_stage=st.integers(1, 20),
    latency_cycles=st.integers(1, 200),
)
QUANTISER = st.builds(Quantiser, operation=COUNT, layer=NAME, operand=ENDS, port=ENDS)
LINEAR = st.one_of(
    st.builds(
        LinearProof, layer=NAME, outputs=COUNT, coefficients=st.just(0), wrong=st.just(0),
        reason=NAME,
    ),
    st.builds(
        LinearProof, layer=NAME, outputs=COUNT, coefficients=st.integers(9, 99),
        wrong=st.integers(0, 9),
    ),
)  # fmt: skip
INPUT = st.builds(
    WrappedInput, input=COUNT, particle=st.none() | COUNT, feature=NAME, jets=COUNT, port=ENDS,
    data=ENDS, step=st.none() | st.floats(0, 8),
)  # fmt: skip


TABLES = st.builds(
    TableProof, layer=NAME, tables=st.integers(0, 9), entries=st.integers(9, 999), wrong=COUNT,
    reason=st.none() | NAME,
)  # fmt: skip


@st.composite
def range_proofs(draw):
    wraps = tuple(draw(st.lists(QUANTISER, max_size=4)))
    return RangeProof(
        operations=draw(COUNT),
        overflows=tuple(draw(st.lists(COUNT, max_size=3))),
        unproven=tuple(draw(st.lists(COUNT, max_size=3))),
        quantisers=len(wraps) + draw(COUNT),
        can_wrap=len(wraps),
        can_wrap_by_layer=dict(Counter(quantiser.layer for quantiser in wraps)),
        wraps=wraps,
    )


@st.composite
def wrapped(draw):
    inputs = tuple(draw(st.lists(INPUT, max_size=4)))
    jets = draw(COUNT)
    return Wrapped(
        path=draw(NAME),
        n_jets=jets + draw(COUNT),
        n_jets_that_wrap=jets,
        n_values_that_wrap=len(inputs) + draw(COUNT),
        first_jets=tuple(draw(st.lists(COUNT, max_size=4))),
        inputs=inputs,
    )


@st.composite
def fault_scores(draw):
    counts = st.fixed_dictionaries(dict.fromkeys(VERDICTS, st.integers(0, 99)))
    by_kind = draw(st.dictionaries(NAME, counts, max_size=4))
    totals = {name: sum(of_kind[name] for of_kind in by_kind.values()) for name in VERDICTS}
    judged = sum(totals.values())
    return FaultScore(
        flow=draw(st.sampled_from(["hls4ml", "rtl"])),
        project_digest=draw(NAME),
        seed=draw(COUNT),
        planted=judged + draw(st.integers(0, 9)),
        judged=judged,
        n_vectors=draw(COUNT),
        n_fresh=draw(COUNT),
        seconds=draw(st.floats(0, 1e6)),
        by_kind=by_kind,
        not_caught=tuple(draw(st.lists(NAME, max_size=3))),
        **totals,
    )


@given(PORTS)
def test_ports(content):
    with TemporaryDirectory() as folder:
        content.write(Path(folder))
        assert read_ports(Path(folder)) == content


@given(
    range_proofs(), st.lists(LINEAR, max_size=3).map(tuple), st.none() | wrapped(),
    st.lists(TABLES, max_size=3).map(tuple),
)  # fmt: skip
def test_proofs(proof, linear, data, tables):
    content = proofs.Proofs(proof=proof, linear=linear, data=data, tables=tables)
    with TemporaryDirectory() as folder:
        proofs.write(Path(folder), content)
        assert proofs.read(Path(folder)) == content


@given(st.lists(fault_scores(), max_size=3).map(tuple))
def test_scores_of_faults(content):
    with TemporaryDirectory() as folder:
        records.write(Path(folder) / FAULTS_FILE, content)
        assert read_faults(Path(folder)) == content
