"""The stages of ``jetmix train`` in a run directory: 1-data and 2-train.

A finished stage with the same digest is skipped; a half-written one is done again, or continued
with ``resume``; a directory of something else is refused.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jetmix.errors import ReportReadError, RunConflictError
from jetmix.recipes.recipe import Recipe, load_recipe
from jetmix.support import console, provenance
from jetmix.support.files import (
    JSON,
    content_digest,
    file_digest,
    write_text,
)
from jetmix.support.records import dump
from jetmix.support.stages import check_folder, claim_folder, read_stage
from jetmix.taggers.registry import check_recipe, resolved, spec_from
from jetmix.training import devices, event_log
from jetmix.training.data_stage import write_data_stage
from jetmix.training.guards import check_target
from jetmix.training.guides import Guides, full_precision, named_files, named_guides, require_bits
from jetmix.training.metrics import Metrics
from jetmix.training.run_dir import (
    DATA_STAGE,
    RECIPE_FILE,
    TRAIN_STAGE,
    TWIN_FOLDER,
    RunDir,
    TrainFigures,
)
from jetmix.training.train_stage import train_stage

if TYPE_CHECKING:
    from jetmix.data.dataset import JetDataset
    from jetmix.taggers.spec import TaggerSpec
    from jetmix.training.loop import EachEpoch


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """One run: what is trained, on which file, where to, and with which backend.

    ``backend`` is "jax" or "tensorflow"; None takes the default of :mod:`jetmix.models.keras_env`.
    ``event_folder`` is where logs for TensorBoard go, if any are wanted. ``each_epoch`` is called
    after every epoch, whose state is on disk by then; what it raises ends the training there.
    ``twin_epoch`` is called for those of a twin that is trained first. ``data_name`` is what
    the records call a file that is a copy; None calls it by its path.
    """

    recipe: Recipe
    data: Path
    folder: Path
    backend: str | None = None
    resume: bool = False
    event_folder: Path | None = None
    each_epoch: "EachEpoch | None" = None
    twin_epoch: "EachEpoch | None" = None
    data_name: str | None = None

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
    require_bits(run.recipe)
    _refuse_foreign(run)
    keras_env.activate(run.backend)
    from jetmix.training.loading import loaded
    from jetmix.training.start import check_start

    digest = _digest(run)
    done = _finished(run, digest)
    if done is not None:
        console.say(f"{run.train_folder}: already trained, nothing to do")
        return done
    # all input is judged before the first file of the run is written
    with loaded(run.recipe, run.data, run.folder) as found:
        datasets = _named(found, run.data_name)
        jets = datasets["train"]
        scales = jets.normalisation.std
        spec = spec_from(run.recipe, n_classes=len(jets.class_names), scales=scales)
        check_target(run.recipe.training, spec.n_classes + spec.n_targets)
        devices.check_batch(min(run.recipe.training.batch_size, len(jets.y)))
        if run.event_folder is not None:
            event_log.check_event_log(run.event_folder)
        guides = named_guides(run.recipe, jets)
        if run.recipe.training.start_from is not None:
            check_start(spec, guides.start)
        return _stages(run, datasets, spec, digest, guides)


def _named(datasets: "dict[str, JetDataset]", name: str | None) -> "dict[str, JetDataset]":
    """Return the jets as those of a file of this name."""
    if name is None:
        return datasets
    return {
        split: replace(jets, source=replace(jets.source, path=name))
        for split, jets in datasets.items()
    }


def _stages(
    run: TrainingRun,
    datasets: "dict[str, JetDataset]",
    spec: "TaggerSpec",
    digest: str,
    guides: "Guides",
) -> Trained:
    """Do both stages; all input was judged before."""
    from jetmix.training.teacher import open_teacher
    from jetmix.training.teacher_answers import logits_of

    _claim(run)
    write_data_stage(run.data_folder, run.recipe, datasets)
    train_set = datasets["train"]
    if guides.twins:
        twin = open_teacher(_trained_twin(run, datasets), train_set)
        guides = replace(guides, **dict.fromkeys(guides.twins, twin), twins=())
    teacher, start = guides.teacher, guides.start
    taught = None if teacher is None else logits_of(teacher, train_set, run.data_folder)
    made = provenance.collect(seed=run.recipe.training.seed, backend=run.backend)
    if teacher is not None:
        made = replace(made, teacher=str(teacher.path), teacher_sha256=teacher.sha256)
    if start is not None:
        made = replace(made, start=str(start.path), start_sha256=start.sha256)
    made.write(run.folder)
    metrics, figures = train_stage(run, datasets, spec, digest, taught=taught, start=start)
    return Trained(run=RunDir(run.folder), metrics=metrics, figures=figures)


def _trained_twin(run: TrainingRun, datasets: "dict[str, JetDataset]") -> Path:
    """Train the recipe's twin in full precision on these jets; return the folder of its run."""
    twin = replace(
        run,
        recipe=full_precision(run.recipe),
        folder=run.folder / TWIN_FOLDER,
        event_folder=None,
        each_epoch=run.twin_epoch,
    )
    _refuse_foreign(twin)
    digest, train_set = _digest(twin), datasets["train"]
    if _finished(twin, digest) is None:
        console.say(f"training the twin in full precision in {twin.folder}")
        spec = spec_from(
            twin.recipe,
            n_classes=len(train_set.class_names),
            scales=train_set.normalisation.std,
        )
        _stages(twin, datasets, spec, digest, Guides())
    return twin.folder


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
    content = {
        "recipe": run.recipe.digest(),
        "data": _file_digest(run.data),
        "backend": run.backend,
    }
    for key, name in named_files(run.recipe).items():
        from jetmix.training.teacher import model_file

        content[key] = file_digest(model_file(name))
    return content_digest(content)


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
