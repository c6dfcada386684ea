"""The commands of the tutorial do what the page shows."""

import re
import subprocess
import sys

import pytest

from tests.docs.commands import BLOCK, words

STEP = re.compile(r"^ {4}(jetmix .*)\n(?:\n```text\n((?:.*\n)*?)```)?", re.MULTILINE)


@pytest.fixture(scope="module")
def page(repository):
    return (repository / "docs" / "tutorial.md").read_text(encoding="utf-8")


def test_the_training_is_that_of_make_demo(page, repository):
    (train,) = (command for command in BLOCK.findall(page) if " train " in command)
    text = (repository / "Makefile").read_text()
    values = dict(re.findall(r"^(\w+) :?\??= (.*)$", text, re.MULTILINE))
    line = re.search(r"\$\(BIN\)/(jetmix train .*)", text).group(1)
    line = line.replace("$(RUN)", "$(DEMO)/$(RECIPE)")
    assert re.sub(r"\$\((\w+)\)", lambda name: values[name.group(1)], line) == train


@pytest.mark.slow
@pytest.mark.long
def test_every_other_command_prints_what_the_page_shows(page, repository, tmp_path):
    for name in ("datasets", "examples"):
        (tmp_path / name).symlink_to(repository / name)
    steps = [step for step in STEP.findall(page) if " train " not in step[0]]
    assert [words(command)[0] for command, _ in steps] == [
        "data", "evaluate", "synth", "verify", "report", "report",
    ]  # fmt: skip
    for command, shown in steps:
        run = [sys.executable, "-m", "jetmix", *words(command)]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        for line in shown.splitlines():
            pattern = re.escape(line).replace(r"\.\.\.", ".*")
            assert re.search(f"^{pattern}$", done.stdout, re.MULTILINE), (line, done.stdout)
