import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jetmix.errors import DataError, LoweringError, ReportReadError, ToolMissingError
from jetmix.firmware import arithmetic, da_graph
from jetmix.models.keras_env import load_tagger
from jetmix.models.signature import Port, Signature
from jetmix.support import tools as toolchain
from jetmix.support.files import write_json
from jetmix.verification.bench import keras_logits
from jetmix.verification.emulator import emulator as module
from jetmix.verification.emulator import native
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.emulator.program import Code, assemble
from jetmix.verification.vectors import InputRange, build_vectors

GOLDEN = Path(__file__).parents[3] / "golden"
N_INPUTS = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the compiled emulators of this module lie: two, of 32 and of 64 bits."""
    return tmp_path_factory.mktemp("emulator")


@pytest.fixture(scope="module")
def tiny():
    model = load_tagger(GOLDEN / "tiny_mixer.keras")
    return model, da_graph.trace(model)


def scale(rng):
    return float(2.0 ** rng.integers(-3, 3))


def bits(rng):
    return int(rng.integers(1, 4)), int(rng.integers(0, 4))


STEPS = {
    "sum": lambda a, b, rng: a + b * scale(rng),
    "difference": lambda a, b, rng: a - b * scale(rng),
    "product": lambda a, b, _: a * b,
    "negated relu": lambda a, *_: (-a).relu(),
    "relu": lambda a, _, rng: a.relu(*bits(rng)),
    "negated wrap": lambda a, _, rng: (-a).quantize(1, *bits(rng)),
    "constant": lambda a, _, rng: a + float(rng.integers(-9, 9)) / 4,
    "choice": lambda a, *_: abs(a),
    "larger": lambda a, b, _: a.max_of(b),
    "chosen": lambda a, b, rng: (a * scale(rng)).msb_mux(b, -a * scale(rng)),
    "table": lambda a, _, rng: a.lookup(rng.integers(-40, 40, entries(a)) * scale(rng)),
    "not": lambda a, *_: ~a,
    "any": lambda a, *_: a.unary_bit_op("any"),
    "all": lambda a, *_: a.unary_bit_op("all"),
    "and": lambda a, b, _: a & b,
    "or": lambda a, b, rng: a | b * scale(rng),
    "xor": lambda a, b, _: a ^ -b,
}


# what da4ml's interpreter does as its own definition says
PLAIN = (
    "sum",
    "difference",
    "product",
    "negated relu",
    "relu",
    "negated wrap",
    "constant",
    "table",
)


def entries(variable):
    low, high, step = variable.qint
    return round((high - low) / step) + 1


def random_graph(seed, *, fraction=4, n_ops=30, steps=tuple(STEPS)):
    """A graph of all that the compiled emulator knows, its values never too wide."""
    from da4ml.trace import FixedVariableArray, HWConfig, comb_trace

    rng = np.random.default_rng(seed)
    sign = rng.integers(0, 2, N_INPUTS)
    whole, part = rng.integers(0, 4, N_INPUTS), rng.integers(0, fraction, N_INPUTS)
    inputs = FixedVariableArray.from_kif(sign, whole, part, HWConfig(1, -1, -1))
    values = [inputs[i] for i in range(N_INPUTS)]
    for _ in range(n_ops):
        a, b = (values[i] for i in rng.integers(0, len(values), 2))
        try:
            new = STEPS[rng.choice(steps)](a, b, rng)
        except (AssertionError, ValueError, OverflowError):
            continue  # da4ml does not define every operation on every pair of values
        if sum(new.kif) <= 14:
            values.append(new)
    outputs = FixedVariableArray(np.array(values[-5:]))
    return comb_trace(inputs, outputs)


def emulator(graph, folder, **options):
    made = Emulator.of(graph, (graph.shape[0],), folder)
    assert made.engine == "native", made.reason
    return replace(made, **options)


def jets(graph, n=300, seed=1):
    return build_vectors(
        InputRange.of(graph), (graph.shape[0],), jets=None, n_random=n, seed=seed
    ).x


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_random_graphs_agree_with_the_interpreter(folder, seed):
    graph = random_graph(seed, steps=PLAIN)
    x = jets(graph)
    expected = graph.predict(x.astype(np.float64)).reshape(len(x), -1)
    assert np.array_equal(emulator(graph, folder).predict(x), expected.astype(np.float32))


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_random_graphs_agree_with_integer_arithmetic(folder, seed):
    """Operation by operation, as each is defined; da4ml's interpreter fails on some of them."""
    graph = random_graph(seed)
    x = jets(graph, n=50)
    expected = arithmetic.predict(graph, x).astype(np.float32)
    assert np.array_equal(emulator(graph, folder).predict(x), expected)


