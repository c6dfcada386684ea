"""A tagger that takes the trigger's own angles, from training to a package of its firmware."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import jetmix
from jetmix.cli.main import cli
from tests.trigger_jets import write_trigger_jets

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]
# the example, made small
SMALL = {
    "n_particles = 8": "n_particles = 3",
    "phi = [8, 8]": "phi = [4]",
    "rho = [8]": "rho = [4]",
}


def run(*arguments):
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def made(tmp_path_factory, repository):
    """A folder with jets and a trained run."""
    folder = tmp_path_factory.mktemp("derived")
    write_trigger_jets(folder / "jets.h5", 1500)
    text = (repository / "examples" / "trigger-angles.toml").read_text()
    for old, new in SMALL.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "own.toml").write_text(text)
    run("train", folder / "own.toml", "--epochs", 3, "--data", folder / "jets.h5",
        "--run", folder / "run")  # fmt: skip
    return folder


def corners(path):
    """Write the trigger's integers themselves: every end of every angle against every other."""
    ends = np.array([-1024, -721, -720, -1, 0, 1, 719, 720, 1023])
    phi, axis, pt = (grid.ravel() for grid in np.meshgrid(ends, ends, [0, 1, 16383]))
    candidate = np.stack([pt, 2 * phi, phi], axis=1)
    np.savez(
        path,
        constituents=np.repeat(candidate[:, None], 3, axis=1).astype(np.float32),
        jet=np.stack([2 * axis, axis], axis=1).astype(np.float32),
    )


def levels(folder):
    results = json.loads((folder / "verification.json").read_text())
    return {result["candidate"]: (result["status"], result["n_mismatch"]) for result in results}


def test_the_run_is_measured_and_lowered_exactly(made, tmp_path):
    data, out = ("--data", made / "jets.h5"), tmp_path / "synth"
    assert "accuracy" in run("evaluate", made / "run", *data)
    run("synth", made / "run", "--part", "xcvu13p", "--flow", "rtl", "--level", "ir", "--level",
        "rtl", *data, "--out", out)  # fmt: skip
    assert levels(out) == {"ir": ("passed", 0), "rtl": ("passed", 0)}
    ports = json.loads((out / "rtl" / "ports.json").read_text())
    names = [(port["name"], port["bits"]) for port in ports["input_elements"]]
    assert names[:3] == [("pt[0]", 14), ("eta[0]", 12), ("phi[0]", 11)]
    assert names[-2:] == [("jet_eta", 12), ("jet_phi", 11)]
    run("verify", out, *data, "--level", "ir")
    corners(tmp_path / "corners.npz")
    run("verify", out, "--data", tmp_path / "corners.npz", "--level", "ir", "--level", "rtl")
    assert levels(out) == {"ir": ("passed", 0), "rtl": ("passed", 0)}
    run("report", made / "run", out, *data, "--out", tmp_path / "report")
    assert "constituents: 3 x 3, jet: 2" in (tmp_path / "report" / "report.html").read_text()
    opened, firmware = jetmix.open_run(made / "run"), jetmix.open_firmware(out)
    jets = opened.load_jets(made / "jets.h5")
    assert (jets.x == np.rint(jets.x)).all()
    np.testing.assert_array_equal(firmware.predict(jets.x), opened.predict(jets.x))


@pytest.mark.long
def test_hls_and_packages_are_exact_too(made, tmp_path):
    data, out = ("--data", made / "jets.h5"), tmp_path / "synth"
    run("synth", made / "run", "--part", "xcvu13p", "--flow", "both", "--level", "ir", "--level",
        "csim", "--level", "rtl", *data, "--out", out)  # fmt: skip
    assert set(levels(out).values()) == {("passed", 0)}
    for target in ("rtl-wrapper", "emulator", "c-api", "hls-wrapper"):
        package = tmp_path / target
        run(
            "package",
            out,
            "--target",
            target,
            "--name",
            "angles",
            "--version",
            "1",
            "--out",
            package,
        )
        if target != "hls-wrapper":
            run("verify", package)
