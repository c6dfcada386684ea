"""Runs of ``jetmix train`` on disk, and the taggers that are lowered from them.

This module and :mod:`jetmix.training.run` alone know how a run's folder is laid out.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jetmix.data.record import DataUsed, read_data
from jetmix.errors import JetmixError, ReportReadError, UsageError
from jetmix.models.other_files import refuse_folder
from jetmix.recipes.recipe import Recipe, load_recipe
from jetmix.support.files import file_digest
from jetmix.support.provenance import Provenance, read_provenance
from jetmix.support.records import MEND, load
from jetmix.support.stages import STAGE_FILE, StageRecord, read_stage
from jetmix.training.experts import Experts, read_experts
from jetmix.training.metrics import Metrics, read_metrics
from jetmix.training.pareto import Front, FrontPoint, read_front
from jetmix.training.scores import Scores, read_scores

RECIPE_FILE = "recipe.toml"
DATA_STAGE, TRAIN_STAGE = "1-data", "2-train"
TAGGER = "tagger.keras"
# the run of a twin in full precision that is trained first, inside the run
TWIN_FOLDER = "twin"


@dataclass(frozen=True, kw_only=True)
class TrainFigures:
    """How a training went, and the point of its front that became the tagger.

    ``tagger`` is the model file inside the run's folder. ``jets_per_second`` leaves out the first
    epoch, which compiles. ``n_front`` counts the points of the front.
    """

    tagger: str
    chosen: FrontPoint
    epochs: int
    training_seconds: float
    jets_per_second: float
    n_front: int


@dataclass(frozen=True)
class RunDir:
    """A run of ``jetmix train``, finished or not; its files are read when they are asked for.

    What belongs to a stage that did not finish is None, and so is a file that is absent. Reading
    a damaged file, or a stage that failed, raises :class:`ReportReadError`.
    """

    path: Path

    @classmethod
    def open(cls, path: Path) -> "RunDir":
        """Open the folder of a run.

        Raises:
            UsageError: if the folder is no run.
        """
        if not cls.is_run(path):
            raise UsageError("not a run of 'jetmix train'", where=path, mend="name a run's folder")
        return cls(path)

    @staticmethod
    def is_run(path: Path) -> bool:
        """Tell whether ``path`` is the folder of a run."""
        return any((path / sign).exists() for sign in (RECIPE_FILE, DATA_STAGE, TRAIN_STAGE))

    @property
    def data_folder(self) -> Path:
        """Folder of the data stage."""
        return self.path / DATA_STAGE

    @property
    def train_folder(self) -> Path:
        """Folder of the training stage."""
        return self.path / TRAIN_STAGE

    @cached_property
    def data_stage(self) -> StageRecord | None:
        """Record of the data stage, None if it did not finish."""
        return _finished(self.data_folder)

    @cached_property
    def train_stage(self) -> StageRecord | None:
        """Record of the training stage, None if it did not finish."""
        return _finished(self.train_folder)

    @property
    def trained(self) -> bool:
        """Whether the training finished."""
        return self.train_stage is not None

    @property
    def model(self) -> Path:
        """The tagger's model file."""
        return self.train_folder / TAGGER

    @cached_property
    def model_sha256(self) -> str | None:
        """SHA-256 of the tagger's model file, None without one."""
        return file_digest(self.model) if self.trained and self.model.exists() else None

    @cached_property
    def recipe(self) -> Recipe | None:
        """The recipe, with all values filled in."""
        path = self.path / RECIPE_FILE
        if not path.exists():
            return None
        try:
            return load_recipe(str(path))
        except JetmixError as error:
            raise ReportReadError(error.what, where=error.where or path, mend=MEND) from None

    @cached_property
    def provenance(self) -> Provenance | None:
        """Versions, seed, backend and command."""
        return read_provenance(self.path)

    @cached_property
    def data(self) -> DataUsed | None:
        """The jets that the tagger was trained on."""
        return read_data(self.data_folder) if self.data_stage else None

    @cached_property
    def metrics(self) -> Metrics | None:
        """Performance on the test jets."""
        return read_metrics(self.train_folder) if self.trained else None

    @cached_property
    def figures(self) -> TrainFigures | None:
        """Duration of the training, and the chosen point."""
        stage, where = self.train_stage, self.train_folder / STAGE_FILE
        return load(TrainFigures, stage.details, where=where) if stage else None

    @cached_property
    def scores(self) -> Scores | None:
        """Answers on the test jets, checked against the metrics."""
        return read_scores(self.train_folder, self.metrics) if self.metrics else None

    @cached_property
    def front(self) -> Front | None:
        """The Pareto front."""
        return read_front(self.train_folder) if self.trained else None

    @cached_property
    def experts(self) -> Experts | None:
        """How much each expert does on the test jets, None of a tagger without any."""
        return read_experts(self.train_folder) if self.trained else None

    def model_of(self, point: FrontPoint) -> Path:
        """Return the model file of a point of the front."""
        return self.train_folder / point.path


def _finished(folder: Path) -> StageRecord | None:
    record = read_stage(folder)
    if record is not None and record.status != "done":
        raise ReportReadError(
            f"the stage ended as '{record.status}'",
            where=folder / STAGE_FILE,
            mend="see its log and run 'jetmix train --resume' again",
        )
    return record


@dataclass(frozen=True, kw_only=True)
class TaggerSource:
    """What is lowered: a run's tagger or any HGQ2 model file; what is not recorded is None."""

    model: Path
    origin: str
    data: DataUsed | None = None
    metrics: Metrics | None = None
    recipe: Recipe | None = None


def open_source(path: Path) -> TaggerSource:
    """Return the tagger of a run directory or model file.

    Raises:
        UsageError: if there is nothing at ``path``, or a run whose training did not finish.
        LoweringError: if it is a folder in which another program saved a model.
        ReportReadError: if a file of the run is damaged.
    """
    if path.is_file():
        return TaggerSource(model=path, origin=str(path))
    refuse_folder(path)
    if not path.is_dir():
        raise UsageError("no such run or model", where=path, mend="name a run or a .keras file")
    run = RunDir(path)
    if not run.trained or not run.model.is_file():
        raise UsageError(
            "not a run with a trained tagger",
            where=path,
            mend="finish it with 'jetmix train ... --resume', or name a model file",
        )
    return TaggerSource(
        model=run.model, origin=str(path), data=run.data, metrics=run.metrics, recipe=run.recipe
    )
