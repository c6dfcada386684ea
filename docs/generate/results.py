"""Trains every tagger on one file of jets, and writes docs/results.md.

    python docs/generate/results.py DATA.h5 --out FOLDER [--only NAME ...] [--epochs NAME=N ...]
    python docs/generate/results.py --page-only

Each row of the table is a run directory FOLDER/NAME, made as `jetmix train` makes it from a
preset with fewer epochs, and FOLDER/NAME-float is its twin in full precision. A finished run is
not trained again and an interrupted one goes on, so the same command ends what was begun. After
each row the figures go into results.json beside this script, from which the page is made.
"""

import argparse
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results_page import page
from sweeps import write_pictures

from jetmix.data.schema import THREE_FEATURES
from jetmix.errors import JetmixError, UsageError
from jetmix.recipes.recipe import Recipe, load_recipe
from jetmix.support import console
from jetmix.support.files import read_json, write_json, write_text
from jetmix.support.records import dump
from jetmix.training.evaluate import evaluate
from jetmix.training.pareto import FrontPoint, select
from jetmix.training.run import TrainingRun, train
from jetmix.training.run_dir import RunDir

BACKEND = "jax"
PROVENANCE = ("versions", "python", "git_revision", "backend")
TWIN = "-float"
SMALL_WITHIN = 0.015
# in the folder that JETMIX_REFERENCE names: 1,500 jets of Zenodo 3602260, above 2 GeV
REAL_JETS = "data/real/plf_1500_jets_32x3.npz"
FIGURES = Path(__file__).with_name("results.json")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One tagger: its preset, epochs, and whether its twin is that of another row."""

    title: str
    preset: str
    epochs: int
    uniform_particles: bool | None = None
    twin_of: str | None = None


# The epochs of the page: half an hour of training on two cores.
ROWS = {
    "hlf-mlp": Row(title="hlf-mlp", preset="hlf-mlp", epochs=300),
    "hlf-mlp-qkeras": Row(
        title="hlf-mlp-qkeras", preset="hlf-mlp-qkeras", epochs=200, twin_of="hlf-mlp"
    ),
    "mixer-8": Row(title="Mixer", preset="mixer-8-demo", epochs=240),
    "mixer-16": Row(title="Mixer", preset="mixer-16-quick", epochs=200),
    "gnn-16": Row(title="GNN", preset="gnn-16-quick", epochs=75),
    "mixer-16-uniform": Row(
        title="Mixer, uniform_particles",
        preset="mixer-16-quick",
        epochs=75,
        uniform_particles=True,
        twin_of="mixer-16",
    ),
    "mlp-16": Row(title="MLP", preset="mlp-16-quick", epochs=75),
    "deepsets-16": Row(title="Deep Sets", preset="deepsets-16-quick", epochs=40),
    "mixer-32": Row(title="Mixer", preset="mixer-32-quick", epochs=35),
    "mixer-64": Row(title="Mixer", preset="mixer-64-quick", epochs=20),
    "mixer-32x3": Row(title="Mixer, 3 features", preset="mixer-32x3-quick", epochs=60),
}


def recipe_of(row: Row, epochs: int, *, quantised: bool) -> Recipe:
    """Return the row's preset with its changes."""
    changes: dict[str, dict[str, Any]] = {"training": {"epochs": epochs}}
    if not quantised:
        changes["tagger"] = {"quantised": False}
    elif row.uniform_particles is not None:
        changes["quantiser"] = {"uniform_particles": row.uniform_particles}
    return load_recipe(row.preset, changes)


def train_run(name: str, recipe: Recipe, data: Path, out: Path) -> dict[str, Any]:
    """Train one run, unless it is finished, and return its figures."""
    console.say(f"{name}: {recipe.name}, {recipe.training.epochs} epochs")
    folder = out / name
    run = train(
        TrainingRun(recipe=recipe, data=data, folder=folder, backend=BACKEND, resume=True)
    ).run
    figures, used, made = run.figures, run.data, run.provenance
    assert figures
    assert used
    assert made
    return {
        "preset": recipe.name,
        "architecture": recipe.tagger.architecture,
        "n_particles": recipe.tagger.n_particles,
        "quantised": recipe.tagger.quantised,
        "seed": recipe.training.seed,
        "epochs": figures.epochs,
        "batch_size": recipe.training.batch_size,
        "n_train": used.n_train,
        "n_test": used.n_test,
        "training_seconds": figures.training_seconds,
        "jets_per_second": figures.jets_per_second,
        "points": points(run, data),
        "data": {key: getattr(used, key) for key in ("sha256", "origin", "n_validation")},
        "provenance": {key: getattr(made, key) for key in PROVENANCE},
    }


