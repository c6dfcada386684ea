"""The data stage of a run: which jets were read, and how."""

from pathlib import Path
from typing import TYPE_CHECKING

from jetmix.data.record import DataUsed
from jetmix.recipes.recipe import Recipe
from jetmix.support import console
from jetmix.support.files import content_digest
from jetmix.support.records import dump
from jetmix.support.stages import StageRecord, StopWatch
from jetmix.training.run_dir import DATA_STAGE

if TYPE_CHECKING:
    from jetmix.data.dataset import JetDataset


def write_data_stage(folder: Path, recipe: Recipe, datasets: "dict[str, JetDataset]") -> None:
    """Write into the folder of the stage what the jets of a run are."""
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
        n_particles=recipe.tagger.n_particles,
        pt_gate_gev=recipe.data.pt_gate_gev,
        normalisation=train_set.normalisation,
        target_names=train_set.target_names,
        target_scales=train_set.target_scales,
        classes=recipe.data.classes,
        split_by=recipe.data.split,
        hardware=recipe.data.hardware,
        derived=recipe.data.derived,
        occupied=recipe.data.occupied,
        split_digest=train_set.split_digest,
        n_effective=None if train_set.weights is None else n_effective(train_set.weights),
    )
    if used.n_effective is not None:
        console.say(
            f"weights: the {used.n_train:,} jets to train on count as {used.n_effective:,.0f}"
        )
    used.write(folder)
    StageRecord(stage=DATA_STAGE, digest=content_digest(dump(used)), seconds=watch.seconds).write(
        folder
    )
