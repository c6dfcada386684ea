import subprocess
from pathlib import Path

import numpy as np
import pytest

from jetmix.firmware.project import INSTALL
from jetmix.firmware.verilog import read_ports
from jetmix.packaging.package import package
from jetmix.synthesis.synth_dir import SynthDir

# jets on standard input, each answer and the event of its token on standard output
CALLER = """
#include "mine_v4.h"
#include <cstdio>

int main() {
    using namespace mine_v4_ports;
    double jet[12];
    token_t token;
    for (int event = 0; std::fread(jet, sizeof jet, 1, stdin); event++) {
        @KIND@ x[4];
        for (int i = 0; i < 4; i++) {
            x[i].feature_0 = jet[3 * i];
            x[i].feature_1 = jet[3 * i + 1];
            x[i].feature_2 = jet[3 * i + 2];
        }
        token.event = event;
        token.iteration = event % 7;
        token.start_of_orbit = event % 3 == 0;
        token.frame_valid = event % 5 == 0;
        token.data_valid = event % 2;
        answer_t answer;
        mine_v4(x, token, answer);
        double out[10];
        for (int i = 0; i < 5; i++)
            out[i] = answer.@OUTPUT@[i].to_double();
        out[5] = answer.token.event;
        out[6] = answer.token.iteration;
        out[7] = answer.token.start_of_orbit;
        out[8] = answer.token.frame_valid;
        out[9] = answer.token.data_valid;
        std::fwrite(out, sizeof out, 1, stdout);
    }
}
"""


@pytest.fixture(scope="module")
def wrapper(synth_dir, tmp_path_factory):
    out = tmp_path_factory.mktemp("hls") / "out"
    package(synth_dir, out, target="hls-wrapper", name="mine", version=4)
    return out


def answers(wrapper, ports, x, folder):
    import hls4ml

    ap_types = Path(hls4ml.__file__).parent / "templates" / "vivado" / "ap_types"
    assert (ap_types / "ap_fixed.h").is_file(), INSTALL
    caller = CALLER.replace("@KIND@", f"{ports.inputs[0].identifier}_object_t")
    caller = caller.replace("@OUTPUT@", ports.outputs[0].identifier)
    (folder / "caller.cpp").write_text(caller)
    done = subprocess.run(
        ["g++", "-O0", "-std=c++14", f"-I{wrapper / 'src'}", "-isystem", ap_types,
         wrapper / "src" / "mine_v4.cpp", "caller.cpp", "-o", "caller"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [folder / "caller"], input=x.astype(np.float64).tobytes(), capture_output=True, check=True
    )
    return np.frombuffer(done.stdout).reshape(len(x), 10)


def test_the_top_function_answers_as_the_firmware_and_gives_back_the_token(
    synth_dir, wrapper, emulator, jets, tmp_path
):
    # a caller fills the types of the ports, which wrap beyond the ranges of a particle's own
    ports = SynthDir(synth_dir).tagger.ports
    got = answers(wrapper, ports, jets.reshape(len(jets), -1), tmp_path)
    assert np.array_equal(got[:, :5], emulator.run(jets))
    event = np.arange(len(jets))
    token = [event, event % 7, event % 3 == 0, event % 5 == 0, event % 2]
    assert np.array_equal(got[:, 5:], np.column_stack(token))


def test_the_pragmas_ask_for_a_jet_per_cycle_and_the_latency_of_the_network(synth_dir, wrapper):
    text = (wrapper / "src" / "mine_v4.cpp").read_text()
    latency = read_ports(SynthDir(synth_dir).project("rtl").path).latency_cycles
    assert "#pragma HLS PIPELINE II=1" in text
    assert f"#pragma HLS LATENCY min={latency} max={latency}" in text
    assert "set_top mine_v4\n" in (wrapper / "build.tcl").read_text()
