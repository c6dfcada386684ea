"""Why the validation accuracy jumps from epoch to epoch, and what steadies it.

    python benchmarks/steadiness.py DATA.h5 OUT.json [--recipe mixer-8-demo] [--epochs 60]
        [--average 3 10 30] [--seed 42] [--epoch-steps 100]

One training, judged after every epoch in several ways, which do not change it: with the running
statistics of its batch normalisations and the ranges of its last steps, as hgq2's loop does; with
statistics set anew; with ranges that hold all jets beside, as jetmix does; and with averages of
weights and bit widths over several numbers of epochs (``average_epochs`` of a recipe,
:mod:`jetmix.training.averages`). Stated for the second half of the epochs, and for the first: the
mean step of the accuracy from one epoch to the next, its mean, and its highest value, for which
noise can win; and the mean EBOPs. What that noise wins is found with random parts of the validation
and test jets: one part of a given size chooses the epoch of the second half, all other jets say how
accurate it is, and how far below the most accurate epoch.
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
from jetmix.training.train_stage import SPLITS

SIZES, PARTS = (500, 2000, 10_000), 200
RUNNING, SETTLED, OWN = "running statistics", "statistics set anew", "one epoch"


def judged(
    loop: Loop, averages: dict[str, Averages], pool: Jets
) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Train to the end, and judge every epoch in each way.

    Returns:
        accuracy and EBOPs of every epoch; and (epoch, jet) whether the tagger is right on the jets
        of ``pool``, of the ways that jetmix offers.
    """
    found: dict[str, list[Any]] = {name: [] for name in (RUNNING, SETTLED, OWN, *averages)}
    right: dict[str, list[Any]] = {name: [] for name in (OWN, *averages)}

    def judge(name: str, *, wrapping: bool) -> None:
        result = validate(loop.engine, loop.validation, wrapping=wrapping, settings=loop.settings)
        found[name].append((result.accuracy, loop.engine.ebops()))
        if name in right:
            logits = loop.engine.answers(pool.x, wrapping=False).logits
            right[name].append(logits.argmax(axis=1) == pool.y)

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
    return found, {name: np.array(epochs) for name, epochs in right.items()}


def chosen_by(right: Any, size: int, rng: np.random.Generator) -> dict[str, float]:
    """Return what it costs to choose an epoch by ``size`` jets.

    Args:
        right: (epoch, jet), whether the tagger of the epoch is right.
        size: jets of the part that chooses.
        rng: draws the parts.

    Returns:
        by how much the chosen accuracy is too high, and how far the chosen epoch is below the best,
        in the mean of many parts.
    """
    n_jets = right.shape[1]
    too_high, below = [], []
    for _ in range(PARTS):
        rows = rng.permutation(n_jets)
        part, rest = right[:, rows[:size]].mean(axis=1), right[:, rows[size:]].mean(axis=1)
        chosen = int(part.argmax())
        # the part differs from the rest by chance also where nothing is chosen
        too_high.append((part - rest)[chosen] - (part - rest).mean())
        below.append(rest.max() - rest[chosen])
    return {"too_high": float(np.mean(too_high)), "below_best": float(np.mean(below))}


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
    changes = {key: getattr(options, key) for key in ("epochs", "seed", "epoch_steps")}
    recipe = load_recipe(options.recipe, {"training": changes})
    with loaded(recipe, options.data, folder / "run") as datasets:
        jets = {split: Jets.of(datasets[split]) for split in SPLITS}
        classes = datasets["train"].class_names
    with seeded(options.seed):
        model = build_tagger(spec_from(recipe, n_classes=len(classes)))
    shown = {split: jets[split] for split in SPLITS[:2]}
    loop = Loop(recipe, model, **shown, folder=folder, digest="benchmark")
    averages = {
        f"{epochs:g} epochs": Averages(loop.engine, model, epochs=epochs, quantised=True)
        for epochs in options.average
    }
    others = [jets[split] for split in SPLITS[1:]]
    pool = Jets(**{k: np.concatenate([getattr(o, k) for o in others]) for k in ("x", "y")})
    found, right = judged(loop, averages, pool)
    rng, half = np.random.default_rng(0), options.epochs // 2
    return {
        "recipe": options.recipe,
        "seed": options.seed,
        "epochs": options.epochs,
        "n_train": len(jets["train"]),
        "n_validation": len(jets["validation"]),
        "ways": {name: summary(epochs[half:]) for name, epochs in found.items()},
        "first half": {name: summary(epochs[:half]) for name, epochs in found.items()},
        "chosen_by": {
            name: {
                size: chosen_by(epochs[half:], size, rng) for size in SIZES if 2 * size < len(pool)
            }
            for name, epochs in right.items()
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
    parser.add_argument("--epoch-steps", type=int, help="steps of an epoch")
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
