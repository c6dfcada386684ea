"""``jetmix package``."""

from pathlib import Path
from typing import Any

import click

from jetmix.cli.common import PATH, finish, json_option


@click.command()
@click.argument("synth_dir", type=PATH)
@click.option(
    "--target", required=True,
    help="What to package for; docs/how-to/package/index.md lists the targets.",
)  # fmt: skip
@click.option(
    "--name", help="Identifier of the tagger in the package. [default: --top of the synthesis]"
)
@click.option(
    "--version", type=click.IntRange(min=0),
    help="Its version. [default: --version of the synthesis]",
)  # fmt: skip
@click.option("--out", required=True, type=PATH, help="Folder to write.")
@click.option(
    "--threshold", metavar="SCORE=VALUE",
    help="Decide: a jet is taken whose SCORE is at least VALUE. For rtl-wrapper and ugt.",
)  # fmt: skip
@click.option(
    "--language", type=click.Choice(["verilog", "vhdl"]),
    help="Language of the wrapper; vhdl needs 'synth --vhdl'. For rtl-wrapper.  [default: verilog]",
)  # fmt: skip
@click.option(
    "--mapping", type=PATH,
    help="TOML file: where inputs and outputs lie in the words of links. For emp.",
)  # fmt: skip
@click.option(
    "--data", type=PATH,
    help="Jets whose test split makes the patterns, instead of random vectors. For emp and ugt.",
)  # fmt: skip
@json_option
def package(
    *, synth_dir: Path, out: Path, threshold: str | None, as_json: bool, **chosen: Any
) -> None:
    """Package a verified synthesis for another system.

    SYNTH_DIR is the --out folder of 'jetmix synth'. Exit code 7 if it was edited or is not exact.
    """
    from jetmix import words
    from jetmix.packaging.order import Threshold
    from jetmix.packaging.package import package as write_package
    from jetmix.resources.report import read_resources
    from jetmix.support.records import dump

    limit = None if threshold is None else Threshold.parse(threshold)
    made = write_package(synth_dir, out, threshold=limit, **chosen)
    content = {**dump(made), "resources": dump(read_resources(out) or ())}
    finish(words.package_lines(made, out), content, as_json=as_json)
