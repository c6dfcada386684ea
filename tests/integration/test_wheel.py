"""A built wheel works outside the checkout, with all that it needs inside it."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest


def run(*command, cwd, **options):
    words = [str(word) for word in command]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=cwd, env=environment, **options
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory, repository):
    """An environment that holds jetmix from its wheel, and the dependencies from this one."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    built = run(
        *pip, "wheel", "--no-build-isolation", "--no-deps", "-w", folder, repository, cwd=folder
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("jetmix-*.whl")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    done = run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    # a path in a .pth file gives the dependencies, but not the checkout: the .pth files that lie
    # there, such as that of an editable install, are not read
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "env" / "bin"


def test_wheel_runs_from_its_own_files(installed, tmp_path, repository):
    script = (
        "import jetmix, json; from jetmix.support.packaged import shipped, packaged;"
        "print(json.dumps([jetmix.__file__, str(shipped('datasets/sample/jets.h5')),"
        "str(shipped('firmware_templates/vitis')), str(packaged('recipes/defaults.toml'))]))"
    )
    done = run(installed / "python", "-c", script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for path in json.loads(done.stdout):
        assert Path(path).exists(), path
        assert not Path(path).is_relative_to(repository), path


def test_wheel_lowers_a_tagger(installed, tmp_path, repository):
    model = repository / "tests" / "golden" / "tiny_mixer.keras"
    done = run(
        installed / "jetmix", "synth", model, "--part", "xcvu13p", "--out", "out", "--level", "ir",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ir: passed, 0 of" in done.stdout
    assert (tmp_path / "out" / "project" / "implement.tcl").is_file()


def test_wheel_knows_its_presets(installed, tmp_path):
    done = run(installed / "jetmix", "train", "--list", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "mixer-8-demo" in done.stdout
