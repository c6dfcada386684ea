"""``jetmix verify``."""

from pathlib import Path
from typing import Any

import click

from jetmix.cli.common import PATH, finish, json_option
from jetmix.cli.synth import picked, vector_options
from jetmix.errors import UsageError
from jetmix.verification.options import FaultOptions, VectorOptions


@click.command()
@click.argument("project_dir", type=PATH)
@click.option("--junit", type=PATH, help="Also write the results to this JUnit file.")
@click.option(
    "--faults",
    "n_faults",
    type=click.IntRange(min=1),
    help="Plant this many faults in a copy of each project and count how many are caught.",
)
@click.option(
    "--faults-minutes", default=10.0, show_default=True,
    type=click.FloatRange(min=0, min_open=True), help="Time limit of --faults per project.",
)  # fmt: skip
@click.option(
    "--waveform", type=PATH,
    help="Of a folded tagger: run level ir clock by clock, and write what the ports carry in each "
    "clock to this CSV file.",
)  # fmt: skip
@click.option(
    "--synth", "synth_dir", type=PATH,
    help="For a package: the folder of 'jetmix synth' that it was made of, if it was moved.",
)  # fmt: skip
@vector_options
@json_option
def verify(
    *,
    project_dir: Path,
    junit: Path | None,
    n_faults: int | None,
    faults_minutes: float,
    waveform: Path | None,
    synth_dir: Path | None,
    levels: tuple[str, ...],
    trust: tuple[str, ...],
    as_json: bool,
    **chosen: Any,
) -> None:
    """Compare a synthesised project or a package with its Keras model, bit for bit.

    PROJECT_DIR is the --out folder of 'jetmix synth' or of 'jetmix package'. Exit code 7 if bits
    differ.
    """
    from jetmix import words
    from jetmix.packaging.package import is_package
    from jetmix.packaging.verify import verify_package
    from jetmix.support.records import dump
    from jetmix.synthesis.verify import verify_again
    from jetmix.verification.faults.score import read_faults
    from jetmix.verification.proofs import proofs

    vectors = picked(VectorOptions, chosen)
    if is_package(project_dir):
        _refuse_for_package(
            {
                "--level": bool(levels),
                "--faults": n_faults is not None,
                "--waveform": waveform is not None,
            }
        )
        tried = verify_package(project_dir, vectors, synth=synth_dir, junit=junit, trust=trust)
        lines = [words.level_line(result) for result in tried]
        finish(lines, dump({"verification": tried}), as_json=as_json)
        return
    if synth_dir is not None:
        raise UsageError("--synth is for packages", where=project_dir, mend="leave it out")
    faults = None
    if n_faults is not None:
        faults = FaultOptions(count=n_faults, seed=vectors.seed, limit_s=60 * faults_minutes)
    results = verify_again(
        project_dir, levels, vectors, junit=junit, faults=faults, waveform=waveform, trust=trust
    )
    proven, scores = proofs.read(project_dir), read_faults(project_dir)
    lines = [words.level_line(result) for result in results] + words.proof_lines(proven)
    lines += [words.fault_line(score) for score in scores]
    content = {"verification": results, "ranges": proven, "faults": scores}
    finish(lines, dump(content), as_json=as_json)


def _refuse_for_package(given: dict[str, bool]) -> None:
    for option, there in given.items():
        if there:
            raise UsageError(
                f"{option} is for syntheses: a package has the one level 'package'",
                mend="leave it out",
            )
