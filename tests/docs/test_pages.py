"""Pages show commands that exist, and the generated ones show all that there is."""

import json
import re
import tomllib

import pytest
from click.testing import CliRunner

from jetmix import errors
from jetmix.cli.main import COMMANDS, cli
from jetmix.recipes.recipe import presets
from jetmix.support.packaged import packaged
from jetmix.taggers.registry import ARCHITECTURES
from tests.docs.commands import BLOCK, INLINE, pages, parse, unknown_options


def shown(pattern, repository):
    return [
        (path.relative_to(repository), command)
        for path in pages(repository)
        for command in pattern.findall(path.read_text(encoding="utf-8"))
    ]


def test_commands_in_code_blocks_parse(repository):
    found = shown(BLOCK, repository)
    assert len(found) >= 20
    for path, command in found:
        assert parse(command), f"{path}: {command}"


def test_commands_in_sentences_exist(repository):
    found = shown(INLINE, repository)
    assert len(found) >= 20
    for path, command in found:
        assert not unknown_options(command), f"{path}: {command}"


@pytest.mark.parametrize("wrong", ["jetmix synth m.keras --out d", "jetmix report x --uot d"])
def test_a_wrong_command_would_be_seen(wrong):
    with pytest.raises(Exception, match=r"part|--uot"):
        parse(wrong)
    assert unknown_options("jetmix synth --run-yoysis") == {"--run-yoysis"}


def test_make_targets_in_pages_exist(repository):
    targets = set(re.findall(r"^([a-z-]+):", (repository / "Makefile").read_text(), re.MULTILINE))
    for path in pages(repository):
        named = set(re.findall(r"(?:^|`) *make ([a-z-]+)\b", path.read_text(), re.MULTILINE))
        assert named <= targets, path


def test_every_option_of_every_command_is_in_the_reference():
    from reference import command_line

    page = command_line()
    for name in COMMANDS:
        assert f"## jetmix {name}" in page
    for command in ("synth", "verify", "report", "train"):
        text = CliRunner().invoke(cli, [command, "--help"]).output
        for option in set(re.findall(r"--[a-z][a-z-]+", text.split("Options:")[1])):
            assert option in page, option


def test_every_error_is_among_the_exit_codes():
    from reference import exit_codes

    page = exit_codes()
    for kind in errors.JetmixError.__subclasses__():
        assert f"| {kind.exit_code} | `{kind.__name__}` |" in page


def test_every_recipe_key_has_a_row_with_its_meaning():
    from reference import recipe_keys

    page = recipe_keys()
    defaults = tomllib.loads(packaged("recipes/defaults.toml").read_text())
    for section, keys in defaults.items():
        for key in keys if isinstance(keys, dict) else [section]:
            if (section, key) == ("tagger", "options"):
                continue
            (row,) = re.findall(rf"^\| `{key}` \| .* \| (.*) \|$", page, re.MULTILINE)
            assert row.strip(), f"[{section}] {key} has no comment in defaults.toml"
    for name in (*presets(), *ARCHITECTURES):
        assert name in page


def test_every_json_file_that_the_code_names_is_among_the_formats(repository):
    from formats import ARTEFACTS, file_formats

    page, internal = file_formats(), {
        "run.json",  # of an interrupted simulation
        "stat.json",  # of Yosys
        "config.json", "metadata.json",  # inside a .keras file
    }  # fmt: skip
    named = {
        name
        for path in (repository / "jetmix").rglob("*.py")
        for name in re.findall(r'"([a-z_]+\.json)"', path.read_text())
    }
    listed = {name.rpartition("/")[2] for group in ARTEFACTS.values() for name in group}
    assert named - internal <= listed
    assert "| `n_particles` | integer or null | leading constituents" in page
    assert "| `first_mismatch` | [Mismatch](#mismatch) or null |" in page
    assert not re.findall(r"^\| `.*\| *\|$", page, re.MULTILINE), "a key without its meaning"


def test_files_that_pages_show_exist(repository):
    found = [
        name
        for path in pages(repository)
        for name in re.findall(r'--8\s*<\s*--\s*"(.*)"', path.read_text())
        if "--8<-- " in path.read_text()
    ]
    assert len(found) >= 8
    for name in found:
        assert (repository / name).is_file() or (repository / "docs" / name).is_file(), name


def test_the_site_loads_nothing_from_the_network(repository):
    settings = (repository / "mkdocs.yml").read_text()
    assert "font: false" in settings
    assert "http" not in settings
    assert not re.findall(r"url\(|@import", (repository / "docs" / "site.css").read_text())


def test_a_notebook_becomes_a_page(tmp_path):
    from notebook import notebook_page

    code = {
        "cell_type": "code",
        "source": ["1 +\n", "1"],
        "outputs": [
            {"output_type": "stream", "text": "\x1b[1ma < b\x1b[0m\n"},
            {"output_type": "execute_result", "data": {"text/plain": "2"}},
            {"output_type": "display_data", "data": {"text/html": "<p>x</p>\n\n<p>y</p>"}},
        ],
    }
    text = {"cell_type": "markdown", "source": "# Title"}
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": [text, code]}))
    assert notebook_page(path) == (
        '# Title\n\n```python\n1 +\n1\n```\n\n<pre class="output">a &lt; b</pre>\n\n'
        '<pre class="output">2</pre>\n\n<div class="output">\n<p>x</p>\n<p>y</p>\n</div>\n'
    )
