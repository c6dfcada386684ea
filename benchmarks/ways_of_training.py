"""What distillation, a trained start, averages and a cost in LUT change at equal steps.

    python benchmarks/ways_of_training.py train DATA.h5 FOLDER [--recipe mixer-16-quick]
        [--seeds 1 2 3] [--epochs 50] [--size EBOPS] [--lut LUT] [--teacher RUN]
        [--ways plain taught ...]
    python benchmarks/ways_of_training.py measure FOLDER OUT.json

`train` trains the recipe in each way and with each seed: `plain` as it is, `hgq2` in the loop of
hgq2 (`model.fit` and its callbacks) with the schedule and the bits that were published, the others
driven to one size. An epoch has 100 steps. A twin in full precision that a tagger starts from takes
half of its steps; a teacher's steps come on top. `measure` lowers points of the fronts by da4ml.
The LUT of the point of `plain` with the highest validation accuracy, in the mean of the seeds, is
the ceiling. Of every way it takes the point with the highest validation accuracy, and that of those
below the ceiling. Runs and points that are there already are not done again.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.models import keras_env
from jetmix.recipes.recipe import Recipe, load_recipe
from jetmix.support.files import file_digest, write_json

PLAIN, HGQ2 = "plain", "hgq2"
STEPS = 100
# the schedule and the bits that were published with hgq2, at the batch size of the others
PUBLISHED = "mixer-16x16"
TAUGHT, STARTED = {"teacher": "auto"}, {"start_from": "auto"}
KEPT = {"bits_until": 0.7}
AVERAGED = {"average_epochs": 3}
WAYS: dict[str, dict[str, Any]] = {
    PLAIN: {},
    HGQ2: {},
    "sized": {"target_ebops": "size"},
    "taught": {"target_ebops": "size", **TAUGHT},
    "started": {"target_ebops": "size", **STARTED},
    "averaged": {"target_ebops": "size", **AVERAGED},
    "lut": {"target_lut": "lut"},
    "kept-bits": {"target_ebops": "size", **KEPT},
    "lut-kept-bits": {"target_lut": "lut", **KEPT},
    "lut-taught": {"target_lut": "lut", "teacher": "teacher"},
    "lut-taught-averaged": {"target_lut": "lut", "teacher": "teacher", **AVERAGED},
}


def recipe_of(way: str, seed: int, options: argparse.Namespace) -> Recipe:
    """Return the recipe of one way; the steps of a twin to start from come off its own."""
    given = {key: getattr(options, key) for key in ("size", "lut", "teacher")}
    changes = {key: given.get(value, value) for key, value in WAYS[way].items()}
    epochs = options.epochs
    if "start_from" in changes:
        epochs = changes["twin_epochs"] = epochs // 2
    changes |= {"seed": seed, "epochs": epochs, "epoch_steps": STEPS}
    return load_recipe(options.recipe, {"training": changes})


def train_all(options: argparse.Namespace) -> None:
    """Train what is not trained yet."""
    from jetmix.training.run import TrainingRun, train

    options.folder.mkdir(parents=True, exist_ok=True)
    asked = {"data": str(options.data), "sha256": file_digest(options.data), "steps": STEPS}
    asked |= {key: getattr(options, key) for key in ("recipe", "epochs", "size", "lut", "teacher")}
    write_json(options.folder / "asked.json", asked)
    for seed in options.seeds:
        for way in options.ways:
            folder = options.folder / f"{way}-{seed}"
            if way == HGQ2:
                train_hgq2(folder, seed, options)
                continue
            recipe = recipe_of(way, seed, options)
            train(TrainingRun(recipe=recipe, data=options.data, folder=folder, resume=True))


def train_hgq2(folder: Path, seed: int, options: argparse.Namespace) -> None:
    """Train in hgq2's own loop; the points of its front come out calibrated, with their figures."""
    import keras
    from hgq.utils import trace_minmax
    from hgq.utils.sugar import BetaScheduler, Dataset, FreeEBOPs, ParetoFront, PieceWiseSchedule

    from jetmix.taggers.registry import build_tagger, spec_from
    from jetmix.training.jets import Jets
    from jetmix.training.loading import loaded
    from jetmix.training.schedules import learning_rate

    if (folder / "points.json").exists():
        return
    batch = load_recipe(options.recipe).training.batch_size
    changes = {"epochs": options.epochs, "seed": seed, "batch_size": batch}
    recipe = load_recipe(PUBLISHED, {"training": changes})
    settings = recipe.training
    with loaded(recipe, options.data, folder) as datasets:
        jets = {split: Jets.of(found) for split, found in datasets.items()}
        classes = datasets["train"].class_names
    keras.utils.set_random_seed(seed)
    model = build_tagger(spec_from(recipe, n_classes=len(classes)))
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    beta = PieceWiseSchedule(
        [(at * settings.epochs, value, kind) for at, value, kind in settings.beta]
    )
    front = ParetoFront(folder / "front", ["val_accuracy", "ebops"], [1, -1])
    callbacks = [
        FreeEBOPs(), BetaScheduler(beta), front,
        keras.callbacks.LearningRateScheduler(lambda epoch: learning_rate(epoch, settings)),
    ]  # fmt: skip
    checks = Dataset(jets["validation"].x, jets["validation"].y, batch_size=batch)
    order = batches(len(jets["train"]), batch, seed)
    for epoch in range(settings.epochs):
        rows = np.concatenate([next(order) for _ in range(STEPS)])
        data = Dataset(jets["train"].x[rows], jets["train"].y[rows], batch_size=batch)
        model.fit(
            data, validation_data=checks, callbacks=callbacks, shuffle=False,
            initial_epoch=epoch, epochs=epoch + 1, verbose=2,
        )  # fmt: skip
    points = []
    for path in sorted(Path(name) for name in front.paths):
        found = keras.models.load_model(path)
        ebops = trace_minmax(found, jets["train"].x, batch_size=8192, verbose=False)
        found.save(path)
        right = found.predict(jets["validation"].x, batch_size=8192, verbose=0).argmax(axis=1)
        accuracy = float((right == jets["validation"].y).mean())
        points.append({"path": f"front/{path.name}", "val_accuracy": accuracy, "ebops": int(ebops)})
    write_json(folder / "points.json", points)


