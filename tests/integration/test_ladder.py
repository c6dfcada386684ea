"""Every architecture of taggers/, small, at every level that needs no synthesis."""

import pytest

from jetmix.firmware import da_graph
from jetmix.firmware.hls_ways import write_hls
from jetmix.firmware.parts import find_part
from jetmix.firmware.verilog import write_rtl
from jetmix.models import keras_env
from jetmix.models.signature import Signature
from jetmix.taggers.registry import ARCHITECTURES
from jetmix.verification.bench import Outputs, keras_logits
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.levels.rtl import clocked
from jetmix.verification.result import judged
from jetmix.verification.simulators import csim, rtl
from jetmix.verification.vectors import InputRange, build_vectors
from tests.unit.taggers.test_architectures import calibrated, jets, spec_of

pytestmark = [
    # raised inside Keras on JAX
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.slow,
]
PART, CLOCK_NS = find_part("xcvu13p"), 5.0
ALKAID_IN_VERILOG = ("mixer", "mlp")


@pytest.fixture(
    scope="module",
    params=[
        # minutes each: their layers are those of gnn and mixer beside those of hlf-mlp-lut
        pytest.param(name, marks=pytest.mark.long) if name in ("gnn-lut", "mixer-lut") else name
        for name in sorted(ARCHITECTURES)
    ],
)
def lowered(request):
    """A tagger, its graph, its vectors, and what Keras says of them."""
    keras_env.activate()
    few = {"n_particles": 2, "n_features": 2} if request.param != "mixer" else {}
    model = calibrated(spec_of(request.param, **few))
    graph, shape = da_graph.trace(model), tuple(model.input_shape[1:])
    vectors = build_vectors(
        InputRange.of(graph), shape, jets=jets(200, seed=5, shape=shape), n_random=200, seed=1
    )
    reference = keras_logits(model, vectors.x)
    assert reference.std(axis=0).min() > 0
    return model, graph, vectors, reference


def test_ir_is_exact(lowered, tmp_path):
    _, graph, vectors, reference = lowered
    emulator = Emulator.of(graph, vectors.x.shape[1:], tmp_path)
    assert judged("ir", Outputs.of(emulator, vectors), vectors, reference).status == "passed"


def test_csim_is_exact(lowered, tmp_path):
    model, graph, vectors, reference = lowered
    project = write_hls(
        model,
        graph,
        Signature.of(model),
        tmp_path / "project",
        part=PART,
        clock_period_ns=CLOCK_NS,
        test_bench=(vectors.x, reference),
        delay_constraint=da_graph.DELAY_CONSTRAINT,
        names={},
    )
    by_graph = model.name.endswith("lut") or model.name == "sparse_mixer"
    assert project.way == ("graph" if by_graph else "hls4ml")
    compiled = csim.build(project, tmp_path / "csim")
    result = judged("csim", Outputs.of(compiled, vectors), vectors, reference)
    assert (result.status, result.n_mismatch) == ("passed", 0)
    assert result.n_vectors == len(vectors.x) > 600


def test_rtl_is_exact_at_the_stated_latency(lowered, tmp_path):
    _, graph, vectors, reference = lowered
    project = write_rtl(
        graph, tmp_path / "rtl", part=PART, clock_period_ns=CLOCK_NS, adders_per_stage=5
    )
    simulation = rtl.build(project, tmp_path / "sim")
    result = judged("rtl", clocked(simulation, vectors, reference), vectors, reference)
    assert (result.status, result.n_mismatch) == ("passed", 0)
    assert result.latency_cycles == result.latency_expected_cycles
    stages, _ = da_graph.pipeline_registers(graph, adders_per_stage=5)
    assert result.latency_cycles == stages


def test_alkaid_is_exact_too(lowered, tmp_path):
    model, _, vectors, reference = lowered
    graph = da_graph.trace(model, by="alkaid")
    emulator = Emulator.of(graph, vectors.x.shape[1:], tmp_path / "emulator")
    assert emulator.native is not None
    assert judged("ir", Outputs.of(emulator, vectors), vectors, reference).status == "passed"
    if model.name not in ALKAID_IN_VERILOG:
        return  # the graph is enough: Verilator takes most of the time
    project = write_rtl(
        graph, tmp_path / "rtl", part=PART, clock_period_ns=CLOCK_NS, adders_per_stage=5
    )
    simulation = rtl.build(project, tmp_path / "sim")
    result = judged("rtl", clocked(simulation, vectors, reference), vectors, reference)
    assert (result.status, result.n_mismatch) == ("passed", 0)
    assert result.latency_cycles == result.latency_expected_cycles
