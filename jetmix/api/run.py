"""Training a tagger, and the run that comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from jetmix import words
from jetmix.api import notebook
from jetmix.api.paths import PathLike, optional
from jetmix.data.dataset import JetDataset
from jetmix.data.for_tagger import load_for_tagger
from jetmix.data.schema import DEFAULT_SPLIT
from jetmix.errors import UsageError
from jetmix.models import keras_env
from jetmix.models.run import fed
from jetmix.models.signature import Signature
from jetmix.recipes.recipe import Recipe, load_recipe
from jetmix.support.arrays import Floats, Reals
from jetmix.training.answers import Answers
from jetmix.training.evaluate import Evaluation
from jetmix.training.evaluate import evaluate as measure
from jetmix.training.metrics import Metrics
from jetmix.training.pareto import Front
from jetmix.training.run import TrainingRun
from jetmix.training.run import train as run_training
from jetmix.training.run_dir import RunDir, TaggerSource, open_source

Value = TypeVar("Value")
KERAS_BATCH = 4096


@dataclass(frozen=True, eq=False)
class Run:
    """A trained tagger: a run directory of ``jetmix train``.

    Attributes:
        folder: the run directory, whose files are read when they are asked for.
    """

    folder: RunDir

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.folder.path

    @property
    def metrics(self) -> Metrics:
        """Accuracy with its error, AUC, rates and confusion matrix on the test jets."""
        return _there(self.folder.metrics, self.path)

    @property
    def front(self) -> Front:
        """The Pareto front of (validation accuracy, EBOPs) that the tagger was chosen from."""
        return _there(self.folder.front, self.path)

    @property
    def recipe(self) -> Recipe:
        """The recipe, with all values filled in."""
        return _there(self.folder.recipe, self.path)

    @cached_property
    def tagger(self) -> Any:
        """The Keras model."""
        quantised = self.recipe.tagger.quantised
        return keras_env.load_tagger(self.folder.model, quantised_only=quantised)

    def load_jets(self, path: PathLike, *, split: str = DEFAULT_SPLIT) -> JetDataset:
        """Load jets as this tagger takes them: its features, pT gate and normalisation.

        Args:
            path: HDF5 file of jets.
            split: train, validation, test or all.

        Raises:
            DataError: if the file is broken or lacks particles or features.
        """
        data = _there(self.folder.data, self.path)
        return load_for_tagger(
            Path(path),
            trained_on=data,
            features=data.feature_names,
            input_shape=Signature.of(self.tagger).input_shape,
            split=split,
        )

    def predict(self, x: Reals) -> Floats:
        """Return the Keras model's scores before the softmax, float32 (jet, class).

        Args:
            x: ``x`` of :meth:`load_jets`: normalised jets, (jet, particle, feature) or (jet,
                feature), or integers where the tagger derives its features.
        """
        return self._answers(x).logits

    def predict_targets(self, x: Reals) -> Floats:
        """Return what the regression outputs predict, float32 (jet, target), in the data's unit.

        Args:
            x: normalised jets, as for :meth:`predict`.

        Raises:
            UsageError: if the tagger has no regression outputs.
        """
        scales = _there(self.folder.data, self.path).target_scales
        targets = self._answers(x).in_units(scales).targets
        if targets is None:
            raise UsageError(
                "the tagger has no regression outputs",
                where=self.path,
                mend="train one whose recipe names targets",
            )
        return targets

    def _answers(self, x: Reals) -> Answers:
        x = np.ascontiguousarray(x, dtype=np.float32)
        batch = min(KERAS_BATCH, max(len(x), 1))
        return Answers.of(self.tagger.predict(fed(self.tagger, x), batch_size=batch, verbose=0))

    def _repr_html_(self) -> str:
        metrics, recipe = self.metrics, self.recipe
        ebops = "full precision" if metrics.ebops is None else words.count(metrics.ebops)
        rows = [
            ("Accuracy", words.percent(metrics.accuracy, metrics.accuracy_error)),
            ("Test jets", words.count(metrics.n_test)),
            ("Mean AUC of the classes", words.decimal(metrics.mean_auc, 4)),
            *words.rejection_rows(metrics),
            *words.target_rows(metrics),
            ("EBOPs", ebops),
            ("Architecture", recipe.tagger.architecture),
            ("Front", f"{len(self.front.points)} points"),
        ]
        front = notebook.png(self.folder.train_folder / "pareto.png", "Pareto front")
        return notebook.page(f"Run {self.path}", rows, front)


def train(
    recipe: str | Recipe,
    *,
    data: PathLike,
    out: PathLike,
    epochs: int | None = None,
    seed: int | None = None,
    target_ebops: int | None = None,
    target_lut: int | None = None,
    teacher: PathLike | None = None,
    start_from: PathLike | None = None,
    backend: str | None = None,
    resume: bool = TrainingRun.resume,
    tensorboard: PathLike | None = None,
) -> Run:
    """Train a tagger with HGQ; a finished run of the same recipe and jets is not repeated.

    Args:
        recipe: name of a preset, path of a TOML file, or a recipe.
        data: HDF5 file of jets.
        out: run directory to make.
        epochs: instead of the recipe's; all schedules scale with them.
        seed: seed of weights and order of jets, instead of the recipe's.
        target_ebops: size that beta is driven to.
        target_lut: size in estimated LUT that beta is driven to, instead of EBOPs.
        teacher: run or model to learn from; auto trains the tagger in full precision first.
        start_from: run or model in full precision whose weights the tagger starts from; auto
            trains it first.
        backend: jax or tensorflow; jax by default.
        resume: go on with an interrupted run.
        tensorboard: folder for logs of every epoch.

    Raises:
        UsageError: if the recipe is refused.
        DataError, TrainingError: if the jets or the training fail.
        RunConflictError: if ``out`` holds something else.
    """
    training = {
        "epochs": epochs,
        "seed": seed,
        "target_ebops": target_ebops,
        "target_lut": target_lut,
        "teacher": None if teacher is None else str(teacher),
        "start_from": None if start_from is None else str(start_from),
    }
    if isinstance(recipe, str):
        recipe = load_recipe(recipe, {"training": training})
    elif any(value is not None for value in training.values()):
        raise UsageError(
            "epochs, seed, targets, teacher and start go with the name of a recipe",
            mend="set them in the recipe",
        )
    trained = run_training(
        TrainingRun(
            recipe=recipe,
            data=Path(data),
            folder=Path(out),
            backend=backend,
            resume=resume,
            event_folder=optional(tensorboard),
        )
    )
    return Run(trained.run)


def open_run(path: PathLike) -> Run:
    """Open the run directory of a trained tagger.

    Raises:
        UsageError: if it is none, or the training did not finish.
    """
    open_source(Path(path))
    return Run(RunDir.open(Path(path)))


def evaluate(
    tagger: Run | PathLike,
    *,
    data: PathLike,
    split: str = DEFAULT_SPLIT,
    constants: PathLike | None = None,
    backend: str | None = None,
    trust: Sequence[str] = (),
) -> Evaluation:
    """Measure a run's tagger, or any HGQ2 model file, on jets.

    Args:
        tagger: a run, a run directory, or a model file.
        data: HDF5 file of jets, or .npz file of arrays ``x``, ``y`` and names.
        split: train, validation, test or all.
        constants: JSON file of normalisation constants, for a model that no run recorded.
        backend: jax or tensorflow.
        trust: modules whose classes the model file may use; they are imported.

    Raises:
        UsageError, DataError, LoweringError: if the model does not take these jets.
    """
    source = source_of(tagger)
    keras_env.activate(backend)
    return measure(
        source.model,
        Path(data),
        split=split,
        trained_on=source.data,
        constants=optional(constants),
        trust=tuple(trust),
    )


def _there(value: Value | None, where: Path) -> Value:
    if value is None:
        raise UsageError(
            "the run did not finish", where=where, mend="train it to its end with resume=True"
        )
    return value


def source_of(tagger: Run | PathLike) -> TaggerSource:
    """Return what is lowered or measured: a run, a run directory or a model file."""
    return open_source(tagger.path if isinstance(tagger, Run) else Path(tagger))
