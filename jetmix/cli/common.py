"""Options and output that all commands share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from jetmix.models.keras_env import BACKENDS

PATH = click.Path(path_type=Path)
json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print a machine-readable last line."
)
backend_option: Callable[[Any], Any] = click.option(
    "--backend", type=click.Choice(BACKENDS), help="Keras backend."
)

constants_option: Callable[[Any], Any] = click.option(
    "--constants", type=PATH,
    help="JSON file of normalisation constants (features, mean, std) for a model that no run "
    "recorded. [default: those of the jets]",
)  # fmt: skip

trust_option: Callable[[Any], Any] = click.option(
    "--trust", multiple=True, metavar="MODULE",
    help="Let the model file use the classes of this Python module, which is imported. May be "
    "given several times.",
)  # fmt: skip


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were named; the others keep the default of what they are for."""
    return {name: value for name, value in options.items() if value is not None}


def finish(lines: list[str], result: dict[str, Any], *, as_json: bool) -> None:
    """Print the result for people, and with ``as_json`` a last line for programs."""
    for line in lines:
        click.echo(line)
    if as_json:
        click.echo(json.dumps(result, allow_nan=False))
