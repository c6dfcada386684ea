"""Copies the small points of three trained rows of results.py, with their provenance.

    python examples/make_taggers.py DATA.h5 --out FOLDER [--to examples/taggers]

DATA.h5 and FOLDER are those of results.py. Each model gets a JSON file beside it: recipe, data
set and normalisation, seed, versions, and its figures on the test jets.
"""

import argparse
import tomllib
from pathlib import Path

from jetmix.errors import JetmixError
from jetmix.support.files import JSON, atomic_path, file_digest, read_json, write_json
from jetmix.support.records import dump
from jetmix.training.evaluate import evaluate
from jetmix.training.run_dir import RunDir

# of the machine that trained; versions, revision and seed stay
LEFT_OUT = ("command", "platform")
# row of results.py to the name of the example
EXAMPLES = {"mixer-8": "mixer-8", "gnn-16": "gnn-16", "hlf-mlp": "hlf-mlp"}
POINT = "small"
MAX_BYTES = 1_000_000


def example(row: str, name: str, options: argparse.Namespace) -> None:
    """Copy one tagger and write its JSON file."""
    run = RunDir.open(options.out / row)
    point = read_json(options.out / "measured" / f"{row}.json")[POINT]
    source, target = run.train_folder / point["path"], options.to / f"{name}.keras"
    content = source.read_bytes()
    assert len(content) < MAX_BYTES, f"{source} has {len(content)} bytes"
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)
    write_json(target.with_suffix(".json"), record(run, point, target, options.data))


def record(run: RunDir, point: JSON, model: Path, data: Path) -> JSON:
    """Return what there is to know of one tagger; no paths of the machine that trained it."""
    measured = evaluate(model, data, trained_on=run.data)
    figures, recipe = run.figures, run.recipe
    assert figures
    assert recipe
    return {
        "model": model.name,
        "model_sha256": file_digest(model),
        "recipe": tomllib.loads(recipe.to_toml()),
        "dataset": {key: value for key, value in dump(run.data).items() if key != "path"},
        "epochs": figures.epochs,
        "training_seconds": figures.training_seconds,
        "epoch": point["epoch"],
        "val_accuracy": point["val_accuracy"],
        "metrics": dump(measured.metrics),
        "provenance": {k: v for k, v in dump(run.provenance).items() if k not in LEFT_OUT},
    }


def main() -> None:
    """Copy all examples."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of results.py's runs")
    parser.add_argument("--to", type=Path, default=Path("examples/taggers"))
    options = parser.parse_args()
    try:
        for row, name in EXAMPLES.items():
            example(row, name, options)
    except JetmixError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
