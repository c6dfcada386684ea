"""The jetmix commands that stand in pages, and how click reads them."""

import re
import shlex
from pathlib import Path

import click

from jetmix.cli.main import cli

# a line of a code block, and a command within a sentence
BLOCK = re.compile(r"^(?: {4}|\$ )(jetmix .*)$", re.MULTILINE)
INLINE = re.compile(r"`(jetmix [^`{]*)`")
# what stands for a value in a sentence
NUMBERS = ("N", "S", "J", "X", "Y", "P")


def pages(repository: Path) -> list[Path]:
    """Return every text that shows commands to people."""
    top = [repository / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    kinds = ("docs/**/*.md", "docs/generate/*.in", "examples/**/*.md", "datasets/**/*.md")
    return [*top, *(path for kind in kinds for path in sorted(repository.glob(kind)))]


def words(command: str) -> list[str]:
    """Return the words of a command after ``jetmix``, without comments and optional parts."""
    return shlex.split(command.replace("[", "").replace("]", ""), comments=True)[1:]


def find(command: str) -> tuple[click.Command, list[str], click.Context]:
    """Return the click command, its arguments and its parent's context.

    Raises:
        click.UsageError: if there is no such command.
    """
    rest, group, context = words(command), cli, click.Context(cli, info_name="jetmix")
    while isinstance(group, click.Group):
        name, group, rest = group.resolve_command(context, rest)
        if isinstance(group, click.Group):
            context = click.Context(group, context, name)
    assert group is not None
    return group, rest, context


def parse(command: str) -> dict[str, object]:
    """Return the values of all parameters, as click parses a whole command.

    Raises:
        click.UsageError: if it would refuse the command.
    """
    found, rest, parent = find(command)
    return found.make_context(str(found.name), rest, parent=parent).params


def unknown_options(command: str) -> set[str]:
    """Return the options of a command within a sentence, which need not be whole, that are none."""
    if command == "jetmix --help":
        return set()
    found, rest, _ = find(command)
    known = {name for one in found.params for name in (*one.opts, *one.secondary_opts)}
    return {word for word in rest if word.startswith("--")} - known - {"--help"}
