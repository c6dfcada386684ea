"""Options and output that all commands share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print a machine-readable last line."
)
PATH = click.Path(path_type=Path)


def finish(lines: list[str], result: dict[str, Any], *, as_json: bool) -> None:
    """Print the result for people, and with ``as_json`` a last line for programs."""
    for line in lines:
        click.echo(line)
    if as_json:
        click.echo(json.dumps(result, allow_nan=False))
