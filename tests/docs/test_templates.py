"""The templates of docs/extending/ work as the pages say."""

import importlib.util
import runpy
import sys
import tomllib

import numpy as np
import pytest
from click.testing import CliRunner

from jetmix import words
from jetmix.cli.main import cli
from jetmix.errors import ReportReadError
from jetmix.firmware import parts
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.resources.origins import ORIGINS
from jetmix.resources.report import read_resources
from jetmix.taggers.registry import ARCHITECTURES, Architecture, build_tagger, resolved_options
from jetmix.taggers.spec import TaggerSpec
from jetmix.verification.levels.registry import LEVELS, Level
from jetmix.verification.result import read_results


@pytest.fixture
def template(repository):
    """Run a template as a module and return its names."""
    return lambda name: runpy.run_path(str(repository / "docs" / "extending" / f"{name}.py"))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("quantised", [True, False])
def test_architecture(template, monkeypatch, quantised):
    keras = keras_env.activate()
    names = template("architecture")
    entry = Architecture(options=names["Options"], build=names["build"], source="nowhere")
    monkeypatch.setitem(ARCHITECTURES, "embedded-mlp", entry)
    spec = TaggerSpec(
        architecture="embedded-mlp", n_particles=4, n_features=3, n_classes=5, quantised=quantised,
        options=resolved_options("embedded-mlp", {"width": 4, "hidden": [6]}),
        quantiser=load_recipe("mixer-8-demo").quantiser,
    )  # fmt: skip
    keras.utils.set_random_seed(1)
    model = build_tagger(spec)
    jets = np.random.default_rng(0).normal(size=(3, *spec.input_shape)).astype(np.float32)
    assert np.asarray(model(jets)).shape == (3, 5)


def test_origin(template, monkeypatch, tmp_path):
    names = template("origin")
    monkeypatch.setitem(ORIGINS, "mytool", names["MYTOOL"])
    assert ORIGINS["mytool"].trust > ORIGINS["estimate"].trust
    report = tmp_path / "mytool.rpt"
    report.write_text("MyTool 1.0\nLUT: 5432\n")
    names["keep_mytool"](tmp_path, report, part="xcvu13p")
    (kept,) = read_resources(tmp_path)
    assert (kept.origin, kept.lut, kept.ff) == ("mytool", 5432.0, None)
    (line,) = words.resource_lines(kept, parts.find_part("xcvu13p"))
    assert "5,432" in line
    assert line.endswith("[mytool]")
    report.write_text("something else")
    with pytest.raises(ReportReadError):
        names["read_mytool"](report, part="xcvu13p")


def test_part(repository, monkeypatch):
    table = tomllib.loads((repository / "docs" / "extending" / "part.toml").read_text())
    known = parts.known_parts()
    added = {name: parts.Part(name=name, **entry) for name, entry in table.items()}
    assert not added.keys() & known.keys()
    monkeypatch.setattr(parts, "known_parts", lambda: known | added)
    for name, part in added.items():
        assert parts.find_part(name) == part
        assert parts.find_part(part.full_name).lut == part.lut


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_level(repository, monkeypatch, tmp_path):
    path = repository / "docs" / "extending" / "level.py"
    spec = importlib.util.spec_from_file_location("interpreter_level", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "interpreter_level", module)
    level = Level(name="interpreter", title="da4ml interpreter", module="interpreter_level")
    monkeypatch.setitem(LEVELS, "interpreter", level)
    model, out = repository / "tests" / "golden" / "tiny_mixer.keras", tmp_path / "out"
    synth = ["synth", str(model), "--part", "xcvu13p", "--flow", "rtl", "--out", str(out)]
    options = ["--level", "interpreter", "--random", "20"]
    done = CliRunner().invoke(cli, [*synth, *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (result,) = read_results(out)
    assert (result.candidate, result.status, result.n_mismatch) == ("interpreter", "passed", 0)
    assert result.n_vectors > 40
