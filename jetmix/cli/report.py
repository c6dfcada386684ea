"""``jetmix report``: the report about runs and synthesised projects."""

from pathlib import Path

import click

from jetmix.cli.common import PATH, finish, json_option


@click.command()
@click.argument("folders", metavar="DIR...", type=PATH, nargs=-1, required=True)
@click.option("--out", type=PATH, required=True, help="Folder of the report.")
@click.option(
    "--allow-mixed", is_flag=True, help="Accept runs on different jets; they are kept apart."
)
@json_option
def report(folders: tuple[Path, ...], out: Path, allow_mixed: bool, as_json: bool) -> None:
    """Write the report about runs and synthesised projects, beside published taggers.

    DIR is a folder that 'jetmix train' or 'jetmix synth' wrote; a project joins the run whose
    model it was made from. Writes report.html (one file, no network), report.md, report.json and
    the figures.
    """
    from jetmix.report.build import write_report
    from jetmix.report.summary import summary

    written = write_report(folders, out, allow_mixed=allow_mixed)
    result = {"out": str(out), "taggers": [t["glance"] for t in written.content["taggers"]]}
    finish([*summary(written.taggers), f"Report: {out / 'report.html'}"], result, as_json=as_json)
