"""Taggers with names of their own: side by side in one simulation and in one process."""

import ctypes
import subprocess

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.firmware import da_graph
from jetmix.firmware.engines.registry import ENGINES
from jetmix.firmware.hls import write_project
from jetmix.firmware.naming import label_of, renamed, require_free, require_name
from jetmix.firmware.parts import find_part
from jetmix.firmware.project import TOP
from jetmix.firmware.verilog import VHDL, read_ports, write_rtl
from jetmix.models import keras_env
from jetmix.verification.bench import keras_logits
from jetmix.verification.faults.planting import planted_copy
from jetmix.verification.faults.verilog import stage_sites
from jetmix.verification.simulators import rtl, verilator
from tests.unit.firmware import test_hls_ways
from tests.unit.firmware.test_engines import both, vectors
from tests.unit.firmware.test_hls_ways import built, dense
from tests.unit.firmware.test_verilog import graph_with_tables

PART = find_part("xcvu13p")
WEIGHTS = np.array([[3.0, -5.0, 1.0], [1.0, 7.0, 0.5], [-2.0, 1.0, 11.0]])
# each named like a module that every engine writes
TOPS = dict(zip(ENGINES, ("shift_adder", "mux_v2"), strict=True))
PAIR = """module pair (input clk, input [{i}:0] model_inp, output [{o}:0] model_out);
    {a} first (clk, model_inp[{ai}:0], model_out[{ao}:0]);
    {b} second (clk, model_inp[{i}:{ai} + 1], model_out[{o}:{ao} + 1]);
endmodule
"""
CALLS = """#include "first/firmware/{a}.h"
#include "second/firmware/{b}.h"
template <typename T, int n> void take(T (&port)[n], const double *from) {{
    for (int i = 0; i < n; i++) port[i] = from[i];
}}
template <typename T, int n> void give(T (&port)[n], double *to) {{
    for (int i = 0; i < n; i++) to[i] = port[i].to_double();
}}
extern "C" void run(int second, const double *x, double *y) {{
    if (second) {{
        {b}_types::jets_t jets[6]; {b}_types::result_t result[3];
        take(jets, x); {b}(jets, result); give(result, y);
    }} else {{
        {a}_types::jets_t jets[6]; {a}_types::result_t result[3];
        take(jets, x); {a}(jets, result); give(result, y);
    }}
}}
"""


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("2tag", None, "name it l_2tag, for example"),
        ("tag-ger", None, "name it tag_ger, for example"),
        ("entity", 1, "name it l_entity, for example"),
        ("Module", None, "name it l_Module, for example"),
        ("namespace", None, "name it l_namespace, for example"),
        ("jets_t", None, "ends like a type of hls4ml; name it jets_tag"),
        ("a" * 101, None, "a name of 101 letters"),
        ("tagger", -1, "version -1"),
    ],
)
def test_what_no_language_takes_is_refused_with_a_name_that_all_take(name, version, message):
    with pytest.raises(UsageError) as caught:
        require_name(name, version, where="--top")
    assert message in str(caught.value)


def test_names_that_all_languages_take_are_taken():
    for name in ("tagger", "mux", "JetTagger", "jets_t_v1"):
        require_name(name, 3, where="--top")
    assert label_of("tagger", None) == "tagger"
    assert label_of("tagger", 0) == "tagger_v0"
    assert renamed(f"{TOP}_stage1", "mux") == "mux_stage1"
    assert renamed("mux", "mux") == "mux_mux"


