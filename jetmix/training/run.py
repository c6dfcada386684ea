"""The stages of ``jetmix train`` in a run directory: 1-data and 2-train.

A finished stage with the same digest is skipped; a half-written one is done again, or continued
with ``resume``; a directory of something else is refused.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jetmix.data.record import DataUsed
from jetmix.errors import JetmixError, ReportReadError, RunConflictError
from jetmix.recipes.recipe import Recipe, load_recipe
from jetmix.support import console, provenance
from jetmix.support.arrays import Floats
from jetmix.support.files import (
    JSON,
    content_digest,
    empty_folder,
    file_digest,
    write_text,
)
from jetmix.support.records import dump
from jetmix.support.stages import StageRecord, StopWatch, check_folder, claim_folder, read_stage
from jetmix.taggers.heads import start_targets
from jetmix.taggers.registry import build_tagger, check_recipe, resolved_options, spec_from
from jetmix.taggers.shift import absorb_shift
from jetmix.training import devices, event_log
from jetmix.training.jets import Jets
from jetmix.training.metrics import Metrics, Truth
from jetmix.training.run_dir import (
    DATA_STAGE,
    RECIPE_FILE,
    TAGGER,
    TRAIN_STAGE,
    RunDir,
    TrainFigures,
)
from jetmix.training.seeds import seeded

if TYPE_CHECKING:
    from jetmix.data.dataset import JetDataset
    from jetmix.taggers.spec import TaggerSpec
    from jetmix.training.loop import EachEpoch, Loop

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """One run: what is trained, on which file, where to, and with which backend.

    ``backend`` is "jax" or "tensorflow"; None takes the default of :mod:`jetmix.models.keras_env`.
    ``event_folder`` is where logs for TensorBoard go, if any are wanted. ``each_epoch`` is told
    every finished epoch, whose state is on disk by then; what it raises ends the training there.
    """

    recipe: Recipe
    data: Path
    folder: Path
    backend: str | None = None
    resume: bool = False
    event_folder: Path | None = None
    each_epoch: "EachEpoch | None" = None

    @property
    def data_folder(self) -> Path:
        """Folder of the data stage."""
        return self.folder / DATA_STAGE

    @property
    def train_folder(self) -> Path:
        """Folder of the training stage."""
        return self.folder / TRAIN_STAGE


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A finished run, its performance on the test jets, and how the training went."""

    run: RunDir
    metrics: Metrics
    figures: TrainFigures

    def as_json(self) -> JSON:
        """Return what ``jetmix train --json`` prints."""
        figures: JSON = dump(self.figures)
        return {"run": str(self.run.path), "metrics": dump(self.metrics), **figures}


def resolved(recipe: Recipe) -> Recipe:
    """Return the recipe with all options of its architecture filled in."""
    options = resolved_options(recipe.tagger.architecture, recipe.tagger.options)
    return replace(recipe, tagger=replace(recipe.tagger, options=options))


def train(run: TrainingRun) -> Trained:
    """Run both stages; a run that is finished already is only read.

    Raises:
        RunConflictError: if the directory holds something else, or a run of another recipe,
            data file or backend.
        DataError, TrainingError: if the data or the training fail.
    """
    from jetmix.models import keras_env

    backend = keras_env.chosen_backend(run.backend)
    run = replace(run, recipe=resolved(run.recipe), backend=backend)
    check_recipe(run.recipe)  # before a file is read
    _refuse_foreign(run)
    keras_env.activate(run.backend)
    from jetmix.training.loading import loaded

    digest = _digest(run)
    done = _finished(run, digest)
    if done is not None:
        console.say(f"{run.train_folder}: already trained, nothing to do")
        return done
    # all input is judged before the first file of the run is written
    with loaded(run.recipe, run.data, run.folder) as datasets:
        jets = datasets["train"]
        scales = jets.normalisation.std
        spec = spec_from(run.recipe, n_classes=len(jets.class_names), scales=scales)
        devices.check_batch(min(run.recipe.training.batch_size, len(jets.y)))
        if run.event_folder is not None:
            event_log.check_event_log(run.event_folder)
        _claim(run)
        _write_data_stage(run, datasets)
        return _train_stage(run, datasets, spec, digest)


def _refuse_foreign(run: TrainingRun) -> None:
    check_folder(run.folder, owned_by=RECIPE_FILE)
    path = run.folder / RECIPE_FILE
    if path.exists() and resolved(load_recipe(str(path))).digest() != run.recipe.digest():
        raise RunConflictError(
            "the directory holds a run of another recipe",
            where=run.folder,
            mend=f"name another directory, or train {path} to go on with that run",
        )


def _claim(run: TrainingRun) -> None:
    claim_folder(run.folder, owned_by=RECIPE_FILE)
    if not (run.folder / RECIPE_FILE).exists():
        write_text(run.folder / RECIPE_FILE, run.recipe.to_toml())


def _digest(run: TrainingRun) -> str:
    return content_digest(
        {
            "recipe": run.recipe.digest(),
            "data": _file_digest(run.data),
            "backend": run.backend,
        }
    )


def _file_digest(path: Path) -> str:
    from jetmix.errors import DataError

    try:
        return file_digest(path)
    except OSError as error:
        raise DataError(
            f"cannot read the data ({error.strerror})",
            where=path,
            mend="give an HDF5 file of `jetmix data simulate` or `jetmix data import`",
        ) from None


