"""Pages of the reference that are made from the code when the site is built."""

import inspect
import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click
from pages import table

from jetmix import errors
from jetmix.cli.main import cli
from jetmix.recipes.recipe import load_recipe, presets
from jetmix.support.files import JSON
from jetmix.support.packaged import packaged
from jetmix.support.records import toml_text
from jetmix.taggers.registry import ARCHITECTURES

SECTION = re.compile(r"^\[([\w.]+)\]$", re.MULTILINE)
# the comment above a key, and the key
KEY = re.compile(r"((?:^#.*\n)*)^(\w+) = ", re.MULTILINE)
# exit codes that no class of errors has
OTHER_CODES = {
    0: ("Success", "The command did what it was asked to do."),
    1: ("Bug", "A bug in jetmix; the only exit with a traceback. Please report it."),
    130: ("Interrupted", "The command was interrupted with Ctrl-C; run it again to go on."),
}


def command_line() -> str:
    """Return the page of all commands with their options."""
    head = (
        "# Command line\n\nEvery command answers `--help`. With `--json` the last line of output "
        "is one JSON object. [Exit codes](exit-codes.md) are the same for all commands.\n"
    )
    return "\n".join([head, *_commands(cli, "jetmix", None)])


def _commands(group: click.Group, path: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(group, info_name=path.rsplit(maxsplit=1)[-1], parent=parent)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}", context)
        else:
            yield _command(command, f"{path} {name}", click.Context(command, context, name))


def _command(command: click.Command, path: str, context: click.Context) -> str:
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [
        (f"`{record[0]}`", _cell(record[1]))
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context))
    ]
    text = _paragraphs(inspect.cleandoc(command.help or ""))
    head = f"## {path}\n\n```text\n{path} {usage}\n```\n\n{text}\n\n"
    return head + table(("Option", "Meaning"), rows)


def _paragraphs(text: str) -> str:
    """Return the help of a command as Markdown; what click must not wrap becomes a code block."""
    parts = []
    for part in text.split("\n\n"):
        if not part.startswith("\b"):
            parts.append(part)
            continue
        first, *rest = part.removeprefix("\b").strip("\n").split("\n")
        block = inspect.cleandoc("\n".join(["", *rest]))
        parts.append(f"{first}\n\n```toml\n{block}\n```")
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def exit_codes() -> str:
    """Return the page of exit codes, from the classes of errors."""
    found = dict(OTHER_CODES)
    for kind in vars(errors).values():
        if inspect.isclass(kind) and kind is not errors.JetmixError:
            summary = inspect.getdoc(kind) or ""
            found[kind.exit_code] = (f"`{kind.__name__}`", summary.split("\n\n")[0])
    rows = [(str(code), name, text) for code, (name, text) in sorted(found.items())]
    head = (
        "# Exit codes\n\nBad input ends with one line on standard error: where, what is wrong, and "
        "how to mend it. In Python the same failure is an exception of `jetmix.errors`; all of "
        "them are `JetmixError`.\n"
    )
    return f"{head}\n{table(('Code', 'Error', 'Meaning'), rows)}"


def recipe_keys() -> str:
    """Return the page of recipe keys: ``defaults.toml`` with its comments, then the presets."""
    text = packaged("recipes/defaults.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)
    head, *rest = SECTION.split(text)
    intro, _, top = head.partition("\n\n")
    parts = [f"# Recipe keys\n\n{_uncommented(intro)}\n", _keys(top, values)]
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        section = values
        for key in name.split("."):
            section = section[key]
        parts.append(f"## [{name}]\n\n{_keys(body, section)}")
        if name == "tagger.options":
            parts += list(_architectures())
    rows = [(f"`{name}`", load_recipe(name).description) for name in presets()]
    return "\n".join([*parts, "## Presets\n", table(("Preset", "What it trains"), rows)])


def _keys(body: str, values: JSON) -> str:
    """Return the keys of one section as a table, or its comment where it has none."""
    found = KEY.findall(body)
    if not found:
        return _uncommented(body) + "\n"
    rows = [
        (f"`{key}`", f"`{toml_text(values[key])}`", _cell(_uncommented(comment)))
        for comment, key in found
    ]
    return table(("Key", "Default", "Meaning"), rows)


def _uncommented(text: str) -> str:
    return " ".join(line.lstrip("# ") for line in text.strip().split("\n"))


def _architectures() -> Iterator[str]:
    for name, entry in ARCHITECTURES.items():
        options = asdict(entry.options()).items()
        rows = [(f"`{key}`", f"`{toml_text(value)}`") for key, value in options]
        yield f"### {name}\n\n{entry.source}. {inspect.getdoc(entry.options)}\n"
        yield table(("Option", "Default"), rows)


def top_page(repository: Path, name: str) -> str:
    """Return a page that lies at the top of the repository, its links as seen from docs/."""
    text = (repository / name).read_text(encoding="utf-8")
    return text.replace("](docs/", "](").replace("](CHANGELOG.md", "](changelog.md")