def test_an_input_is_not_called_like_the_tagger():
    with pytest.raises(UsageError, match="name it jets_tagger"):
        require_free("jets", ["Jets"])
    require_free("tagger", ["jets"])


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A graph of each engine, with sources in both languages, under names of their own."""
    folder = tmp_path_factory.mktemp("pair")
    graphs = {name: da_graph.graph_of(traces) for name, traces in both(WEIGHTS).items()}
    return {
        name: (
            graph,
            write_rtl(
                graph,
                folder / name,
                part=PART,
                clock_period_ns=5.0,
                adders_per_stage=2,
                vhdl=True,
                top=TOPS[name],
                slr_registers=1,
            ),
        )
        for name, graph in graphs.items()
    }


def test_every_file_module_and_script_carries_the_name(pair):
    for name, (_, project) in pair.items():
        top = TOPS[name]
        assert project.top == top
        sources = [n for n in project.files if n.endswith((".v", ".vhd"))]
        assert len(sources) > 10
        assert all(place.rsplit("/", 1)[1].startswith(top) for place in sources)
        text = "".join((project.path / n).read_text() for n in project.files)
        assert TOP not in text
        assert f'set top "{top}"' in text


def test_two_taggers_are_right_in_one_verilog_simulation(pair, tmp_path):
    ports = {name: read_ports(project.path) for name, (_, project) in pair.items()}
    bits = [
        int(rtl.widths(np.array(getattr(p, end))).sum())
        for end in ("inputs", "outputs")
        for p in ports.values()
    ]
    top = tmp_path / "pair.v"
    a, b = TOPS.values()
    places = {"ai": bits[0] - 1, "ao": bits[2] - 1}
    top.write_text(
        PAIR.format(a=a, b=b, i=bits[0] + bits[1] - 1, o=bits[2] + bits[3] - 1, **places)
    )
    sources = [p for _, project in pair.values() for p in (project.path / "src").rglob("*.v")]
    library = verilator.build(
        tmp_path / "sim", [top, *sources], level="rtl", title="pair", digest="pair", top="pair"
    )
    simulation = rtl.RtlSim(
        library=library,
        tables=tmp_path,
        inputs=np.array([kif for p in ports.values() for kif in p.inputs]),
        outputs=np.array([kif for p in ports.values() for kif in p.outputs]),
        latency_cycles=0,
    )
    x = vectors(pair["da4ml"][0])
    # the second takes the jets in another order
    clocks = simulation.run(np.concatenate([x, x[::-1]], axis=1))
    for place, (name, (graph, _)) in enumerate(pair.items()):
        given = x[::-1] if place else x
        n = graph.shape[1]
        found = rtl.results(clocks, ports[name].latency_cycles, len(x))
        assert np.array_equal(found[:, place * n :][:, :n], graph.predict(given))


def test_two_taggers_are_elaborated_in_one_library_of_vhdl(pair, ghdl, tmp_path):
    sources = [p for _, project in pair.values() for p in (project.path / VHDL).rglob("*.vhd")]
    work = ["--std=08", f"--workdir={tmp_path}"]
    for command in (["-a", *map(str, _in_order(sources))], *(["-m", top] for top in TOPS.values())):
        subprocess.run(
            [ghdl, command[0], *work, *command[1:]], cwd=tmp_path, check=True, capture_output=True
        )
    entities = (tmp_path / "work-obj08.cf").read_text()
    for top in TOPS.values():
        assert f"entity {top} " in entities
        assert f"entity {top}_shift_adder " in entities


def _in_order(sources):
    """Return cells before stages and stages before tops, as GHDL analyses."""
    tops = set(TOPS.values())
    return sorted(sources, key=lambda p: (p.stem in tops, p.parent.name != "static", p.name))


def test_faults_are_found_at_the_same_places_under_a_name(pair, tmp_path):
    graph, named = pair["da4ml"]
    plain = write_rtl(graph, tmp_path / "rtl", part=PART, clock_period_ns=5.0, adders_per_stage=2)

    def sites(project):
        found = sorted((project.path / "src").glob(f"{project.top}_stage*.v"))
        texts = [(path.name, path.read_text()) for path in found]
        return [site for name, text in texts for site in stage_sites(name, text, project.top)]

    assert len(sites(named)) == len(sites(plain)) > 50
    for one, other in zip(sites(named), sites(plain), strict=True):
        assert (one.fault.kind, one.fault.line) == (other.fault.kind, other.fault.line)
        assert one.fault.file == other.fault.file.replace(TOP, named.top)


@pytest.mark.long
def test_tables_and_planted_faults_work_under_a_name(tmp_path):
    graph = graph_with_tables()
    project = write_rtl(
        graph,
        tmp_path / "rtl",
        part=PART,
        clock_period_ns=5.0,
        adders_per_stage=2,
        top="mux_table",
    )
    run, faults = planted_copy(project, tmp_path, 40, 1)
    x = np.random.default_rng(1).uniform(-4, 4, (60, 4)).astype(np.float32)
    expected = graph.predict(np.floor(x * 4) / 4)
    assert np.array_equal(run(0, x), expected)
    assert {fault.kind for fault in faults} > {"table", "shift", "register"}
    assert all(fault.file.startswith("mux_table") for fault in faults)
    caught = [not np.array_equal(run(k, x), expected) for k in range(1, len(faults) + 1)]
    assert np.mean(caught) > 0.5


def classifier(scale):
    """Return a model whose layers are called as in all others of this kind."""
    jets = keras_env.activate().Input((6,), name="jets")
    prepared, _ = built(jets, dense(3, name="classes")(jets), test_hls_ways.vectors(6))
    layer = prepared.model.get_layer("classes")
    kernel, *rest = layer.get_weights()
    layer.set_weights([kernel * scale, *rest])
    return prepared.model


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_two_networks_of_hls_are_right_in_one_process(tmp_path):
    jets = test_hls_ways.vectors(6)[:40]
    models = {"first": classifier(1), "second": classifier(-1)}
    tops = {"first": "tagger_v1", "second": "tagger_v2"}
    for name, model in models.items():
        write_project(
            model, tmp_path / name, part=PART, clock_period_ns=5.0, inputs=jets,
            outputs=keras_logits(model, jets), top=tops[name],
        )  # fmt: skip
    run = _linked(tmp_path, tops)
    for second, model in enumerate(models.values()):
        found = np.array([run(second, jet) for jet in jets])
        assert np.array_equal(found, keras_logits(model, jets))
    headers = [
        p for p in (tmp_path / "first" / "firmware").rglob("*.h") if "ap_types" not in p.parts
    ]
    assert all("#define TAGGER_V1_" in p.read_text() for p in headers)


def _linked(folder, tops):
    """Return both projects as one library, which runs a jet through one of them."""
    calls = folder / "calls.cpp"
    text = CALLS.format(a=tops["first"], b=tops["second"])
    outputs = [_result(folder / name, top) for name, top in tops.items()]
    assert outputs == ["result_t", "result_t"]
    calls.write_text(text)
    sources = [folder / name / "firmware" / f"{top}.cpp" for name, top in tops.items()]
    types = folder / "first" / "firmware" / "ap_types"
    library = folder / "both.so"
    subprocess.run(
        ["g++", "-O0", "-std=c++17", "-w", "-fPIC", "-shared", f"-I{types}", *sources, calls,
         "-o", library],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    loaded = ctypes.CDLL(str(library))

    def run(second, jet):
        x, y = np.asarray(jet, dtype=np.float64), np.empty(3)
        loaded.run(second, *(ctypes.c_void_p(a.ctypes.data) for a in (x, y)))
        return y

    return run


def _result(project, top):
    header = (project / "firmware" / f"{top}.h").read_text()
    return header.split(f"{top}_types::")[-1].split()[0]
