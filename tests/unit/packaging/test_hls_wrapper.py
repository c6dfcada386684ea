import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.firmware import arithmetic
from jetmix.firmware.project import INSTALL
from jetmix.firmware.verilog import read_ports
from jetmix.models.signature import Port, Signature
from jetmix.packaging import hls_wrapper as target
from jetmix.packaging.package import package
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.verification.vectors import InputRange, build_vectors
from tests.unit.packaging.test_emulator import small_graph

# two inputs, of which one has particles with names, and two outputs
TWO_HEADS = """
#include "two_v1.h"
#include <cstdio>

int main() {
    using namespace two_v1_ports;
    double jet[12];
    while (std::fread(jet, sizeof jet, 1, stdin)) {
        in_b_object_t particles[4];
        in_a_t jets[4];
        for (int i = 0; i < 4; i++) {
            jets[i] = jet[i];
            particles[i].pt = jet[4 + 2 * i];
            particles[i].l_class = jet[5 + 2 * i];
        }
        answer_t answer;
        two_v1(jets, particles, token_t(), answer);
        double out[5];
        for (int i = 0; i < 5; i++)
            out[i] = i < 2 ? answer.out_c[i].to_double() : answer.out_d[i - 2].to_double();
        std::fwrite(out, sizeof out, 1, stdout);
    }
}
"""


@pytest.fixture(scope="module")
def wrapper(synth_dir, tmp_path_factory):
    out = tmp_path_factory.mktemp("hls") / "out"
    package(synth_dir, out, target="hls-wrapper", name="mine", version=4)
    return out


def answers(wrapper, top, caller, x, *, n_outputs, folder):
    """Compile a caller with the top function, give it jets and return what it writes."""
    import hls4ml

    ap_types = Path(hls4ml.__file__).parent / "templates" / "vivado" / "ap_types"
    assert (ap_types / "ap_fixed.h").is_file(), INSTALL
    (folder / "caller.cpp").write_text(caller)
    done = subprocess.run(
        ["g++", "-O0", "-std=c++14", f"-I{wrapper / 'src'}", "-isystem", ap_types,
         wrapper / "src" / f"{top}.cpp", "caller.cpp", "-o", "caller"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [folder / "caller"], input=x.astype(np.float64).tobytes(), capture_output=True, check=True
    )
    return np.frombuffer(done.stdout).reshape(len(x), n_outputs)


def test_the_pragmas_ask_for_a_jet_per_cycle_and_the_latency_of_the_network(synth_dir, wrapper):
    text = (wrapper / "src" / "mine_v4.cpp").read_text()
    latency = read_ports(SynthDir(synth_dir).project("rtl").path).latency_cycles
    assert "#pragma HLS PIPELINE II=1" in text
    assert f"#pragma HLS LATENCY min={latency} max={latency}" in text
    assert "set_top mine_v4\n" in (wrapper / "build.tcl").read_text()


def order_of(graph, ports, *, latency):
    """An order of any graph, without a synthesis."""
    project = SimpleNamespace(part="xcvu13p", clock_period_ns=5.0, latency_cycles=None)
    selection = SimpleNamespace(columns=("pt", "class"))
    synth = SimpleNamespace(
        path=Path("out"), projects={"hls4ml": project},
        resources=(SimpleNamespace(latency_cycles=latency),),
        tagger=SimpleNamespace(dataset=SimpleNamespace(selection=selection)),
    )  # fmt: skip
    return SimpleNamespace(
        name="two", version=1, label="two_v1", graph=graph, ports=ports, synth=synth
    )


def two_heads():
    def port(name, *shape):
        return Port(name=name, identifier=name, shape=shape)

    return Signature(
        inputs=(port("in_a", 4), port("in_b", 4, 2)), outputs=(port("out_c", 2), port("out_d", 3))
    )


def test_several_inputs_and_outputs_lie_at_their_places_under_their_names(tmp_path):
    graph = small_graph(12, 5)
    target.write(order_of(graph, two_heads(), latency=9), tmp_path)
    x = build_vectors(InputRange.of(graph), (12,), jets=None, n_random=500, seed=1).x
    got = answers(tmp_path, "two_v1", TWO_HEADS, x, n_outputs=5, folder=tmp_path)
    assert np.array_equal(got, arithmetic.predict(graph, x))
    # the estimate, where there is no Verilog
    assert "LATENCY min=9 max=9" in (tmp_path / "src" / "two_v1.cpp").read_text()


def test_no_latency_is_made_up(tmp_path):
    with pytest.raises(LoweringError, match="no report states a latency"):
        target.write(order_of(small_graph(12, 5), two_heads(), latency=None), tmp_path)
