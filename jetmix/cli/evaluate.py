"""``jetmix evaluate``."""

from pathlib import Path

import click

from jetmix.cli.common import (
    PATH,
    backend_option,
    constants_option,
    finish,
    json_option,
    trust_option,
)
from jetmix.data.schema import DEFAULT_SPLIT, SPLITS


@click.command()
@click.argument("run_or_model", type=PATH)
@click.option("--data", required=True, type=PATH, help="HDF5 file of jets, or .npz arrays x, y.")
@click.option(
    "--split", type=click.Choice(SPLITS), default=DEFAULT_SPLIT, show_default=True,
    help="Jets to measure on; a hash of each jet decides to which it belongs.",
)  # fmt: skip
@constants_option
@trust_option
@backend_option
@json_option
def evaluate(
    *,
    run_or_model: Path,
    data: Path,
    split: str,
    constants: Path | None,
    trust: tuple[str, ...],
    backend: str | None,
    as_json: bool,
) -> None:
    """Measure a run's tagger, or any HGQ2 model file, on jets."""
    from jetmix import words
    from jetmix.models import keras_env
    from jetmix.training.evaluate import evaluate as measure
    from jetmix.training.run_dir import open_source

    source = open_source(run_or_model)
    keras_env.activate(backend)
    result = measure(
        source.model,
        data,
        split=split,
        trained_on=source.data,
        constants=constants,
        trust=trust,
    )
    finish(words.metrics(result.metrics), result.as_json(), as_json=as_json)
