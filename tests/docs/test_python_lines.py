"""The Python lines of pages name functions and arguments that the API has."""

import ast
import importlib
import inspect
import re

import pytest

import jetmix as jm
from tests.docs.commands import pages

BLOCK = re.compile(r"^```python.*\n((?:.*\n)*?)^```", re.MULTILINE)


def calls(repository):
    for path in pages(repository):
        for block in BLOCK.findall(path.read_text(encoding="utf-8")):
            if "import jetmix as jm" not in block:
                continue
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("jm."):
                    yield path, node


def bound(node):
    name = ast.unparse(node.func).removeprefix("jm.")
    function = getattr(jm, name)
    if inspect.ismodule(function):  # the package that can be called
        function = importlib.import_module(f"jetmix.api.{name}").report
    keywords = {keyword.arg: None for keyword in node.keywords}
    return inspect.signature(function).bind(*node.args, **keywords)


def test_lines_bind(repository):
    found = list(calls(repository))
    assert len(found) >= 10
    for _, node in found:
        bound(node)
    assert {"train", "synthesise", "report", "sample", "load_jets"} <= {
        ast.unparse(node.func).removeprefix("jm.") for _, node in found
    }


def test_a_wrong_argument_would_be_seen():
    with pytest.raises(TypeError):
        bound(ast.parse("jm.train('x', daat=1, out='y')").body[0].value)


def test_every_public_name_is_on_the_page_of_the_api(repository):
    page = (repository / "docs" / "reference" / "api.md").read_text()
    for name in jm.__all__:
        assert re.search(rf"^::: jetmix\.[\w.]+\.{name}$", page, re.MULTILINE), name
