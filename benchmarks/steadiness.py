"""How steady the validation accuracy is from epoch to epoch, with averaged weights and without.

    python benchmarks/steadiness.py DATA.h5 OUT.json [--recipe mixer-8-demo] [--epochs 60]
        [--average 3 10 30] [--seed 42]

One training, judged after every epoch with its own weights and with their averages over several
numbers of epochs (``average_epochs`` of a recipe, :mod:`jetmix.training.averages`), which do not
change it. Stated for the second half of the epochs: the mean step of the accuracy from one epoch to
the next, its mean, and its highest value, for which noise can win; and the mean EBOPs.
"""

import argparse
import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.support.files import write_json
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training.averages import Averages
from jetmix.training.engine import validate
from jetmix.training.jets import Jets
from jetmix.training.loading import loaded
from jetmix.training.loop import Loop
from jetmix.training.seeds import seeded

OWN = "one epoch"


def judged(loop: Loop, averages: dict[str, Averages]) -> dict[str, list[float]]:
    """Train to the end; return accuracy and EBOPs of every epoch for each way to judge it."""
    found: dict[str, list[Any]] = {name: [] for name in (OWN, *averages)}
    for epoch in range(loop.settings.epochs):
        result = loop.train_epoch()
        found[OWN].append((result.accuracy, loop.state.history[-1]["ebops"]))
        for name, average in averages.items():
            with average.in_place(epoch, loop.feed.statistics):
                result = validate(
                    loop.engine, loop.validation, wrapping=False, settings=loop.settings
                )
                found[name].append((result.accuracy, loop.engine.ebops()))
    return found


def summary(epochs: list[Any]) -> dict[str, float]:
    """Return the figures of the second half of the epochs."""
    accuracy, ebops = np.array(epochs[len(epochs) // 2 :]).T
    steps = [abs(later - earlier) for earlier, later in pairwise(accuracy)]
    return {
        "step": float(np.mean(steps)),
        "mean": float(accuracy.mean()),
        "highest": float(accuracy.max()),
        "ebops": float(ebops.mean()),
    }


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the figures of one training."""
    changes = {"training": {"epochs": options.epochs, "seed": options.seed}}
    recipe = load_recipe(options.recipe, changes)
    with loaded(recipe, options.data, folder / "run") as datasets:
        jets = {split: Jets.of(datasets[split]) for split in ("train", "validation")}
        classes = datasets["train"].class_names
    with seeded(options.seed):
        model = build_tagger(spec_from(recipe, n_classes=len(classes)))
    loop = Loop(recipe, model, **jets, folder=folder, digest="benchmark")
    averages = {
        f"{epochs:g} epochs": Averages(loop.engine, model, epochs=epochs, quantised=True)
        for epochs in options.average
    }
    found = judged(loop, averages)
    return {
        "recipe": options.recipe,
        "seed": options.seed,
        "epochs": options.epochs,
        "n_train": len(jets["train"]),
        "n_validation": len(jets["validation"]),
        "ways": {name: summary(epochs) for name, epochs in found.items()},
        "by_epoch": found,
    }


def main() -> None:
    """Measure, write the file and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="HDF5 file of jets")
    parser.add_argument("out", type=Path, help="file of the figures")
    parser.add_argument("--recipe", default="mixer-8-demo")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--average", type=float, nargs="+", default=[3.0, 10.0, 30.0])
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    keras_env.activate("jax")
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options, Path(folder))
    write_json(options.out, found)
    print(f"{'averaged over':<14} {'step':>7} {'mean':>7} {'highest':>8} {'EBOPs':>9}")
    for name, row in found["ways"].items():
        print(
            f"{name:<14} {row['step']:>7.2%} {row['mean']:>7.2%} {row['highest']:>8.2%} "
            f"{row['ebops']:>9,.0f}"
        )
    print(json.dumps({key: value for key, value in found.items() if key != "by_epoch"}))


if __name__ == "__main__":
    main()
