"""A graph with every operation as C++, compiled, against the definition of the operations."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.firmware import arithmetic, dais, hls_graph
from jetmix.firmware.hls_whole import write_whole
from jetmix.firmware.parts import find_part
from jetmix.models.signature import Port, Signature
from jetmix.verification.divergence.traced_cpp import CODE, traced_values
from jetmix.verification.divergence.whole import with_traces
from jetmix.verification.faults.planting import planted_copy
from jetmix.verification.simulators import csim

N = 200


class Grid(NamedTuple):
    min: float
    max: float
    step: float


class Op(NamedTuple):
    opcode: int
    id0: int
    id1: int
    data: int
    qint: Grid


class Table(NamedTuple):
    table: np.ndarray


@dataclass(frozen=True)
class Graph:
    """As much of a graph as is written as C++."""

    ops: list[Op]
    inp_qint: list[Grid]
    out_idxs: list[int]
    out_shifts: list[int]
    out_negs: list[bool]
    out_qint: list[Grid]
    lookup_tables: tuple[Table, ...] = ()

    @property
    def shape(self):
        return len(self.inp_qint), len(self.out_idxs)


A, B, NONE = Grid(-8, 7.5, 0.5), Grid(0, 3.75, 0.25), Grid(0, 0, 1)
WORD = 1 << 32
TABLES = (Table(np.arange(-16, 16) * 5 % 23 - 11), Table(np.arange(16) ** 2))


def bits(action, *, shift=0, neg0=0, neg1=0):
    return action << 56 | neg1 << 33 | neg0 << 32 | shift % WORD


OPS = [
    Op(dais.COPY_INPUT, 0, -1, 0, A),
    Op(dais.COPY_INPUT, 1, -1, 0, B),
    Op(dais.COPY_INPUT, 2, -1, 0, NONE),
    Op(dais.ADD, 0, 1, 1, Grid(-8, 15, 0.5)),
    Op(dais.SUBTRACT, 0, 1, -1, Grid(-10, 7.5, 0.125)),
    Op(dais.ADD, 0, 2, 3, A),
    Op(dais.RELU, 0, -1, 0, Grid(0, 7.5, 0.5)),
    Op(-dais.RELU, 0, -1, 0, Grid(0, 8, 0.5)),
    Op(dais.QUANTISE, 0, -1, 0, Grid(-2, 1, 1)),
    Op(-dais.QUANTISE, 1, -1, 0, Grid(-4, 0, 0.25)),
    Op(dais.QUANTISE, 1, -1, 0, NONE),
    Op(dais.ADD_CONSTANT, 0, -1, 3, Grid(-7.25, 8.25, 0.25)),
    Op(dais.ADD_CONSTANT, 1, -1, -5, Grid(-1.25, 2.5, 0.25)),
    Op(dais.CONSTANT, -1, -1, -7, Grid(-0.875, -0.875, 0.125)),
    Op(dais.CONSTANT, -1, -1, 2**45 + 1, Grid(2**-3 + 2**-48, 2**-3 + 2**-48, 2**-48)),
    Op(dais.SELECT, 1, 3, 1 << 32 | 0, Grid(-16, 30, 0.25)),
    Op(-dais.SELECT, 1, 8, (WORD - 1) << 32 | 1, Grid(-2, 3.75, 0.25)),
    Op(dais.SELECT, 1, 2, 2, Grid(0, 3.75, 0.25)),
    Op(dais.MULTIPLY, 0, 1, 0, Grid(-30, 28.125, 0.125)),
    Op(dais.TABLE, 0, -1, 0, Grid(-1.375, 1.375, 0.125)),
    Op(dais.TABLE, 1, -1, 1, Grid(0, 225, 1)),
    Op(dais.BIT_UNARY, 0, -1, dais.NOT, A),
    Op(dais.BIT_UNARY, 1, -1, dais.NOT, B),
    Op(-dais.BIT_UNARY, 1, -1, dais.NOT, Grid(-4, 3.75, 0.25)),
    Op(dais.BIT_UNARY, 0, -1, dais.ANY, Grid(0, 1, 1)),
    Op(dais.BIT_UNARY, 0, -1, dais.ALL, Grid(0, 1, 1)),
    Op(dais.BIT_UNARY, 1, -1, dais.ALL, Grid(0, 1, 1)),
    Op(dais.BIT_BINARY, 0, 8, bits(dais.AND, shift=-1), A),
    Op(dais.BIT_BINARY, 1, 0, bits(dais.OR, neg0=1), Grid(-8, 7.75, 0.25)),
    Op(dais.BIT_BINARY, 0, 1, bits(dais.XOR, shift=1, neg1=1), A),
]
LIVE = [i for i in range(len(OPS)) if i not in (0, 2)]
FIRST = 10


def graph():
    """Return all operations as outputs, one that is always 0, and one shifted and negated."""
    shifted = Grid(-15, 16, 1)
    return Graph(
        ops=OPS,
        inp_qint=[A, B, NONE],
        out_idxs=[*LIVE, -1, 0],
        out_shifts=[0] * (len(LIVE) + 1) + [1],
        out_negs=[False] * (len(LIVE) + 1) + [True],
        out_qint=[*(OPS[i].qint for i in LIVE), NONE, shifted],
        lookup_tables=TABLES,
    )


PORTS = Signature(
    inputs=(
        Port(name="a", identifier="in_a", shape=(1,)),
        Port(name="b", identifier="in_b", shape=(2, 1)),
    ),
    outputs=(
        Port(name="first", identifier="out_first", shape=(FIRST,)),
        Port(name="rest", identifier="out_rest", shape=(len(LIVE) + 2 - FIRST,)),
    ),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    # blocks of few operations, so that values pass from one to the next
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(hls_graph, "BLOCK", 7)
        made = write_whole(
            graph(),
            PORTS,
            folder / "project",
            part=find_part("xcvu13p"),
            clock_period_ns=5.0,
            test_bench=(np.zeros((3, 3)), np.zeros((3, len(LIVE) + 2))),
        )
    return replace(made, way="graph")


@pytest.fixture(scope="module")
def compiled(project, tmp_path_factory):
    return csim.build(project, tmp_path_factory.mktemp("csim"))


def vectors():
    rng = np.random.default_rng(4)
    a, b = rng.integers(-16, 16, N), rng.integers(0, 16, N)
    a[:32], b[:16] = np.arange(-16, 16), np.arange(16)
    return a, b


def test_every_operation_is_as_defined_and_each_port_at_its_place(compiled):
    a, b = vectors()
    x = np.stack([a * 0.5, b * 0.25, np.full(N, 3.0)], axis=1)
    found = compiled.predict(x)
    widths = dais.widths_of(graph())
    known = {0: a, 1: b, 2: np.zeros(N, dtype=np.int64)}
    expected = arithmetic.run(graph(), widths, known, range(len(OPS)))
    for column, index in enumerate(LIVE):
        right = expected[index] * 2.0 ** -widths[index].fraction
        assert np.array_equal(found[:, column], np.broadcast_to(right, N)), OPS[index]
    assert not found[:, len(LIVE)].any()
    assert np.array_equal(found[:, -1], -a * 1.0)


def test_values_beyond_a_port_wrap(compiled):
    inside, beyond = np.array([[1.5, 0.5, 0.0]]), np.array([[1.5 + 16, 0.5 - 4, 7.0]])
    assert np.array_equal(compiled.run(inside), compiled.run(beyond))


def test_the_least_bit_is_that_of_the_finest_port(compiled):
    assert compiled.lsb == 2.0**-48
    assert compiled.n_inputs == 3
    assert compiled.n_outputs == len(LIVE) + 2


def test_files_have_the_shape_of_hls4ml_with_an_array_per_port(project):
    top = (project.path / "firmware" / "jetmix_tagger.cpp").read_text()
    for port in (*PORTS.inputs, *PORTS.outputs):
        assert f"{port.identifier}_t {port.identifier}[{port.size}]" in top
    assert "#pragma HLS PIPELINE II=1" in top
    assert "#pragma HLS INLINE recursive" in top
    assert "jetmix_graph(in_a, in_b, out_first, out_rest);" in top
    for name in ("build_prj.tcl", "project.tcl", "jetmix_tagger_test.cpp", "build_lib.sh"):
        assert (project.path / name).is_file()
    assert "Stamp: jetmix" in (project.path / "hls4ml_config.yml").read_text()
    assert len((project.path / "tb_data" / "tb_input_features.dat").read_text().split()) == 9


def test_the_same_graph_gives_the_same_files(project, tmp_path, monkeypatch):
    monkeypatch.setattr(hls_graph, "BLOCK", 7)
    again = write_whole(
        graph(),
        PORTS,
        tmp_path / "project",
        part=find_part("xcvu13p"),
        clock_period_ns=5.0,
        test_bench=(np.zeros((3, 3)), np.zeros((3, len(LIVE) + 2))),
    )
    assert again.digest == project.digest


def test_faults_are_planted_into_the_function_and_change_outputs(project, tmp_path):
    run, planted = planted_copy(project, tmp_path, 20, 1)
    a, b = vectors()
    x = np.stack([a * 0.5, b * 0.25, np.zeros(N)], axis=1)
    right = run(0, x)
    kinds = {fault.kind for fault in planted}
    changed = [not np.array_equal(run(i + 1, x), right) for i in range(len(planted))]
    assert {"weight-bit", "shift", "sign", "bit-width", "choice", "table", "outputs"} == kinds
    assert sum(changed) > 10


@pytest.mark.long
def test_simulation_faults_and_traces_work_under_a_name(compiled, tmp_path):
    named = write_whole(
        graph(),
        PORTS,
        tmp_path / "project",
        part=find_part("xcvu13p"),
        clock_period_ns=5.0,
        test_bench=(np.zeros((3, 3)), np.zeros((3, len(LIVE) + 2))),
        top="tagger_v1",
    )
    top = (named.path / "firmware" / "tagger_v1.cpp").read_text()
    assert "    tagger_v1_nnet::jetmix_graph(" in top
    a, b = vectors()
    x = np.stack([a * 0.5, b * 0.25, np.zeros(N)], axis=1)
    right = compiled.predict(x)
    assert np.array_equal(csim.build(named, tmp_path / "sim").predict(x), right)
    run, planted = planted_copy(replace(named, way="graph"), tmp_path, 10, 1)
    assert np.array_equal(run(0, x), right)
    assert sum(not np.array_equal(run(i + 1, x), right) for i in range(len(planted))) > 5
    values = traced_values(named, {CODE: with_traces}, x[:1], tmp_path / "traced")
    assert values["v0"].tolist() == [a[0]]


def test_a_value_wider_than_a_word_is_refused():
    wide = Grid(0, 2.0**64, 1)
    ops = [Op(dais.COPY_INPUT, 0, -1, 0, wide)]
    graph = Graph(
        ops=ops, inp_qint=[wide], out_idxs=[0], out_shifts=[0], out_negs=[False], out_qint=[wide]
    )
    ports = Signature.single((1,), 1)
    with pytest.raises(LoweringError, match=r"value of 65 bits.*--flow rtl"):
        hls_graph.cpp_of(graph, ports.inputs, ports.outputs)
