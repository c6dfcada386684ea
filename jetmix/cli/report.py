"""``jetmix report``: the report about runs and synthesised projects."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jetmix.cli.common import PATH, finish, json_option, trust_option

if TYPE_CHECKING:
    from jetmix.report.other_jets import OtherJets

# folder of reference material, which is not part of jetmix, and its slice of the public jets
REFERENCE, REAL_JETS = "JETMIX_REFERENCE", "data/real/plf_1500_jets_32x3.npz"


@click.command()
@click.argument("folders", metavar="DIR...", type=PATH, nargs=-1, required=True)
@click.option("--out", type=PATH, required=True, help="Folder of the report.")
@click.option(
    "--allow-mixed",
    is_flag=True,
    help="Accept runs on different jets; each data set is shown apart.",
)
@click.option(
    "--check", "rules", type=PATH, help="TOML file of limits; exit code 11 if one is missed."
)
@click.option(
    "--baseline", "old", type=PATH, help="Older report.json; exit code 11 if a figure is worse."
)
@click.option("--data", type=PATH, help="Jets of the runs, for efficiency against pT and mass.")
@click.option(
    "--other-jets", type=PATH,
    help="An .npz file of jets of another source, such as real ones, to measure on too. "
    "[default: the real jets in the folder that JETMIX_REFERENCE names, if it is set]",
)  # fmt: skip
@click.option(
    "--bits/--no-bits", default=True, help="Show bit widths, for which Keras loads the models."
)
@trust_option
@json_option
def report(
    *,
    folders: tuple[Path, ...],
    out: Path,
    allow_mixed: bool,
    rules: Path | None,
    old: Path | None,
    data: Path | None,
    other_jets: Path | None,
    bits: bool,
    trust: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write a report about runs and syntheses, compared with published taggers.

    DIR is a folder that 'jetmix train', 'jetmix synth' or 'jetmix package' wrote; a synthesis joins
    the run of its model, a package its synthesis. Of a folder of 'jetmix sweep', the taggers are
    the runs on its front. Writes report.html (one file, no network), report.md, report.json and the
    figures.

    \b
    A file for --check looks like this (keys are optional):
      [require]
      min_accuracy_pct = 60.0
      max_lut = 20000          # upper end of the 90% interval of an estimate; also max_ff
      max_latency_ns = 100     # measured cycles where the Verilog was simulated
      bit_exact = ["csim"]
      origin = ["post-route", "estimate"]
      [tolerance]              # for --baseline, in the unit of the figure
      accuracy_pct = 0.3
      lut = 500
    """  # noqa: D301 (click wants the sign itself)
    from jetmix.errors import LimitMissedError
    from jetmix.report.build import write_report
    from jetmix.report.other_jets import OtherJets
    from jetmix.report.summary import summary
    from jetmix.support.records import dump

    written = write_report(
        folders,
        out,
        allow_mixed=allow_mixed,
        rules=rules,
        old=old,
        data=data,
        other_jets=OtherJets(path=other_jets) if other_jets else _real_jets(),
        bits=bits,
        trust=trust,
    )
    failed = [outcome for outcome in written.checks if not outcome.passed]
    lines = [*summary(written.taggers), *(outcome.line for outcome in written.checks)]
    if written.checks:
        lines.append(f"Checks: {len(written.checks) - len(failed)} of {len(written.checks)} passed")
    result = {
        "out": str(out),
        "taggers": [tagger["glance"] for tagger in written.content["taggers"]],
        "checks": dump(written.checks),
        "passed": not failed,
    }
    finish([*lines, f"Report:     {out / 'report.html'}"], result, as_json=as_json)
    if failed:
        raise LimitMissedError(
            f"{len(failed)} of {len(written.checks)} checks failed",
            where=out / "report.html",
            mend="see its section 'Checks'",
        )


def _real_jets() -> "OtherJets | None":
    """Return the real jets of the reference folder, None where there is none."""
    from jetmix.report.other_jets import OtherJets

    folder = os.environ.get(REFERENCE)
    path = Path(folder) / REAL_JETS if folder else None
    return OtherJets(path=path, asked_for=False) if path and path.is_file() else None
