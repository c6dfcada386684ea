import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from jetmix.firmware import arithmetic
from jetmix.firmware.project import INSTALL
from jetmix.models.signature import Port, Signature
from jetmix.packaging import emulator as target
from jetmix.packaging.package import package
from jetmix.support.packaged import shipped
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.verification.vectors import InputRange, build_vectors

INTERFACE = shipped("firmware_templates/package/trial")
# two versions at once; jets on standard input, the answers of both on standard output
CALLER = """
#include "emulator.h"
#include "mine_v1/NN/defines.h"
#include "mine_v2/NN/defines.h"
#include <cstdio>

int main() {
    auto first = hls4mlEmulator::ModelLoader("mine_v1").load_model();
    auto second = hls4mlEmulator::ModelLoader("mine_v2").load_model();
    hls4ml_mine_v1::input_t x[12];
    hls4ml_mine_v2::inputs_t held;
    hls4ml_mine_v1::result_t y[5];
    hls4ml_mine_v2::results_t z;
    static_assert(sizeof x / sizeof *x == std::tuple_size<hls4ml_mine_v1::inputs_t>::value, "");
    double jet[12];
    while (std::fread(jet, sizeof jet, 1, stdin)) {
        for (int i = 0; i < 12; i++) {
            x[i] = jet[i];
            held[i] = jet[i];
        }
        first->prepare_input((hls4ml_mine_v1::input_t *)x);
        second->prepare_input(&held);
        first->predict();
        second->predict();
        first->read_result((hls4ml_mine_v1::result_t *)y);
        second->read_result(&z);
        double out[10];
        for (int i = 0; i < 5; i++) {
            out[i] = y[i].to_double();
            out[5 + i] = z[i].to_double();
        }
        std::fwrite(out, sizeof out, 1, stdout);
    }
}
"""
TWO_HEADS = """
#include "emulator.h"
#include "two_v1/NN/defines.h"
#include <cstdio>

int main() {
    auto model = hls4mlEmulator::ModelLoader("two_v1").load_model();
    hls4ml_two_v1::inputs_t x;
    hls4ml_two_v1::results_t y;
    double jet[12];
    while (std::fread(jet, sizeof jet, 1, stdin)) {
        for (int i = 0; i < 12; i++)
            if (i < 4)
                std::get<0>(x)[i] = jet[i];
            else
                std::get<1>(x)[i - 4] = jet[i];
        model->prepare_input(&x);
        model->predict();
        model->read_result(&y);
        double out[5];
        for (int i = 0; i < 5; i++)
            out[i] = i < 2 ? y.first[i].to_double() : y.second[i - 2].to_double();
        std::fwrite(out, sizeof out, 1, stdout);
    }
}
"""


def compiled(*arguments, cwd):
    done = subprocess.run(
        ["g++", "-O0", "-std=c++17", *arguments],
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def ap_types():
    import hls4ml

    found = Path(hls4ml.__file__).parent / "templates" / "vivado" / "ap_types"
    assert (found / "ap_fixed.h").is_file(), INSTALL
    return found


@pytest.fixture(scope="module")
def extras(tmp_path_factory):
    """An installation of the interface."""
    folder = tmp_path_factory.mktemp("extras")
    (folder / "include" / "hls4ml").mkdir(parents=True)
    (folder / "lib64").mkdir()
    header = (INTERFACE / "emulator.h").read_text()
    (folder / "include" / "hls4ml" / "emulator.h").write_text(header)
    compiled(
        "-fPIC", "-shared", INTERFACE / "interface.cpp", "-o", "lib64/libemulator_interface.so",
        cwd=folder,
    )  # fmt: skip
    return folder


@pytest.fixture
def answers(extras, ap_types, tmp_path):
    """Build packages with their own Makefiles, install them, and run a program that loads them."""

    def run(packages, caller, x, n_outputs):
        for folder in packages:
            subprocess.run(
                ["make", "-s", "install", f"PREFIX={tmp_path}", f"EMULATOR_EXTRAS={extras}",
                 f"AP_TYPES={ap_types}", "CXXFLAGS=-O0"],
                cwd=folder, check=True,
            )  # fmt: skip
        (tmp_path / "caller.cpp").write_text(caller)
        includes = [f"-I{folder}" for folder in (*packages, ap_types, extras / "include/hls4ml")]
        compiled(
            *includes, "caller.cpp", f"-L{extras}/lib64", "-lemulator_interface", "-ldl",
            "-o", "caller", cwd=tmp_path,
        )  # fmt: skip
        libraries = f"{tmp_path}/lib64:{extras}/lib64"
        done = subprocess.run(
            [tmp_path / "caller"],
            input=np.ascontiguousarray(x, dtype=np.float64).tobytes(),
            capture_output=True,
            check=True,
            cwd=tmp_path,
            env={**os.environ, "LD_LIBRARY_PATH": libraries},
        )
        return np.frombuffer(done.stdout).reshape(len(x), n_outputs)

    return run


def order_of(graph, ports, *, name, version):
    """An order of any graph, without a synthesis."""
    return SimpleNamespace(
        name=name, version=version, label=f"{name}_v{version}", graph=graph, ports=ports
    )


def small_graph(n_inputs, n_outputs):
    """Some sums and products of inputs of many widths."""
    from da4ml.trace import FixedVariableArray, HWConfig, comb_trace

    places = np.arange(n_inputs)
    inputs = FixedVariableArray.from_kif(
        places % 2, 1 + places % 4, places % 3, HWConfig(1, -1, -1)
    )
    values = [inputs[i] * inputs[-1 - i] - inputs[i + 1] * 0.5 for i in range(n_outputs)]
    return comb_trace(inputs, FixedVariableArray(np.array(values)))


def test_two_versions_in_one_process_answer_as_their_firmware(
    synth_dir, emulator, jets, answers, tmp_path
):
    """Two networks of the same name: neither may take a function of the other."""
    packages = [tmp_path / "first", tmp_path / "second"]
    package(synth_dir, packages[0], target="emulator", name="mine", version=1)
    other = small_graph(12, 5)
    target.write(
        order_of(other, SynthDir(synth_dir).tagger.ports, name="mine", version=2), packages[1]
    )
    x = jets.reshape(len(jets), -1)
    got = answers(packages, CALLER, x, 10)
    assert np.array_equal(got[:, :5], emulator.run(jets))
    assert np.array_equal(got[:, 5:], arithmetic.predict(other, x))


def test_two_inputs_and_two_outputs_are_pairs(answers, tmp_path):
    def port(name, size):
        return Port(name=name, identifier=name, shape=(size,))

    graph = small_graph(12, 5)
    ports = Signature(
        inputs=(port("in_a", 4), port("in_b", 8)), outputs=(port("out_c", 2), port("out_d", 3))
    )
    target.write(order_of(graph, ports, name="two", version=1), tmp_path / "package")
    x = build_vectors(InputRange.of(graph), (12,), jets=None, n_random=500, seed=1).x
    expected = arithmetic.predict(graph, x)
    assert np.array_equal(answers([tmp_path / "package"], TWO_HEADS, x, 5), expected)