def batches(n_jets: int, size: int, seed: int) -> Iterable[Any]:
    """Yield the jets of one step after the other, pass after pass in a new order."""
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(n_jets)
        yield from order[: n_jets // size * size].reshape(-1, size)


def points_of(folder: Path) -> list[dict[str, Any]]:
    """Return the front of a run by falling validation accuracy: model file, accuracy, EBOPs."""
    if (folder / "points.json").exists():
        found = json.loads((folder / "points.json").read_text())
    else:
        from jetmix.training.run_dir import RunDir

        run = RunDir.open(folder)
        found = [
            {"path": str(run.model_of(point).relative_to(folder)),
             "val_accuracy": point.val_accuracy, "ebops": point.ebops}
            for point in run.front.points
        ]  # fmt: skip
    return sorted(found, key=lambda point: -point["val_accuracy"])


class Ruler:
    """Lowers points and judges them on the test jets; what was found once is kept in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def _kept(self, kind: str, model: Path, find: Any) -> Any:
        key = f"{kind} {file_digest(model)}"
        if key not in self.known:
            self.known[key] = find()
            write_json(self.path, self.known)
        return self.known[key]

    def lut(self, model: Path) -> float:
        """Return the estimated LUT."""
        return float(self._kept("lut", model, lambda: lut_of_model(model)))

    def accuracy(self, model: Path, data: Path) -> float:
        """Return the accuracy on the test jets."""
        from jetmix.training.evaluate import evaluate

        return float(self._kept("test", model, lambda: evaluate(model, data).metrics.accuracy))


def lut_of_model(path: Path) -> float:
    """Return the LUT of a model's graph at II 1."""
    from jetmix.firmware import da_graph
    from jetmix.models.keras_env import load_tagger
    from jetmix.models.prepare import prepare
    from jetmix.resources.lut import Costs, lut_of

    traces = da_graph.trace_layers(prepare(load_tagger(path)).model)
    return lut_of(Costs.of(da_graph.graph_of(traces))).value


def measure_all(options: argparse.Namespace) -> None:
    """Write the figures of every run, and print a row for each way."""
    asked = json.loads((options.folder / "asked.json").read_text())
    ruler, data = Ruler(options.folder / "measured.json"), Path(asked["data"])
    runs = sorted(path for path in options.folder.iterdir() if points_there(path))
    best = {run: points_of(run)[0] for run in runs}
    plain = [run for run in runs if run.name.startswith(f"{PLAIN}-")]
    ceiling = float(np.mean([ruler.lut(run / best[run]["path"]) for run in plain]))
    rows = []
    for run in runs:
        way, _, seed = run.name.rpartition("-")
        below = (p for p in points_of(run) if ruler.lut(run / p["path"]) <= ceiling)
        chosen = {"best": best[run], "ceiling": next(below, None)}
        for kind, point in chosen.items():
            if point is not None:
                model = run / point["path"]
                found = {"lut": ruler.lut(model), "test_accuracy": ruler.accuracy(model, data)}
                rows.append({"way": way, "seed": int(seed), "point": kind, **point, **found})
    # where files lay says nothing elsewhere
    named = {key: Path(asked[key]).name for key in ("data", "teacher") if asked[key]}
    write_json(options.out, {"asked": asked | named, "ceiling_lut": ceiling, "rows": rows})
    show(rows)


def show(rows: list[dict[str, Any]]) -> None:
    """Print a row for each way: seeds, accuracy with its deviation, LUT, EBOPs."""
    for kind in ("best", "ceiling"):
        for way in WAYS:
            own = [row for row in rows if (row["way"], row["point"]) == (way, kind)]
            if own:
                accuracy = 100 * np.array([row["test_accuracy"] for row in own])
                lut, ebops = (np.mean([row[key] for row in own]) for key in ("lut", "ebops"))
                print(
                    f"{kind:<8} {way:<16} {len(own)} {accuracy.mean():6.2f} +- {accuracy.std():.2f}"
                    f" {lut:>9,.0f} LUT {ebops:>9,.0f} EBOPs"
                )


def points_there(folder: Path) -> bool:
    """Return whether a folder is a finished run."""
    return (folder / "points.json").exists() or (folder / "2-train" / "pareto.json").exists()


def main() -> None:
    """Train or measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    train = commands.add_parser("train")
    train.add_argument("data", type=Path, help="HDF5 file of jets")
    train.add_argument("folder", type=Path, help="folder of the runs")
    train.add_argument("--recipe", default="mixer-16-quick")
    train.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    train.add_argument("--epochs", type=int, default=50)
    train.add_argument("--size", type=int, help="EBOPs of the ways that are driven to a size")
    train.add_argument("--lut", type=int, help="LUT of the way that is driven to LUT")
    train.add_argument("--teacher", help="run of a larger teacher")
    train.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    train.set_defaults(run=train_all)
    measure = commands.add_parser("measure")
    measure.add_argument("folder", type=Path)
    measure.add_argument("out", type=Path)
    measure.set_defaults(run=measure_all)
    options = parser.parse_args()
    keras_env.activate("jax")
    options.run(options)


if __name__ == "__main__":
    main()