def test_every_operation_is_met():
    """The random graphs above would prove little if they missed an operation."""
    seen = set()
    for seed in range(60):
        seen |= {Code(code) for code in assemble(random_graph(seed)).ops["code"]}
    # a constant needs a value that is always the same
    assert seen | {Code.CONSTANT} == set(Code)


def test_wide_values_run_in_64_bits(folder):
    from da4ml.trace import FixedVariableArray, HWConfig, comb_trace

    k, i, f = np.ones(3, int), np.full(3, 9), np.full(3, 9)
    x = FixedVariableArray.from_kif(k, i, f, HWConfig(1, -1, -1))
    graph = comb_trace(x, x[0] * x[1] + x[2])
    assert assemble(graph).word_bits == 64
    values = np.float32([[511.998046875, -512.0, 3.25], [-512.0, -512.0, 0.001953125]])
    expected = graph.predict(values.astype(np.float64)).reshape(2, 1)
    got = emulator(graph, folder).predict(values)
    assert got.dtype == np.float64
    assert np.array_equal(got, expected)
    assert got[1, 0] == 512.0**2 + 0.001953125


def test_tiny_model_is_keras_to_the_last_bit(folder, tiny):
    model, graph = tiny
    made = Emulator.of(graph, (4, 3), folder)
    x = build_vectors(InputRange.of(graph), (4, 3), jets=None, n_random=3000, seed=4).x
    assert np.array_equal(made.predict(x), keras_logits(model, x))


def test_golden_integers(folder, tiny):
    golden = json.loads((GOLDEN / "tiny_logits.json").read_text())
    got = Emulator.of(tiny[1], (4, 3), folder).predict(np.float32(golden["inputs"]))
    assert np.rint(got / golden["lsb"]).astype(int).tolist() == golden["logits_lsb"]


