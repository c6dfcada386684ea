"""Why the validation accuracy jumps from epoch to epoch, and what steadies it.

    python benchmarks/steadiness.py DATA.h5 OUT.json [--recipe mixer-8-demo] [--epochs 60]
        [--average 3 10 30] [--seed 42]

One training, judged after every epoch in several ways, which do not change it: with the running
statistics of its batch normalisations and the ranges of its last steps, as hgq2's loop does; with
statistics set anew; with ranges that hold all jets beside, as jetmix does; and with averages of
weights and bit widths over several numbers of epochs (``average_epochs`` of a recipe,
:mod:`jetmix.training.averages`). Stated for the second half of the epochs, and for the first: the
mean step of the accuracy from one epoch to the next, its mean, and its highest value, for which
noise can win; and the mean EBOPs.
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
from jetmix.training.schedules import learning_rate
from jetmix.training.seeds import seeded

RUNNING, SETTLED, OWN = "running statistics", "statistics set anew", "one epoch"


def judged(loop: Loop, averages: dict[str, Averages]) -> dict[str, list[Any]]:
    """Train to the end; return accuracy and EBOPs of every epoch for each way to judge it."""
    found: dict[str, list[Any]] = {name: [] for name in (RUNNING, SETTLED, OWN, *averages)}

    def judge(name: str, *, wrapping: bool) -> None:
        result = validate(loop.engine, loop.validation, wrapping=wrapping, settings=loop.settings)
        found[name].append((result.accuracy, loop.engine.ebops()))

    size = None
    for epoch in range(loop.settings.epochs):
        rate, beta = learning_rate(epoch, loop.settings), loop.control.next(epoch, size)
        loop.engine.train_epoch(loop.feed.portions(epoch), rate, beta)
        size = loop.engine.ebops()
        judge(RUNNING, wrapping=True)
        loop.engine.settle(loop.feed.statistics)
        judge(SETTLED, wrapping=True)
        judge(OWN, wrapping=False)
        for name, average in averages.items():
            with average.in_place(epoch, loop.feed.statistics):
                judge(name, wrapping=False)
        print(f"{epoch + 1}/{loop.settings.epochs} {found[OWN][-1]}", flush=True)
    return found


def summary(epochs: list[Any]) -> dict[str, float]:
    """Return the figures of some epochs."""
    accuracy, ebops = np.array(epochs).T
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
        "ways": {name: summary(epochs[options.epochs // 2 :]) for name, epochs in found.items()},
        "first half": {
            name: summary(epochs[: options.epochs // 2]) for name, epochs in found.items()
        },
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
    print(f"{'judged with':<20} {'step':>7} {'mean':>7} {'highest':>8} {'EBOPs':>9}")
    for name, row in found["ways"].items():
        print(
            f"{name:<20} {row['step']:>7.2%} {row['mean']:>7.2%} {row['highest']:>8.2%} "
            f"{row['ebops']:>9,.0f}"
        )
    print(json.dumps({key: value for key, value in found.items() if key != "by_epoch"}))


if __name__ == "__main__":
    main()
