"""The training stage of a run: the loop, the calibrated front, and the chosen tagger."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jetmix.errors import JetmixError
from jetmix.support.arrays import Floats
from jetmix.support.files import empty_folder
from jetmix.support.records import dump
from jetmix.support.stages import StageRecord, StopWatch
from jetmix.taggers.heads import start_targets
from jetmix.taggers.registry import build_tagger
from jetmix.taggers.shift import absorb_shift
from jetmix.training import devices, event_log
from jetmix.training.jets import Jets
from jetmix.training.metrics import Metrics, Truth
from jetmix.training.run_dir import TAGGER, TRAIN_STAGE, TrainFigures
from jetmix.training.seeds import seeded
from jetmix.training.start import start_from

if TYPE_CHECKING:
    from jetmix.data.dataset import JetDataset
    from jetmix.taggers.spec import TaggerSpec
    from jetmix.training.loop import Loop
    from jetmix.training.run import TrainingRun
    from jetmix.training.teacher import Teacher

SPLITS = ("train", "validation", "test")


def train_stage(
    run: "TrainingRun",
    datasets: "dict[str, JetDataset]",
    spec: "TaggerSpec",
    digest: str,
    *,
    taught: Floats | None,
    start: "Teacher | None",
) -> tuple[Metrics, TrainFigures]:
    """Train, and write all of the stage's files.

    Args:
        run: what is trained; its folder is there.
        datasets: the jets of each split.
        spec: the tagger.
        digest: of the run.
        taught: logits of a teacher on the training jets (jet, class), None without one.
        start: the twin in full precision whose weights the tagger starts from, if any.

    Returns:
        The performance of the chosen tagger on the test jets, and how the training went.

    Raises:
        TrainingError: if the training fails.
    """
    import keras

    from jetmix.training import finish
    from jetmix.training.loop import FRONT_FOLDER

    watch = StopWatch()
    recipe, folder = run.recipe, run.train_folder
    if not run.resume:
        empty_folder(folder)
    jets = {split: Jets.of(datasets[split]) for split in SPLITS}
    jets["train"] = replace(jets["train"], teacher=taught)
    truth = {split: Truth.of(datasets[split]) for split in SPLITS}
    # Keras counts layers to name them: a run must not depend on the runs before it
    keras.utils.clear_session(free_memory=False)
    with devices.all_devices():
        loop = _loop(run, jets, datasets["train"].seen, spec, digest, start=start)
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
    return metrics, figures


def _loop(
    run: "TrainingRun",
    jets: dict[str, Jets],
    seen: Callable[[Floats], Floats],
    spec: "TaggerSpec",
    digest: str,
    *,
    start: "Teacher | None",
) -> "Loop":
    """Return the training; ``seen`` gives what the network sees of jets."""
    from jetmix.training.loop import Loop

    with seeded(run.recipe.training.seed):
        model = build_tagger(spec)
    if jets["train"].targets is not None:
        start_targets(model, jets["train"].targets.mean(axis=0, dtype="float64"))
    if run.recipe.data.normalisation == "power-of-two" or run.recipe.data.scaling:
        absorb_shift(model, jets["train"].feature_means(seen))
    if start is not None:
        start_from(model, start, jets["train"].x)
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


def _log(run: "TrainingRun", line: str) -> None:
    with (run.folder / "log.txt").open("a", encoding="utf-8") as handle:
        handle.write(line + "\n")