def points(run: RunDir, data: Path) -> dict[str, Any]:
    """Return test figures of the best point of the front, and of the smallest near it.

    Both are chosen by validation accuracy; the test jets only measure them.
    """
    kept = run.path.parent / "measured" / f"{run.path.name}.json"
    if kept.exists():
        return dict(read_json(kept))
    front = run.front.points
    chosen = {
        "best": select(front, max_ebops=None, within=0.0),
        "small": select(front, max_ebops=None, within=SMALL_WITHIN),
    }
    found = {name: measured(point, run, data) for name, point in chosen.items()}
    write_json(kept, found)
    return found


def measured(point: FrontPoint, run: RunDir, data: Path) -> dict[str, Any]:
    """Return one point of the front with its test accuracy."""
    return {
        **dump(point),
        **accuracy(point, run, data),
        "real": accuracy(point, run, real) if (real := real_jets(run)) else None,
    }


def accuracy(point: FrontPoint, run: RunDir, jets: Path) -> dict[str, Any]:
    """Return the accuracy of one point on the test jets of a file."""
    test = evaluate(run.model_of(point), jets, trained_on=run.data).metrics
    return {
        "accuracy": test.accuracy, "accuracy_error": test.accuracy_error, "n_test": test.n_test,
    }  # fmt: skip


def real_jets(run: RunDir) -> Path | None:
    """Return the slice of real jets, if it is there and the tagger takes its features."""
    folder = os.environ.get("JETMIX_REFERENCE")
    path = Path(folder) / REAL_JETS if folder else None
    fits = run.data is not None and set(run.data.feature_names) <= set(THREE_FEATURES)
    return path if fits and path and path.is_file() else None


def machine() -> dict[str, Any]:
    """Return what the speed depends on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {"cpu": models[0] if models else platform.processor(), "cores": os.cpu_count()}


def read_figures() -> dict[str, Any]:
    """Return what was measured so far."""
    return dict(read_json(FIGURES)) if FIGURES.exists() else {"runs": {}, "machine": machine()}


def keep(name: str, run: dict[str, Any]) -> None:
    """Add one run's figures; figures on other data are dropped."""
    figures = read_figures()
    old = figures["runs"]
    same = {key: one for key, one in old.items() if one["data"]["sha256"] == run["data"]["sha256"]}
    write_json(FIGURES, {"machine": machine(), "runs": same | {name: run}})


def train_row(name: str, options: argparse.Namespace, epochs: int) -> None:
    """Train a row and its twin."""
    row = ROWS[name]
    recipe = recipe_of(row, epochs, quantised=True)
    keep(name, train_run(name, recipe, options.data, options.out))
    if row.twin_of is None:
        twin = recipe_of(row, epochs, quantised=False)
        keep(name + TWIN, train_run(name + TWIN, twin, options.data, options.out))


def wanted_epochs(given: list[str]) -> dict[str, int]:
    """Return the epochs of every row, those of NAME=N changed."""
    changed = dict(text.partition("=")[::2] for text in given)
    wrong = {name for name, number in changed.items() if name not in ROWS or not number.isdigit()}
    if wrong:
        raise UsageError(f"cannot use {sorted(wrong)}", mend=f"NAME=N with {', '.join(ROWS)}")
    return {name: int(changed.get(name, row.epochs)) for name, row in ROWS.items()}


def write_page(path: Path) -> None:
    """Write the page from what was measured."""
    titles = {name: (row.title, row.twin_of or name) for name, row in ROWS.items()}
    write_text(path, page(read_figures(), titles, twin=TWIN, within=SMALL_WITHIN))
    write_pictures(path.parent)


def main() -> None:
    """Train what is not trained yet, row by row, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", help="HDF5 file of jets")
    parser.add_argument("--out", type=Path, help="folder of the runs")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--epochs", nargs="+", metavar="NAME=N", default=[])
    parser.add_argument("--page", type=Path, default=Path("docs/results.md"))
    parser.add_argument("--page-only", action="store_true", help="train nothing")
    options = parser.parse_args()
    if not options.page_only and None in (options.data, options.out):
        parser.error("DATA and --out are needed, or --page-only")
    try:
        run(options)
    except JetmixError as error:
        raise SystemExit(str(error)) from None


def run(options: argparse.Namespace) -> None:
    """Train the wanted rows, and write the page after each."""
    epochs = wanted_epochs(options.epochs)
    for name in () if options.page_only else options.only:
        train_row(name, options, epochs[name])
        write_page(options.page)
    write_page(options.page)


if __name__ == "__main__":
    main()