def _finished(run: TrainingRun, digest: str) -> Trained | None:
    """Return the result of a finished training of the same digest, None if there is none."""
    record = read_stage(run.train_folder)
    if record is None:
        return None
    if record.digest != digest:
        raise RunConflictError(
            "the directory holds a finished run on other data or another backend",
            where=run.folder,
            mend="name another directory",
        )
    opened = RunDir(run.folder)
    if opened.metrics is None or opened.figures is None:
        raise ReportReadError(
            "the run is finished but has no metrics",
            where=run.train_folder,
            mend="remove this folder and train again",
        )
    return Trained(run=opened, metrics=opened.metrics, figures=opened.figures)


def _write_data_stage(run: TrainingRun, datasets: "dict[str, JetDataset]") -> None:
    from jetmix.data.reweight import n_effective

    watch = StopWatch()
    train_set = datasets["train"]
    used = DataUsed(
        **dump(train_set.source),
        n_train=len(train_set.y),
        n_validation=len(datasets["validation"].y),
        n_test=len(datasets["test"].y),
        class_names=train_set.class_names,
        feature_names=train_set.feature_names,
        n_particles=run.recipe.tagger.n_particles,
        pt_gate_gev=run.recipe.data.pt_gate_gev,
        normalisation=train_set.normalisation,
        target_names=train_set.target_names,
        target_scales=train_set.target_scales,
        classes=run.recipe.data.classes,
        split_by=run.recipe.data.split,
        hardware=run.recipe.data.hardware,
        derived=run.recipe.data.derived,
        occupied=run.recipe.data.occupied,
        n_effective=None if train_set.weights is None else n_effective(train_set.weights),
    )
    if used.n_effective is not None:
        console.say(
            f"weights: the {used.n_train:,} jets to train on count as {used.n_effective:,.0f}"
        )
    used.write(run.data_folder)
    StageRecord(stage=DATA_STAGE, digest=content_digest(dump(used)), seconds=watch.seconds).write(
        run.data_folder
    )


def _train_stage(
    run: TrainingRun, datasets: "dict[str, JetDataset]", spec: "TaggerSpec", digest: str
) -> Trained:
    import keras

    from jetmix.training import finish
    from jetmix.training.loop import FRONT_FOLDER

    watch = StopWatch()
    recipe, folder = run.recipe, run.train_folder
    if not run.resume:
        empty_folder(folder)
    provenance.collect(seed=recipe.training.seed, backend=run.backend).write(run.folder)
    jets = {split: Jets.of(datasets[split]) for split in SPLITS}
    truth = {split: Truth.of(datasets[split]) for split in SPLITS}
    # Keras counts layers to name them: a run must not depend on the runs before it
    keras.utils.clear_session(free_memory=False)
    with devices.all_devices():
        loop = _loop(run, jets, datasets["train"].seen, spec, digest)
        try:
            loop.run()
        except JetmixError as error:
            _log(run, str(error))
            raise
        front = finish.calibrated_front(loop, truth["validation"])
    chosen, metrics = finish.write_results(loop, recipe, front, jets["test"].x, truth["test"])
    figures = TrainFigures(
        tagger=str(Path(TRAIN_STAGE) / TAGGER),
        chosen=chosen,
        epochs=loop.state.epoch,
        training_seconds=round(loop.state.seconds, 3),
        jets_per_second=round(_speed(loop), 1),
        n_front=len(front),
    )
    StageRecord(
        stage=TRAIN_STAGE, digest=digest, seconds=watch.seconds, details=dump(figures)
    ).write(folder)
    shutil.rmtree(folder / FRONT_FOLDER, ignore_errors=True)
    (folder / "state.npz").unlink(missing_ok=True)
    _log(run, f"trained {loop.state.epoch} epochs, chose {chosen.path}")
    return Trained(run=RunDir(run.folder), metrics=metrics, figures=figures)


def _loop(
    run: TrainingRun,
    jets: dict[str, Jets],
    seen: Callable[[Floats], Floats],
    spec: "TaggerSpec",
    digest: str,
) -> "Loop":
    """Return the training; ``seen`` gives what the network sees of jets."""
    from jetmix.training.loop import Loop

    with seeded(run.recipe.training.seed):
        model = build_tagger(spec)
    if jets["train"].targets is not None:
        start_targets(model, jets["train"].targets.mean(axis=0, dtype="float64"))
    if run.recipe.data.normalisation == "power-of-two" or run.recipe.data.scaling:
        absorb_shift(model, jets["train"].feature_means(seen))
    loop = Loop(
        run.recipe,
        model,
        train=jets["train"],
        validation=jets["validation"],
        folder=run.train_folder,
        digest=digest,
        events=None if run.event_folder is None else event_log.EventLog(run.event_folder),
        each_epoch=run.each_epoch,
    )
    if run.resume:
        loop.resume()
    return loop


def _speed(loop: "Loop") -> float:
    """Return jets per second over all epochs but the first, which compiles."""
    rows = loop.state.history[1:] or loop.state.history
    return float(loop.steps * loop.batch_size * len(rows) / sum(row["seconds"] for row in rows))


def _log(run: TrainingRun, line: str) -> None:
    with (run.folder / "log.txt").open("a", encoding="utf-8") as handle:
        handle.write(line + "\n")