def test_huge_inputs_wrap_as_exact_arithmetic_says(folder):
    from da4ml.trace import FixedVariableArray, HWConfig, comb_trace

    k, i, f = np.ones(1, int), np.full(1, 7), np.full(1, 5)
    x = FixedVariableArray.from_kif(k, i, f, HWConfig(1, -1, -1))
    made = emulator(comb_trace(x, x + 0.0), folder)
    values = np.float32([[1e30], [-1e30], [123456.78], [-(2.0**31)], [3e9], [-127.99]])
    raws = [int(Fraction(float(v)) * 2**5 // 1) for v in values[:, 0]]
    expected = [((raw + 2**12) % 2**13 - 2**12) / 2**5 for raw in raws]
    assert made.predict(values)[:, 0].tolist() == expected


def test_threads_and_odd_numbers_of_jets_change_nothing(folder, tiny):
    graph = tiny[1]
    one = emulator(graph, folder, threads=1)
    x = np.random.default_rng(3).normal(0, 2, (9001, 12)).astype(np.float32)
    expected = one.predict(x)
    assert np.array_equal(replace(one, threads=2).predict(x), expected)
    for n in (0, 1, 127, 128, 129):
        assert np.array_equal(one.predict(x[:n]), expected[:n])


def test_order_of_memory_and_float64_are_taken(folder, tiny):
    made = Emulator.of(tiny[1], (4, 3), folder)
    x = np.random.default_rng(3).normal(0, 2, (50, 4, 3)).astype(np.float32)
    assert np.array_equal(made.predict(np.asfortranarray(x)), made.predict(x))
    assert np.array_equal(made.predict(x.astype(np.float64)), made.predict(x))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(folder, tiny, bad):
    x = np.zeros((300, 12), dtype=np.float32)
    x[257, 11] = bad
    for made in (emulator(tiny[1], folder), Emulator(graph=tiny[1], input_shape=(12,))):
        with pytest.raises(DataError, match="not all values are finite"):
            made.predict(x)


def test_wrong_shape(folder, tiny):
    with pytest.raises(DataError, match=r"jets of shape \(3, 4\), the tagger takes \(4, 3\)"):
        Emulator.of(tiny[1], (4, 3), folder).predict(np.zeros((2, 3, 4), dtype=np.float32))


def test_without_compiler_the_interpreter_takes_over_and_says_so(tmp_path, tiny, monkeypatch):
    def missing(name):
        raise ToolMissingError(f"{name} is not installed", mend="install it")

    monkeypatch.setattr(toolchain, "require", missing)
    monkeypatch.setattr(native, "_BUILT", {})
    slow = Emulator.of(tiny[1], (12,), tmp_path)
    assert slow.engine == "interpreter"
    assert slow.reason == "g++ is not installed; install it"
    golden = json.loads((GOLDEN / "tiny_logits.json").read_text())
    got = slow.predict(np.float32(golden["inputs"]).reshape(-1, 12))
    assert np.rint(got / golden["lsb"]).astype(int).tolist() == golden["logits_lsb"]


def test_operation_that_is_not_known(tmp_path, tiny):
    graph = tiny[1]
    graph = graph._replace(ops=[*graph.ops[:-1], graph.ops[-1]._replace(opcode=12)])
    made = Emulator.of(graph, (12,), tmp_path)
    assert (made.engine, made.reason) == ("interpreter", "the graph holds opcode 12")


def test_library_is_kept_and_a_damaged_one_is_built_again(tmp_path, tiny):
    x = np.ones((4, 12), dtype=np.float32)
    first = emulator(tiny[1], tmp_path).predict(x)
    (library,) = tmp_path.glob("*.so")
    before = library.stat().st_mtime_ns
    emulator(tiny[1], tmp_path)
    assert library.stat().st_mtime_ns == before
    damaged = tmp_path / "copy" / library.name
    damaged.parent.mkdir()
    damaged.write_bytes(library.read_bytes()[:1000])
    shutil.copy(library.with_suffix(".sha256"), damaged.parent)
    assert np.array_equal(emulator(tiny[1], damaged.parent).predict(x), first)
    assert damaged.read_bytes() == library.read_bytes()


def test_folder_that_cannot_be_written(tmp_path, tiny):
    (tmp_path / "file").write_text("")
    assert emulator(tiny[1], tmp_path / "file" / "emulator").engine == "native"


def test_compiled_emulator_that_is_wrong_is_refused(folder, tiny, monkeypatch):
    def broken(graph):
        program = assemble(graph)
        program.ops["q"][np.flatnonzero(program.ops["code"] == 4)[-1]] -= 1
        return program

    monkeypatch.setattr(module, "assemble", broken)
    with pytest.raises(LoweringError, match="differs from the graph"):
        Emulator.of(tiny[1], (12,), folder)


def test_directory_without_a_graph(tmp_path):
    with pytest.raises(ReportReadError, match="the file is missing"):
        Emulator.load(tmp_path)
    for shape in (None, "4 x 3", [4, "three"]):
        write_json(tmp_path / "tagger.json", {"input_shape": shape})
        with pytest.raises(ReportReadError, match="input_shape"):
            Emulator.load(tmp_path)


def test_inputs_may_stand_anywhere_in_a_graph(tmp_path):
    """alkaid puts an input where it is first read; its slot must not be used before."""
    from tests.unit.firmware.test_alkaid import every_operation, vectors

    graph = da_graph.graph_of(every_operation())
    first = next(index for index, op in enumerate(graph.ops) if op.opcode != -1)
    assert any(op.opcode == -1 for op in graph.ops[first:])
    emulator = Emulator.of(graph, (graph.shape[0],), tmp_path)
    assert emulator.native is not None
    x = vectors(graph, 500).astype(np.float32)
    assert np.array_equal(emulator.predict(x), graph.predict(x.astype(np.float64)))


def port(name, *shape):
    return Port(name=name, identifier=name, shape=shape)


def test_several_inputs_and_outputs_go_by_name(folder):
    graph = random_graph(8)
    ports = Signature(
        inputs=(port("mu", 2), port("adc", 2, 2)), outputs=(port("cls", 4), port("reg", 1))
    )
    made = emulator(graph, folder, ports=ports)
    x = jets(graph)
    named = {"adc": x[:, 2:].reshape(-1, 2, 2), "mu": x[:, :2]}
    answers = made.predict(named)
    assert {name: values.shape for name, values in answers.items()} == {
        "cls": (len(x), 4), "reg": (len(x), 1)
    }  # fmt: skip
    flat = np.concatenate([answers["cls"], answers["reg"]], axis=1)
    assert np.array_equal(flat, made.flat.predict(x))
    assert np.array_equal(made.predict([named["mu"], named["adc"]])["reg"], answers["reg"])
    assert np.array_equal(made.predict(x)["cls"], answers["cls"])
    with pytest.raises(DataError, match="'adc' is an input without an array"):
        made.predict({"mu": named["mu"]})
