import ctypes
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from jetmix.errors import LoweringError
from jetmix.firmware.dais import width_of
from jetmix.packaging import c_api
from jetmix.packaging.package import open_package, package

CALLER = """
#include "mine_v1.h"
#include "mine_v2.h"
#include <stdio.h>

int main(void) {
    static int32_t x[MINE_V1_N_INPUTS], y[MINE_V1_N_OUTPUTS], z[MINE_V1_N_OUTPUTS];
    for (;;) {
        for (int i = 0; i < MINE_V1_N_INPUTS; i++)
            if (scanf("%d", &x[i]) != 1)
                return 0;
        if (mine_v1_predict(x, y, 1) || mine_v2_predict(x, z, 1))
            return 1;
        for (int i = 0; i < MINE_V1_N_OUTPUTS; i++)
            printf("%d %d ", y[i], z[i]);
        puts("");
    }
}
"""


@pytest.fixture(scope="module")
def packages(synth_dir, tmp_path_factory):
    """Two versions."""
    folder = tmp_path_factory.mktemp("c_api")
    for version in (1, 2):
        out = folder / f"v{version}"
        package(synth_dir, out, target="c-api", name="mine", version=version)
    return folder


@pytest.fixture(scope="module")
def library(packages):
    return ctypes.CDLL(str(packages / "v1" / "lib" / "libmine_v1.so"))


def called(function, x, n_outputs, kind):
    x = np.ascontiguousarray(x, dtype=kind)
    y = np.zeros((len(x), n_outputs), dtype=kind)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (x, y)]
    return function(*pointers, ctypes.c_size_t(len(x))), y


@pytest.mark.parametrize("name", ["mine_v1_predict", "mine_predict"])
def test_integers_are_those_of_the_firmware(library, integers, name):
    x, expected = integers
    status, y = called(library[name], x, expected.shape[1], np.int32)
    assert status == 0
    assert np.array_equal(y, expected)


@pytest.mark.parametrize(("name", "kind"), [("float", np.float32), ("double", np.float64)])
def test_real_numbers_are_cut_as_the_ports_cut_them(library, emulator, jets, name, kind):
    x = jets.reshape(len(jets), -1).astype(kind)
    expected = emulator.run(x.reshape(jets.shape))
    status, y = called(library[f"mine_v1_predict_{name}"], x, expected.shape[1], kind)
    assert status == 0
    assert np.array_equal(y, expected)


def test_a_number_that_is_not_finite_is_told(library, jets):
    x = jets.reshape(len(jets), -1)[:3].copy()
    x[1, 1] = np.nan
    assert called(library.mine_v1_predict_float, x, 5, np.float32)[0] == 2


def test_only_its_own_names_are_seen_from_outside(library):
    with pytest.raises(AttributeError):
        _ = library.jetmix_emulator_run


def test_the_library_tells_its_formats(library, emulator):
    for side, grids in (("input", emulator.graph.inp_qint), ("output", emulator.graph.out_qint)):
        assert ctypes.c_size_t.in_dll(library, f"mine_v1_n_{side}s").value == len(grids)
        for name, of in (("bits", "bits"), ("fraction", "fraction"), ("signed", "sign")):
            kind = ctypes.c_int32 * len(grids)
            got = kind.in_dll(library, f"mine_v1_{side}_{name}")
            assert list(got) == [getattr(width_of(grid), of) for grid in grids]


def test_a_c_program_calls_two_versions(packages, integers, tmp_path):
    x, expected = (array[:400] for array in integers)
    source = tmp_path / "caller.c"
    source.write_text(CALLER)
    folders = [packages / "v1", packages / "v2"]
    build = ["gcc", "-std=c99", "-Wall", "-Werror", "-pedantic", source, "-o", tmp_path / "caller"]
    build += [f"-I{folder}/include" for folder in folders]
    for number, folder in enumerate(folders, start=1):
        build += [f"-L{folder}/lib", f"-lmine_v{number}", f"-Wl,-rpath,{folder}/lib"]
    subprocess.run(build, check=True)
    text = "\n".join(" ".join(map(str, jet)) for jet in x.tolist())
    done = subprocess.run(
        [tmp_path / "caller"], input=text, capture_output=True, text=True, check=True
    )
    got = np.array(done.stdout.split(), dtype=int).reshape(len(x), -1)
    assert np.array_equal(got[:, ::2], expected)
    assert np.array_equal(got[:, 1::2], expected)


def test_its_makefile_builds_one_for_this_machine(packages, integers, tmp_path):
    folder = shutil.copytree(packages / "v1", tmp_path / "copy")
    subprocess.run(["make", "-s", "CXX=g++"], cwd=folder, check=True)
    x, expected = integers
    built = ctypes.CDLL(str(folder / "build" / "libmine_v1.so"))
    assert np.array_equal(called(built.mine_predict, x, expected.shape[1], np.int32)[1], expected)
    open_package(folder)


def test_values_wider_than_its_integers_are_refused():
    wide = SimpleNamespace(min=0.0, max=2.0**40 - 1, step=1.0)
    with pytest.raises(LoweringError, match="input 0 has 40 bits"):
        c_api._fitting([wide], "input")
