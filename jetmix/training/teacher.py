"""The teacher of a distillation: what it is, and whether it suits the jets of a tagger."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jetmix.data.dataset import JetDataset, opened
from jetmix.data.for_tagger import features_of
from jetmix.data.normalise import Normalisation
from jetmix.data.record import DataUsed
from jetmix.data.selection import Selection
from jetmix.errors import DataError, UsageError
from jetmix.models import keras_env
from jetmix.models.signature import Signature
from jetmix.support import console
from jetmix.support.files import file_digest
from jetmix.training.run_dir import RunDir, open_source


@dataclass(frozen=True, kw_only=True, eq=False)
class Teacher:
    """A trained tagger that takes the jets of a run.

    Attributes:
        path: the run or model, as it was given.
        sha256: SHA-256 of its model file.
        model: the Keras model.
        selection: what it is shown of each jet.
        normalisation: how that is scaled; None for constants of the training jets.
    """

    path: Path
    sha256: str
    model: Any
    selection: Selection
    normalisation: Normalisation | None


def model_file(teacher: str) -> Path:
    """Return the model file of a teacher.

    Raises:
        UsageError: if it is neither a trained run nor a file.
        LoweringError: if it is a folder in which another program saved a model.
    """
    return open_source(Path(teacher)).model


def open_teacher(path: Path, train: JetDataset) -> Teacher:
    """Open a run's tagger or a model file as the teacher of a tagger of these jets.

    Args:
        path: the run or model.
        train: the training jets as the tagger sees them.

    Raises:
        UsageError: if it has other classes, takes features that the jets do not have, or may have
            been trained on the test jets.
        LoweringError: if the model cannot be loaded.
    """
    model_path = model_file(str(path))
    used = _recorded(path)
    _require_split(used, train, path)
    model = keras_env.load_tagger(model_path, quantised_only=False)
    _require_classes(model, used, train, path)
    teacher = Teacher(
        path=path,
        sha256=file_digest(model_path),
        model=model,
        selection=_selection(model, used, train, path),
        normalisation=used.normalisation if used else None,
    )
    try:
        with opened(Path(train.source.path), teacher.selection):
            pass
    except DataError as error:
        raise UsageError(
            f"the teacher does not take these jets: {error.where} {error.what}",
            where=path,
            mend="name a teacher whose particles and features the jets have",
        ) from None
    return teacher


def require_same_input(start: Teacher, train: JetDataset) -> None:
    """Refuse a tagger to start from that is shown something else than the new one.

    Raises:
        UsageError: if it takes other particles or features, or scales them in another way.
    """
    own = replace(_own(train), targets=())
    same = start.selection == own and start.normalisation in (None, train.normalisation)
    if not same:
        raise UsageError(
            "the tagger to start from takes other particles or features, or scales them otherwise",
            where=start.path,
            mend="name a run of the same recipe with quantised = false on the same jets",
        )


def _recorded(path: Path) -> DataUsed | None:
    """Return the jets of a run, also where a model file inside it is named; None if not known."""
    place = path.resolve()
    for folder in (place, *place.parents[:3]):
        run = RunDir(folder)
        if folder == place if place.is_dir() else place.is_relative_to(run.train_folder):
            return run.data
    return None


def _require_split(used: DataUsed | None, train: JetDataset, path: Path) -> None:
    """Refuse a teacher that has seen test jets of the tagger, or may have."""
    if used is None:
        console.say(
            f"warning: {path} does not record its jets; if test jets were among those that it was "
            "trained on, the tagger's accuracy on them comes out too high"
        )
        return
    source, by = train.source, _own(train).split_by
    if used.split_digest:
        same = used.split_digest == train.split_digest
    else:
        same = (used.sha256, used.split_by) == (source.sha256, by)
    if not same:
        raise UsageError(
            "the teacher may have been trained on test jets of the tagger: its jets "
            f"({used.path}) were split in another way",
            where=path,
            mend=f"train it on {source.path} with the recipe's split",
        )


def _require_classes(model: Any, used: DataUsed | None, train: JetDataset, path: Path) -> None:
    """Refuse a teacher that does not answer with one number for each class of the tagger."""
    classes = _own(train).classes
    names = " ".join(train.class_names)
    if used is not None and (used.class_names, used.classes) != (train.class_names, classes):
        theirs = " ".join(used.class_names)
        same = "of the same name, made of other classes of the file" * (theirs == names)
        raise UsageError(
            f"the teacher's classes are {same or theirs}, the tagger's are {names}",
            where=path,
            mend="name a teacher of these classes",
        )
    shapes = [tuple(output.shape[1:]) for output in model.outputs]
    # beside the classes a tagger may answer with targets
    if shapes[0] != (len(train.class_names),) or len(shapes) > 2:
        raise UsageError(
            f"the teacher answers with the shapes {shapes}, not with {len(train.class_names)} "
            f"classes ({names})",
            where=path,
            mend="name a tagger of these classes",
        )


def _own(train: JetDataset) -> Selection:
    """Return what was read of the jets for the tagger."""
    if train.selection is None:
        raise ValueError("jets of a file have a selection")
    return train.selection


def _selection(model: Any, used: DataUsed | None, train: JetDataset, path: Path) -> Selection:
    """Return what the teacher is shown of the jets that the tagger is trained on."""
    own = _own(train)
    if used is not None:
        return replace(used.selection, targets=(), classes=own.classes, split_by=own.split_by)
    shape = Signature.of(model).input_shape
    features = features_of(None, shape)
    if features is None:
        raise UsageError(
            f"the teacher takes inputs of shape {shape} but does not record which features they "
            "are",
            where=path,
            mend="name a run, or a model with 16 or 3 particle or 16 jet features",
        )
    return Selection(
        n_particles=shape[0] if len(shape) > 1 else None,
        features=features,
        classes=own.classes,
        split_by=own.split_by,
    )
